// From the pieces of an answer to JSON, with the faults both APIs share.
#pragma once

#include <optional>
#include <string_view>

#include "cartpilot/http.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/errors.h"

namespace cartpilot::openai {

bool holds_json_object(std::string_view text);

/// Throws when stray lines of an event stream hold an error; other stray lines mean nothing.
void throw_stray_error(std::string_view text, const vendor::Service& service);

/// Parses one piece after the other. A broken event is an error only when more follows: at the end
/// it is what was left of a stream that broke off. One answer, one thread.
class PieceReader {
 public:
  /// nullopt when the piece is broken and may be the last one.
  std::optional<Json> read(const HttpEvent& event, std::string_view text,
                           const vendor::Service& service);

 private:
  std::optional<Error> broken_;
};

}  // namespace cartpilot::openai
