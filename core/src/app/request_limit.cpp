#include "app/request_limit.h"

#include <fmt/format.h>

#include "cartpilot/error.h"

namespace cartpilot::app {

void RequestLimit::send(const HttpRequest& request, HttpSink& sink, const CallContext& context) {
  if (request.method != "GET") {
    int sent = sent_.load();
    while (sent < limit_ && !sent_.compare_exchange_weak(sent, sent + 1)) {
    }
    if (sent >= limit_) {
      Error error(ErrorCode::kRateLimited,
                  fmt::format("the limit of {} model requests in this run is reached", limit_));
      error.reason = "request_limit";
      throw error;
    }
  }
  transport_.send(request, sink, context);
}

}  // namespace cartpilot::app
