// From the pieces of an answer to JSON, with the faults both APIs share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/half_characters.h"

namespace cartpilot::openai {

bool holds_json_object(std::string_view text);

/// The text of a content part whose type nobody may know: a string, a list of parts, or the member
/// "text", "refusal", "thinking", "reasoning", "content" or "summary" of an object.
std::string text_of_part(const Json& part);

/// True for parts that hold thoughts, by their type.
bool is_thought(const Json& part);

/// Parses one piece after the other. A broken event is an error only when more follows: at the end
/// it is what was left of a stream that broke off. One answer, one thread.
class PieceReader {
 public:
  explicit PieceReader(vendor::WholeCharacters& characters) : characters_(characters) {}

  /// The objects of the piece: one, those of an array, or none. What is no object (null, a word) is
  /// a sign of life. Throws the errors that stand outside of objects: after "event: error", in
  /// stray lines.
  std::vector<Json> read(const HttpEvent& event, std::string_view text,
                         const vendor::Service& service);

  /// Words that came and mean nothing to an answer; of use when it was cut.
  const std::string& words() const { return words_; }

 private:
  vendor::WholeCharacters& characters_;
  std::optional<Error> broken_;
  std::string words_;
};

}  // namespace cartpilot::openai
