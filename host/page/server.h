// PageServer: the approval page of this process, on a free port of 127.0.0.1.
//
// Reachable from its constructor to its destructor, and announced in the state database meanwhile,
// so that `cartpilot pair` finds it. One thread makes and ends it.
#pragma once

#include <memory>
#include <string>

#include "app/services.h"
#include "http/listener.h"
#include "page/endpoint.h"
#include "page/pairings.h"

namespace cartpilot::host {

class PageServer {
 public:
  /// Throws Error{kUnavailable} without a port or the state.
  explicit PageServer(app::AppServices& services);
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;

  /// "http://127.0.0.1:41234/". Holds no secret.
  const std::string& url() const { return url_; }

 private:
  const HttpListener::Socket socket_;
  const std::string url_;
  const std::unique_ptr<store::StateDb> state_;
  Pairings pairings_;
  PageEndpoint endpoint_;
  HttpListener listener_;
};

}  // namespace cartpilot::host
