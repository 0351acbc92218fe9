#include "app/offered_tools.h"

#include "app/plugin_tools.h"
#include "commerce/tools.h"

namespace cartpilot::app {

namespace {

const char* const kListOnly = "this is a list of functions; nothing can be called here";

class ListedTools final : public ToolSet {
 public:
  std::vector<ToolSpec> list() const override { return commerce::cartpilot_tool_specs(); }
  ToolOutcome call(const std::string&, const Json&, const CallContext&) override {
    return tool_error("UNAVAILABLE", kListOnly);
  }
};

class RefusingGuard final : public chat::CallGuard {
 public:
  std::optional<ToolOutcome> before_write(ToolCall&) override {
    return tool_error("UNAVAILABLE", kListOnly);
  }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override {
    return tool_error("UNAVAILABLE", kListOnly);
  }
  void begin_turn() override {}
};

}  // namespace

std::vector<ToolSpec> offered_tools(AppServices& services,
                                    const std::vector<std::string>& money_plugins,
                                    const purchase::Remedies& remedies) {
  RefusingGuard guard;
  ListedTools own;
  auto of_plugins = services.make_tool_sets();
  chat::ToolRouter router(guard);
  router.add(own, "cartpilot", true);
  for (const PluginNotice& notice :
       add_plugin_tools(of_plugins, money_plugins, remedies, nullptr, router)) {
    notice.once ? services.notice_once(notice.sentence) : services.notice(notice.sentence);
  }
  return router.specs();
}

}  // namespace cartpilot::app
