// McpAccess: the functions for agent applications, over HTTP in the process of `serve`.
//
// Each program token has an endpoint of its own, whose sessions belong to the token's person. A
// purchase is approved on the page of that person. Any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "app/services.h"
#include "app/session.h"
#include "mcp/http_endpoint.h"
#include "serve/program_tokens.h"

namespace cartpilot::host {

class McpAccess {
 public:
  using Settings = std::function<app::SessionSettings(const std::string& person)>;

  /// `settings`: of the sessions of a person, without a model. `hosts`: see mcp::EndpointOptions.
  McpAccess(app::AppServices& services, Settings settings, std::vector<std::string> hosts,
            std::string page_url);

  /// Answers a request that carries `token`, which belongs to `holder`.
  void handle(const mcp::EndpointRequest& request, const std::string& token,
              const ProgramToken& holder, mcp::EndpointReply& reply);

  /// All calls come to an end soon.
  void hurry();
  /// Ends the sessions of tokens that are not among these ids (any more).
  void keep_only(const std::set<std::string>& ids);

 private:
  app::AppServices& services_;
  const Settings settings_;
  const std::vector<std::string> hosts_;
  const std::string page_url_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<mcp::HttpEndpoint>> endpoints_;  ///< by id of the token
};

}  // namespace cartpilot::host
