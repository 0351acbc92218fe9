// PretendShop: CartPilot's functions in memory, and a model that buys with them.
//
// For whole conversations of a provider without a server. It sells headphones of two merchants and
// keeps the rules that matter to a conversation: what was not approved is not bought, and nothing
// twice. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cartpilot/testing/vendor_fake.h"
#include "cartpilot/tool.h"

namespace cartpilot::testing {

class PretendShop {
 public:
  /// The functions of a purchase, in its order.
  static const std::vector<ToolSpec>& functions();

  /// Runs one call; refuses as the program does.
  ToolOutcome run(const ToolCall& call);

  /// Order numbers of the merchants, one for each confirm that went through.
  const std::vector<std::string>& orders() const { return orders_; }

 private:
  enum class State { kOpen, kQuoted, kFrozen, kApproved, kBought };

  ToolOutcome advance(const std::string& function, const std::string& checkout);

  std::map<std::string, State> checkouts_;
  std::vector<std::string> orders_;
};

/// What the person says, a line a turn.
extern const std::vector<std::string> kPurchaseWords;

/// Searches, compares two offers at once, prepares the cheaper one, and buys it after "yes".
ModelStep buying_model(const ModelView& view);

}  // namespace cartpilot::testing
