// AnswerDelivery: one answer on its way to its sink: as server-sent events when it is an event
// stream and the caller wants one, otherwise as one whole body. An answer with status 2xx that
// begins like an event stream is one, whatever its Content-Type says.
//
// Bytes are pushed in as they arrive. An event stream without a byte gives no event; every other
// empty body is one kBody "". Refers to the request and the sink; one thread.
#pragma once

#include <string>
#include <string_view>

#include "cartpilot/http.h"
#include "net/sse_decoder.h"

namespace cartpilot::net {

class AnswerDelivery {
 public:
  AnswerDelivery(const HttpRequest& request, HttpSink& sink);

  /// Calls on_head. Throws Error{kProtocol, "http"} for an answer that is compressed.
  void head(const HttpHead& head);

  /// The next bytes of the body. Returns false when the sink wants no more. A whole body over the
  /// request's limit is Error{kProtocol, "too_large"}, but an error answer (status 300 and up) is
  /// cut there instead, so that its status and first words survive.
  bool piece(std::string_view bytes);

  /// The body ended as announced.
  void end();

 private:
  enum class Form { kUnknown, kEvents, kBody };

  bool decide();

  const HttpRequest& request_;
  HttpSink& sink_;
  SseDecoder decoder_;
  Form form_ = Form::kBody;
  bool is_error_ = false;
  bool events_by_header_ = false;
  std::string whole_;  ///< the body, or its start while its form is unknown
};

}  // namespace cartpilot::net
