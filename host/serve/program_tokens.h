// ProgramTokens: bearer tokens that people give to their programs, in the state that all people of
// a `serve` share.
//
// A token belongs to one person. It lets a program talk in conversations of that person; it can
// never answer a question. The state holds a digest of it. The StateDb is borrowed; one thread at a
// time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/state_db.h"

namespace cartpilot::host {

/// Tokens that one person may have.
constexpr std::size_t kMaxTokensOfPerson = 50;

struct ProgramToken {
  std::string id;  ///< 8 hex digits
  std::string person;
  std::string name;  ///< what it is for, as the person said
  std::int64_t created_unix_ms = 0;
  std::int64_t used_unix_ms = 0;  ///< 0 = never; to the minute
};

class ProgramTokens {
 public:
  explicit ProgramTokens(store::StateDb& db);

  struct Made {
    std::string id;
    std::string token;  ///< "cp_..."; shown once, never stored
  };
  /// Throws Error{kInvalidArgument} for a name that is no line of text, and when there are too
  /// many.
  Made make(const std::string& person, const std::string& name);
  /// Those of `person`, oldest first; of everybody when it is nullopt.
  std::vector<ProgramToken> list(const std::optional<std::string>& person);
  /// False when there is none with this id; `person` as above.
  bool revoke(const std::string& id, const std::optional<std::string>& person);
  /// Whose program sends this token, and the id of the token.
  std::optional<ProgramToken> find(std::string_view token);

 private:
  store::StateDb& db_;
};

}  // namespace cartpilot::host
