// OwnPurchases: CartPilot's functions for one of many people who share an account there.
//
// CartPilot tells whoever has the account of every order and checkout. Here a person is told of
// what their own record holds, and nothing else: orders are listed from it, and an order or
// checkout of somebody else is answered as one that does not exist. Tools are borrowed. Any thread
// may call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cartpilot/tool_set.h"
#include "purchase/journal.h"
#include "store/state_db.h"

namespace cartpilot::app {

class OwnPurchases final : public ToolSet {
 public:
  using OpenState = std::function<std::unique_ptr<store::StateDb>()>;

  /// `open_state`: the person's record, opened for each look, since several may look at once.
  /// `cartpilot`: CartPilotIdentity::text() of where `tools` shop.
  OwnPurchases(ToolSet& tools, OpenState open_state, std::string cartpilot);

  std::vector<ToolSpec> list() const override { return tools_.list(); }
  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override;

 private:
  ToolOutcome list_orders(const Json& arguments, const CallContext& context);
  /// Of this CartPilot, those with an order, newest first.
  std::vector<purchase::Attempt> ordered();
  bool owns_order(const std::string& order_id);
  bool owns_checkout(const std::string& checkout_id);

  ToolSet& tools_;
  const OpenState open_state_;
  const std::string cartpilot_;
};

}  // namespace cartpilot::app
