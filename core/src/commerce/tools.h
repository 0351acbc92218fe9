// The 11 CartPilot functions as a ToolSet.
//
// Names, parameters, types, defaults, enums and limits are CartPilot's published function set. The
// client is borrowed. Successful answers are the server's JSON unchanged; failures are
// {"error":true,"error_code","message"} and carry the field problems of a 422, the merchant's own
// code when one is nested in the message, and the request id. approve_checkout and confirm_checkout
// are declared here and refused by call(): only the purchase gate sends them.
//
// An intent that stayed without any offer because no merchant could be reached is replaced by a new
// one, once: get_intent_offers then answers for the new intent, whose id the answer carries.
// Any thread may call.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cartpilot/tool_set.h"
#include "commerce/client.h"

namespace cartpilot::commerce {

class JsonFields;

class CartPilotTools final : public ToolSet {
 public:
  explicit CartPilotTools(const CartPilotClient& client) : client_(client) {}

  std::vector<ToolSpec> list() const override;
  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override;

 private:
  Json get_intent_offers(const JsonFields& arguments, const CallContext& context);
  std::string replacement_of(const std::string& intent_id);
  /// True for the first who wants to replace this intent.
  bool claim(const std::string& intent_id);
  void release(const std::string& intent_id);
  void replace(const std::string& intent_id, const std::string& fresh);

  const CartPilotClient& client_;
  std::mutex mutex_;
  /// From intents without offers to those that replaced them; "" for those that stay.
  std::map<std::string, std::string> replacements_;
};

/// The declarations without a client.
std::vector<ToolSpec> cartpilot_tool_specs();

/// The error form for the model.
ToolOutcome tool_outcome_of(const CartPilotError& error);

}  // namespace cartpilot::commerce
