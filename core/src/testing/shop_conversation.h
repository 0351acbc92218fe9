// ShopConversation: a conversation about a purchase, held with a plugin's provider.
//
// Does what the program does between a provider and the functions: every request holds the whole
// conversation, calls run after a complete answer, results go back in the order of the calls, and
// what was shown of a cut answer stays. The provider's instance, the plugin and the pretend vendor
// outlive it. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartpilot/message.h"
#include "testing/plugin_under_test.h"
#include "testing/pretend_shop.h"

namespace cartpilot::testing {

/// An answer of the provider as the program keeps it.
struct HeldAnswer {
  Message message;
  std::optional<Error> error;  ///< no complete answer came; the message holds what was shown
};

class ShopConversation {
 public:
  /// `model` "" = the provider's default.
  ShopConversation(const Instance& provider, const std::string& model, bool stream);
  /// One that goes on with another provider, from what is said so far.
  ShopConversation(const Instance& provider, const std::string& model,
                   const ShopConversation& from);

  /// Asks, and runs what the model calls, until it answers without calls. Returns why that failed.
  /// Ends the check when calls share an id or the model goes on for more than 20 answers.
  std::optional<Error> say(const std::string& text);

  /// Everything an earlier provider wrote becomes another vendor's: no metadata, ids in other
  /// forms, thoughts that nobody signed, and an answer that was cut.
  void pretend_it_was_elsewhere();

  const std::string& last_text() const { return last_text_; }
  const std::vector<ToolCall>& calls() const { return calls_; }
  const PretendShop& shop() const { return shop_; }

  /// One answer to the conversation so far; nothing is run or kept. For that, hear() what the
  /// person says.
  HeldAnswer ask() const;
  void hear(const std::string& text) { request_.messages.push_back(Message::user(text)); }

 private:
  void run(const std::vector<ToolCall>& calls);

  const Instance& provider_;
  std::string name_;
  GenerateRequest request_;
  PretendShop shop_;
  std::vector<ToolCall> calls_;  ///< all that ran
  std::string last_text_;
};

}  // namespace cartpilot::testing
