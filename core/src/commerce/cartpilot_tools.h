// The 11 CartPilot functions as a ToolSet.
//
// Names, parameters, types, defaults, enums and limits are CartPilot's published function set. The
// client is borrowed. Successful answers are the server's JSON unchanged; failures are
// {"error":true,"error_code","message"} and carry the field problems of a 422, the merchant's own
// code when one is nested in the message, and the request id. approve_checkout and confirm_checkout
// are declared here and refused by call(): only the purchase gate sends them.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/tool_set.h"
#include "commerce/cartpilot_client.h"

namespace cartpilot::commerce {

class CartPilotTools final : public ToolSet {
 public:
  explicit CartPilotTools(const CartPilotClient& client) : client_(client) {}

  std::vector<ToolSpec> list() const override;
  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override;

 private:
  const CartPilotClient& client_;
};

/// The declarations without a client.
std::vector<ToolSpec> cartpilot_tool_specs();

/// The error form for the model.
ToolOutcome tool_outcome_of(const CartPilotError& error);

}  // namespace cartpilot::commerce
