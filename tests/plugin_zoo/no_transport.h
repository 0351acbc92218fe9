// A transport that answers nothing, for plugins that must not get as far as asking.
#pragma once

#include "cartpilot/http.h"

namespace cartpilot::plugin_zoo {

class NoTransport final : public HttpTransport {
 public:
  void send(const HttpRequest&, HttpSink&, const CallContext&) override {}
};

}  // namespace cartpilot::plugin_zoo
