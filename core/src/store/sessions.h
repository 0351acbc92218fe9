// SessionStore: conversations on disk, message by message, in the state database.
//
// A message is given to the store as soon as it is final and is on disk when append() returns, so a
// killed program loses at most the answer in flight, and so does a power cut. Opaque provider
// metadata is kept byte for byte. The StateDb is borrowed; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/message.h"
#include "store/state_db.h"

namespace cartpilot::store {

struct SessionSummary {
  std::string id;
  std::string provider;
  std::string model;
  std::string title;  ///< that of rename(), else of the first user text; at most 80 bytes
  std::int64_t message_count = 0;
  std::int64_t created_unix_ms = 0;
  std::int64_t updated_unix_ms = 0;
  std::string cartpilot;  ///< CartPilotIdentity::text() of where it shops; "" = unknown
};

class SessionStore {
 public:
  explicit SessionStore(StateDb& db);

  /// Makes the session if it is new; remembers who answers in it now.
  void open(const std::string& session, const std::string& provider, const std::string& model);
  /// Makes the session if it is new; says where it shops, unless that is known already.
  void bind(const std::string& session, const std::string& cartpilot);
  /// The message is on disk when this returns. Throws Error{kNotFound} when there is no such
  /// session (any more), and as StateDb::require_lease().
  void append(const std::string& session, const Message& message);

  std::optional<SessionSummary> find(const std::string& session) const;
  /// The id that is `beginning`, else the only one that begins with it; "" when there is none.
  /// Throws Error{kInvalidArgument} when there are several.
  std::string resolve(const std::string& beginning) const;
  std::vector<Message> load(const std::string& session) const;
  /// Newest first; sessions without a message are left out.
  std::vector<SessionSummary> list() const;
  /// Makes the session `to`, of the same provider, model and CartPilot, with the first `turns`
  /// turns of `from`, all when there are fewer. Nothing else that belongs to `from` belongs to it:
  /// no checkout, question or purchase. Returns how many turns it has. Throws Error{kNotFound}.
  int fork(const std::string& from, const std::string& to, int turns);

  /// False when there is no such session.
  bool rename(const std::string& session, const std::string& title);
  /// True when there was such a session.
  bool remove(const std::string& session);

 private:
  StateDb& db_;
};

/// A new session id: 16 lower-case hex digits.
std::string new_session_id();

}  // namespace cartpilot::store
