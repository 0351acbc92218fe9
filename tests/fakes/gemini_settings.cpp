#include <algorithm>
#include <set>
#include <string_view>

#include "fakes/gemini_rules.h"

// toolConfig, generationConfig, systemInstruction and safetySettings: what may be said, and to
// which model.

namespace cartpilot::fakes::gemini_rules {
namespace {

bool is_integer_in(const Json& value, std::int64_t least, std::int64_t most) {
  return value.is_number_integer() && value.get<std::int64_t>() >= least &&
         value.get<std::int64_t>() <= most;
}

/// How a model thinks: by level, by budget, or both. -1 as a budget always means "dynamic".
struct Thinking {
  std::string_view model;
  std::set<std::string> levels;
  std::int64_t least;
  std::int64_t most;
  bool zero;
};

const Thinking& thinking_of(const std::string& model) {
  static const std::vector<Thinking> rows = {
      {"gemini-2.5-flash-lite", {}, 512, 24576, true},
      {"gemini-2.5-flash", {}, 0, 24576, true},
      {"gemini-2.5-pro", {}, 128, 32768, false},
      {"gemini-4-hydrogen", {"LOW", "MEDIUM", "HIGH", "XHIGH"}, -1, -1, false},
      {"gemini-4", {"LOW", "MEDIUM", "HIGH"}, -1, -1, false},
      {"gemini-3.6-flash", {"MINIMAL", "LOW", "MEDIUM", "HIGH"}, 0, 65536, true},
      {"", {"LOW", "MEDIUM", "HIGH"}, 0, 65536, true}};
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const Thinking& row) { return model.rfind(row.model, 0) == 0; });
}

void check_thinking(const Json& thinking, const std::string& model) {
  if (thinking.contains("thinkingLevel") && thinking.contains("thinkingBudget")) {
    refuse_argument("Q38", "You can only set only one of thinking budget and thinking level.");
  }
  const Thinking& row = thinking_of(model);
  if (thinking.contains("thinkingLevel")) {
    const std::string level = string_or(thinking, "thinkingLevel");
    if (row.levels.empty()) {
      refuse_argument("Q38", "Thinking level is not supported for this model.");
    }
    if (row.levels.count(level) == 0) {
      refuse_argument("Q38", "Thinking level " + level + " is not supported for this model.");
    }
  }
  if (!thinking.contains("thinkingBudget") || thinking["thinkingBudget"] == -1) return;
  const Json& budget = thinking["thinkingBudget"];
  if (budget == 0 && !row.zero) {
    refuse_argument("Q38", "Budget 0 is invalid. This model only works in thinking mode.");
  }
  if (budget != 0 && !is_integer_in(budget, row.least, row.most)) {
    refuse_argument("Q38", "The thinking budget (" + budget.dump() + ") is invalid.");
  }
}

void check_calling(const Json& body) {
  if (!body.contains("toolConfig")) return;
  const std::vector<std::string> functions = declared_functions(body);
  const Json config = body["toolConfig"].value("functionCallingConfig", Json::object());
  if (config.empty()) refuse_argument("Q36", "tool_config is empty");
  if (functions.empty()) {
    refuse_argument("Q36", "Function calling config is set without function_declarations.");
  }
  const std::string mode = string_or(config, "mode");
  if (mode != "AUTO" && mode != "ANY" && mode != "NONE" && mode != "VALIDATED") {
    refuse_argument("Q35", "Invalid value at 'tool_config.function_calling_config.mode'");
  }
  if (!config.contains("allowedFunctionNames")) return;
  if (mode != "ANY" && mode != "VALIDATED") {
    refuse_argument("Q35", "allowed_function_names needs function calling mode ANY");
  }
  for (const Json& name : config["allowedFunctionNames"]) {
    if (std::find(functions.begin(), functions.end(), name) == functions.end()) {
      refuse_argument("Q35", "allowed_function_names holds an undeclared function");
    }
  }
}

void check_generation(const Json& config, bool sampling_expected, Violations& violations) {
  if (config.contains("maxOutputTokens") &&
      !is_integer_in(config["maxOutputTokens"], 1, 2147483647)) {
    refuse_argument("Q39", "max_output_tokens must be positive");
  }
  if (config.contains("temperature")) {
    const Json& temperature = config["temperature"];
    if (!temperature.is_number() || temperature < 0 || temperature > 2) {
      refuse_argument("Q39", "temperature must be in the range [0, 2]");
    }
  }
  if (list_at(config, "stopSequences", "generation_config.").size() > 5) {
    refuse_argument("Q39", "at most 5 stop_sequences can be specified");
  }
  for (const char* key : {"temperature", "topP", "topK", "presencePenalty", "frequencyPenalty"}) {
    if (config.contains(key) && !sampling_expected) {
      violations.push_back(std::string("Q39 nobody asked for ") + key);
    }
  }
}

}  // namespace

void check_settings(const Json& body, const std::string& model, bool sampling_expected,
                    Violations& violations) {
  check_calling(body);
  const Json config = body.value("generationConfig", Json::object());
  check_thinking(config.value("thinkingConfig", Json::object()), model);
  check_generation(config, sampling_expected, violations);
  if (body.contains("systemInstruction")) {
    const Json& system = body["systemInstruction"];
    if (!system.is_object() || !system.contains("parts") || !system["parts"].is_array()) {
      refuse_argument("Q40", "Invalid value at 'system_instruction'");
    }
    for (const Json& part : system["parts"]) {
      if (!part.is_object() || !part.contains("text") || part.size() != 1) {
        refuse_argument("Q40", "system_instruction takes text only");
      }
    }
  }
  std::set<std::string> categories;
  for (const Json& setting : list_at(body, "safetySettings", "")) {
    static const std::set<std::string> known_categories = {
        "HARM_CATEGORY_HARASSMENT",        "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_DANGEROUS_CONTENT",
        "HARM_CATEGORY_CIVIC_INTEGRITY",   "HARM_CATEGORY_JAILBREAK"};
    static const std::set<std::string> known_thresholds = {
        "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"};
    if (known_categories.count(string_or(setting, "category")) == 0 ||
        known_thresholds.count(string_or(setting, "threshold")) == 0 ||
        !categories.insert(string_or(setting, "category")).second) {
      refuse_argument("Q48", "Invalid value at 'safety_settings'");
    }
  }
}

}  // namespace cartpilot::fakes::gemini_rules
