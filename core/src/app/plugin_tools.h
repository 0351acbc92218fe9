// Functions of plugins, merged with CartPilot's own into one list for the model.
//
// A name belongs to one function: CartPilot's are reserved, and two plugins that want the
// same name both get "<plugin>__<name>". A function that spends money is left out, and the others
// of its set stay, unless the person allowed that plugin; then every single call asks. Where nobody
// waits for the answer, the call is answered with APPROVAL_PENDING, and the same call, made again
// within five minutes of the yes, is carried out once. Nothing here stops a conversation: what is
// left out is said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/tool_set.h"
#include "chat/call_guard.h"
#include "chat/tool_router.h"
#include "plugin/host/plugins.h"
#include "purchase/approver.h"
#include "purchase/policy.h"

namespace cartpilot::app {

/// Sends money calls of admitted plugin functions to a person, everything else to the purchase
/// gate.
class PluginMoneyGuard final : public chat::CallGuard {
 public:
  /// All are borrowed. Unless the policy is to ask, every plugin's money call is refused.
  PluginMoneyGuard(chat::CallGuard& gate, purchase::Questions& questions,
                   purchase::Approver& approver, std::string session_id,
                   const purchase::PurchasePolicy& policy);

  /// `tools` is borrowed.
  void admit(const std::string& function, const std::string& plugin, ToolSet& tools);

  std::optional<ToolOutcome> before_write(ToolCall& call) override;
  void after_write(const ToolCall& call, const ToolOutcome& outcome) override;
  ToolOutcome run_money(const ToolCall& call, const CallContext& context) override;
  void begin_turn() override;

 private:
  struct Admitted {
    std::string plugin;
    ToolSet* tools;
  };
  purchase::ApprovalQuestion question_about(const ToolCall& call, const std::string& plugin) const;
  ToolOutcome ask_and_run(const ToolCall& call, const Admitted& admitted,
                          const CallContext& context);
  ToolOutcome run_when_answered(const ToolCall& call, const Admitted& admitted,
                                const CallContext& context);
  ToolOutcome run_approved(const ToolCall& call, const Admitted& admitted,
                           const CallContext& context) const;
  std::int64_t lifetime_ms() const;

  chat::CallGuard& gate_;
  purchase::Questions& questions_;
  purchase::Approver& approver_;
  const std::string session_id_;
  const purchase::PurchasePolicy& policy_;
  std::map<std::string, Admitted> admitted_;
  // Of questions that nobody waits for, by function and arguments.
  std::map<std::string, std::string> pending_;             ///< the question's id
  std::map<std::string, std::int64_t> declined_until_ms_;  ///< after a no
};

/// A sentence for the person. What is so at every start, and meant to be, is told once.
struct PluginNotice {
  std::string sentence;
  bool once = false;
};

/// Adds what can be added to `router`; returns what a person should know (CP-P31 to CP-P33). The
/// sets stay where they are, some behind new names or without some functions. `guard` may be null
/// when nothing will be called.
std::vector<PluginNotice> add_plugin_tools(std::vector<plugin::PluginHost::NamedToolSet>& sets,
                                           const std::vector<std::string>& money_plugins,
                                           const purchase::Remedies& remedies,
                                           PluginMoneyGuard* guard, chat::ToolRouter& router);

}  // namespace cartpilot::app
