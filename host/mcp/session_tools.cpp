#include "mcp/session_tools.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/tool_list.h"

namespace cartpilot::host {

mcp::ServerIdentity server_identity() {
  return {"cartpilot", "CartPilot", CARTPILOT_VERSION, std::string(mcp_instructions())};
}

SessionTools::SessionTools(app::AppServices& services, app::SessionSettings settings,
                           const std::string& page_url)
    : approver_(page_url),
      session_(services, std::move(settings), {lines_, approver_}),
      lane_(session_, lines_, board_) {
  ToolList list = describe_tools(session_.tools());
  for (const std::string& notice : list.notices) services.notice(notice);
  service_ =
      std::make_unique<ShopService>(session_, lane_, board_, std::move(list.tools), page_url);
}

}  // namespace cartpilot::host
