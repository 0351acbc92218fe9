// ShopService: CartPilot's functions, and those of plugins, as the tools of an MCP server.
//
// Looking runs on the thread of the call, everything else on the purchase lane. A call that needs a
// person waits for them 30 s at most and then says that the answer is pending. Results are in the
// forms that clients are known to pass on whole: text that says everything; the same object as
// structured content beside it, except on purchases and failures. Borrows all. Any thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "app/session.h"
#include "mcp/approval_board.h"
#include "mcp/purchase_lane.h"
#include "mcp/tool_service.h"

namespace cartpilot::host {

class ShopService final : public mcp::ToolService {
 public:
  ShopService(app::ShoppingSession& session, PurchaseLane& lane, ApprovalBoard& board,
              std::vector<mcp::ToolDescription> tools, std::string page_url);

  const std::vector<mcp::ToolDescription>& tools() const override { return tools_; }
  mcp::CallResult call(const std::string& name, const Json& arguments,
                       mcp::CallScope& scope) override;

 private:
  PurchaseLane::Reply buy(const ToolCall& call, mcp::CallScope& scope);
  ToolOutcome approval_status(const Json& arguments, mcp::CallScope& scope) const;

  app::ShoppingSession& session_;
  PurchaseLane& lane_;
  ApprovalBoard& board_;
  const std::vector<mcp::ToolDescription> tools_;
  const std::string page_url_;
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace cartpilot::host
