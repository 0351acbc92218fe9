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

void McpAccess::keep_only(const std::set<std::string>& ids) {
  std::vector<std::shared_ptr<mcp::HttpEndpoint>> over;
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = endpoints_.begin(); entry != endpoints_.end();) {
      if (ids.contains(entry->first)) {
        ++entry;
        continue;
      }
      entry->second->hurry();
      over.push_back(std::move(entry->second));
      entry = endpoints_.erase(entry);
    }
  }
}

void McpAccess::hurry() {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : endpoints_) entry.second->hurry();
}

}  // namespace cartpilot::host
