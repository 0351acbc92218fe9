#include "gemini/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cartpilot/vendor/options.h"

namespace cartpilot::gemini {
namespace {

const std::vector<std::string> kCategories = {"HARASSMENT",        "HATE_SPEECH",
                                              "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT",
                                              "CIVIC_INTEGRITY",   "JAILBREAK"};
constexpr std::size_t kDefaultCategories = 4;  ///< the first of them

const std::vector<std::string> kThresholds = {"BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE",
                                              "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"};

/// The one of `list` that `text` means, whatever its case; "" = none.
std::string listed(const std::vector<std::string>& list, std::string_view text) {
  for (const std::string& entry : list) {
    if (vendor::lower(entry) == vendor::lower(vendor::trim(text))) return entry;
  }
  return "";
}

/// "BLOCK_NONE" for the four usual categories, or "HARASSMENT:OFF,HATE_SPEECH:BLOCK_NONE".
Json read_safety(vendor::OptionReader& read) {
  Json settings = Json::array();
  const auto given = read.list("safety");
  if (!given) return settings;
  const auto refuse = [&read] {
    read.refuse("safety", fmt::format("a threshold for all categories, or CATEGORY:THRESHOLD,... "
                                      "with each category once; categories: {}; thresholds: {}",
                                      fmt::join(kCategories, ", "), fmt::join(kThresholds, ", ")));
  };
  const auto add = [&](const std::string& category, const std::string& threshold) {
    settings.push_back({{"category", "HARM_CATEGORY_" + category}, {"threshold", threshold}});
  };
  if (const std::string all = listed(kThresholds, (*given)[0]);
      given->size() == 1 && !all.empty()) {
    for (std::size_t i = 0; i < kDefaultCategories; ++i) add(kCategories[i], all);
    return settings;
  }
  std::set<std::string> seen;
  for (const std::string& piece : *given) {
    const std::size_t colon = std::min(piece.find(':'), piece.size());
    std::string name = vendor::lower(piece.substr(0, colon));
    constexpr std::string_view kLongForm = "harm_category_";
    if (vendor::starts_with(name, kLongForm)) name.erase(0, kLongForm.size());
    const std::string category = listed(kCategories, name);
    const std::string threshold =
        listed(kThresholds, std::string_view(piece).substr(std::min(colon + 1, piece.size())));
    if (category.empty() || threshold.empty() || !seen.insert(category).second) refuse();
    add(category, threshold);
  }
  return settings;
}

ToolMode read_tool_mode(vendor::OptionReader& read) {
  const std::string mode =
      read.choice("tool-mode", {"AUTO", "ANY", "NONE", "VALIDATED"}).value_or("AUTO");
  if (mode == "ANY") return ToolMode::kAny;
  if (mode == "NONE") return ToolMode::kNone;
  return mode == "VALIDATED" ? ToolMode::kValidated : ToolMode::kAuto;
}

}  // namespace

Options parse_options(const std::map<std::string, std::string>& given) {
  vendor::OptionReader read("gemini", given);
  Options options;
  options.thinking_level = read.choice("thinking", {"MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"});
  options.thinking_budget = read.integer("thinking-budget", -1);  // -1 is "dynamic"
  options.include_thoughts = read.flag("include-thoughts").value_or(false);
  options.temperature = read.number("temperature", 0, 2);
  options.max_output_tokens = read.integer("max-output-tokens", 1);
  options.tool_mode = read_tool_mode(read);
  options.allowed_functions = read.list("allowed-functions").value_or(std::vector<std::string>{});
  options.safety_settings = read_safety(read);
  options.store = read.flag("store");
  if (read.choice("schema", {"json", "parameters"}) == "parameters") {
    options.schema = SchemaForm::kParameters;
  }
  read.finish();
  if (options.thinking_level && options.thinking_budget) {
    throw Error(ErrorCode::kInvalidArgument,
                "gemini options thinking and thinking-budget exclude each other; give one");
  }
  if (!options.allowed_functions.empty() && options.tool_mode != ToolMode::kAny &&
      options.tool_mode != ToolMode::kValidated) {
    throw Error(ErrorCode::kInvalidArgument,
                "gemini option allowed-functions needs tool-mode=ANY or tool-mode=VALIDATED");
  }
  return options;
}

}  // namespace cartpilot::gemini
