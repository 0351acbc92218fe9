#include "serve/mcp_access.h"

#include <utility>

#include "mcp/session_tools.h"
#include "mcp/tool_list.h"

namespace cartpilot::host {

McpAccess::McpAccess(app::AppServices& services, Settings settings, std::vector<std::string> hosts,
                     std::string page_url)
    : services_(services),
      settings_(std::move(settings)),
      hosts_(std::move(hosts)),
      page_url_(std::move(page_url)) {}

void McpAccess::handle(const mcp::EndpointRequest& request, const std::string& token,
                       const ProgramToken& holder, mcp::EndpointReply& reply) {
  std::shared_ptr<mcp::HttpEndpoint> endpoint;
  {
    const std::lock_guard lock(mutex_);
    auto& known = endpoints_[holder.id];
    if (!known) {
      mcp::EndpointOptions options;
      options.hosts = hosts_;
      options.token = token;
      known = std::make_shared<mcp::HttpEndpoint>(
          server_identity(),
          [this, person = holder.person] {
            return std::make_shared<SessionTools>(services_, settings_(person), page_url_);
          },
          options);
    }
    endpoint = known;
  }
  endpoint->handle(request, reply);
}

void McpAccess::hurry() {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : endpoints_) entry.second->hurry();
}

}  // namespace cartpilot::host
