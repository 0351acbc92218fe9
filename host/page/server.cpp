#include "page/server.h"

#include "cartpilot/error.h"

namespace cartpilot::host {

PageServer::PageServer(app::AppServices& services)
    : socket_("127.0.0.1:0"),
      url_("http://" + socket_.host_and_port() + "/"),
      state_(services.open_state()),
      pairings_(*state_),
      endpoint_(services.open_state(), socket_.host_and_port()),
      listener_(socket_, [this](const mcp::EndpointRequest& request, mcp::EndpointReply& reply) {
        endpoint_.handle(request, reply);
      }) {
  pairings_.announce(url_);
}

PageServer::~PageServer() {
  listener_.stop();
  try {
    pairings_.withdraw(url_);
  } catch (const Error&) {  // NOLINT: whoever reads the row sees that this program is gone
  }
}

}  // namespace cartpilot::host
