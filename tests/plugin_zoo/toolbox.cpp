// A good tool set made with the macro.
#include <string>
#include <vector>

#include "cartpilot/plugin.h"

namespace {

using namespace cartpilot;

class Toolbox final : public ToolSet {
 public:
  explicit Toolbox(const ProviderConfig& config) : unit_(config.env("TOOLBOX_UNIT")) {
    if (unit_ == "broken") throw Error(ErrorCode::kInvalidArgument, "TOOLBOX_UNIT is broken");
    host_log(LogLevel::kInfo, "the toolbox is open");
  }

  std::vector<ToolSpec> list() const override {
    return {{"measure", "Length of a text",
             Json::parse(R"({"type":"object","properties":{"text":{"type":"string"}}})"),
             EffectClass::kRead},
            {"pay", "Spends", Json{{"type", "object"}}, EffectClass::kMoney}};
  }

  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override {
    if (context.cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
    if (name != "measure") return tool_error("unknown_tool", "there is no tool " + name);
    return {true, {{"length", string_or(arguments, "text").size()}, {"unit", unit_}}};
  }

 private:
  const std::string unit_;
};

}  // namespace

#ifndef TOOLBOX_ID
#define TOOLBOX_ID "toolbox"
#endif

CARTPILOT_TOOLSET_PLUGIN(Toolbox, TOOLBOX_ID, "0.3.0", R"(["TOOLBOX_UNIT"])")
