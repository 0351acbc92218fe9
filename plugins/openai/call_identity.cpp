#include "openai/call_identity.h"

#include "cartpilot/vendor/text.h"

namespace cartpilot::openai {

std::string wire_function_name(const std::string& name) {
  std::string result = name.substr(0, kMaxFunctionName);
  for (char& c : result) {
    if (!vendor::is_word_char(c) && c != '-') c = '_';
  }
  return result.empty() ? "unnamed_function" : result;
}

const ToolSpec* find_tool(const std::vector<ToolSpec>& tools, std::string_view name) {
  const auto exact = [&tools](std::string_view wanted) -> const ToolSpec* {
    for (const ToolSpec& tool : tools) {
      if (tool.name == wanted) return &tool;
    }
    return nullptr;
  };
  if (const ToolSpec* found = exact(name)) return found;
  constexpr std::string_view kPrefix = "functions.";
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  return exact(name.substr(0, name.find("<|")));
}

}  // namespace cartpilot::openai
