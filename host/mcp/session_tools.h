// SessionTools: a shopping session of its own and its functions as the tools of a server.
//
// Bundles what belongs to one client: the session, the lane its purchases run on, what is known
// about its approvals. The services are borrowed. Any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/services.h"
#include "app/session.h"
#include "mcp/approval_board.h"
#include "mcp/dispatcher.h"
#include "mcp/pending_approver.h"
#include "mcp/purchase_lane.h"
#include "mcp/purchase_lines.h"
#include "mcp/shop_service.h"
#include "mcp/tool_service.h"

namespace cartpilot::host {

/// How this program names itself to clients.
mcp::ServerIdentity server_identity();

class SessionTools final : public mcp::ToolService {
 public:
  /// Throws Error when the session cannot be opened.
  /// `page_url`: where this process shows its approval page; "" = nowhere.
  SessionTools(app::AppServices& services, app::SessionSettings settings,
               const std::string& page_url);

  const std::vector<mcp::ToolDescription>& tools() const override { return service_->tools(); }
  mcp::CallResult call(const std::string& name, const Json& arguments,
                       mcp::CallScope& scope) override {
    return service_->call(name, arguments, scope);
  }

 private:
  PurchaseLines lines_;
  PendingApprover approver_;
  app::ShoppingSession session_;
  ApprovalBoard board_;
  PurchaseLane lane_;
  std::unique_ptr<ShopService> service_;
};

}  // namespace cartpilot::host
