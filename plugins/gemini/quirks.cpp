#include "gemini/quirks.h"

namespace cartpilot::gemini {

std::vector<vendor::Quirk> known_quirks() {
  const auto left_out = [](const char* what) {
    return std::string("does not accept ") + what + "; left out";
  };
  return {
      {"/generationConfig/thinkingConfig",
       {"thinking", "thinkingConfig", "thinkingLevel", "thinkingBudget", "includeThoughts"},
       "",
       "",
       left_out("the thinking options")},
      {"/generationConfig/temperature", {}, "", "", left_out("temperature")},
      {"/generationConfig/maxOutputTokens", {}, "", "", left_out("max-output-tokens")},
      {"/safetySettings",
       {"safetySettings", "HarmCategory"},
       "",
       "",
       left_out("the safety settings")},
      {"/store", {}},
      {"/tools",
       {"parametersJsonSchema"},
       "",
       "older_schema",
       "does not accept JSON Schema declarations; the older form is sent instead"},
      {"/toolConfig",
       {"too many states", "functionCallingConfig", "allowedFunctionNames", "toolConfig"},
       "",
       "",
       left_out("this tool-mode")},
  };
}

}  // namespace cartpilot::gemini
