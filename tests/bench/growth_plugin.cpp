// A small tool set; the growth measurement copies its file under many names, each with its id
// changed.
#include "cartpilot/plugin.h"

namespace {

class Tool final : public cartpilot::ToolSet {
 public:
  explicit Tool(const cartpilot::ProviderConfig&) {}
  std::vector<cartpilot::ToolSpec> list() const override {
    return {{"bench000", "Does nothing.", {{"type", "object"}}, cartpilot::EffectClass::kRead}};
  }
  cartpilot::ToolOutcome call(const std::string&, const cartpilot::Json&,
                              const cartpilot::CallContext&) override {
    return {};
  }
};

}  // namespace

CARTPILOT_TOOLSET_PLUGIN(Tool, "bench000", "1.0.0", R"([])")
