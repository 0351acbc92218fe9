// Pieces of an answer: from events and bodies to JSON, with the faults that all services share.
//
// A broken event is an error only when more follows: at the end it is what was left of a stream
// that broke off. One answer, one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/errors.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Throws when stray lines of an event stream hold an error; other stray lines mean nothing.
inline void throw_stray_error(std::string_view text, const Service& service,
                              ErrorOverride override = nullptr) {
  std::optional<ErrorBody> error;
  try {
    error = find_error(parse_json(text));
  } catch (const Error&) {
    return;
  }
  if (error) throw error_inside_answer(*error, service, override);
}

class PieceReader {
 public:
  /// nullopt when the piece is broken and may be the last one. Throws Error{kProtocol} for a web
  /// page, a broken body, and for whatever follows a broken event.
  std::optional<Json> read(const HttpEvent& event, const Service& service,
                           const JsonRules& rules = {}) {
    if (broken_) throw *broken_;
    const bool body = event.kind == HttpEvent::Kind::kBody;
    const std::string_view text = trim(event.data);
    const std::string advice = "; check " + service.url_variable;
    if (body && starts_with(text, "<")) {
      throw make_error(ErrorCode::kProtocol, "web_page",
                       service.base + " answers with a web page instead of JSON" + advice);
    }
    try {
      return parse_json(text, "the answer of " + service.title, rules);
    } catch (const Error& error) {
      broken_ = error.with_message(error.what() + advice);
      if (body) throw *broken_;
      return std::nullopt;
    }
  }

  /// The last piece was broken.
  bool broken() const { return broken_.has_value(); }

 private:
  std::optional<Error> broken_;
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
