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
#include "cartpilot/vendor/half_characters.h"
#include "cartpilot/vendor/stream_errors.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

class PieceReader {
 public:
  /// `characters` joins what was cut inside a character; it outlives the reader.
  explicit PieceReader(WholeCharacters& characters) : characters_(characters) {}

  /// nullopt when the piece says nothing, or is broken and may be the last one. Throws the error of
  /// stray lines, and Error{kProtocol} for a web page, a broken body, and for whatever follows a
  /// broken event.
  std::optional<Json> read(const HttpEvent& event, const Service& service,
                           ErrorOverride override = nullptr) {
    if (broken_) throw *broken_;
    const bool body = event.kind == HttpEvent::Kind::kBody;
    const std::string_view text = without_end_mark(event.data);
    if (text.empty()) return std::nullopt;
    if (event.kind == HttpEvent::Kind::kStray) {
      throw_stray_error(text, service, override);
      return whole_object(text, service);
    }
    const std::string advice = "; check " + service.url_variable;
    if (body && starts_with(text, "<")) {
      throw make_error(ErrorCode::kProtocol, "web_page",
                       service.base + " answers with a web page instead of JSON" + advice);
    }
    try {
      return characters_.parse(text, "the answer of " + service.title);
    } catch (const Error& error) {
      broken_ = error.with_message(error.what() + advice);
      if (body) throw *broken_;
      return std::nullopt;
    }
  }

 private:
  /// A whole answer under the name of an event stream; other stray lines mean nothing.
  std::optional<Json> whole_object(std::string_view text, const Service& service) {
    if (!starts_with(text, "{")) return std::nullopt;
    try {
      return characters_.parse(text, "the answer of " + service.title);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  WholeCharacters& characters_;
  std::optional<Error> broken_;
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
