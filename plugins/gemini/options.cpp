#include "gemini/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

#include "cartpilot/error.h"
#include "gemini/text.h"

namespace cartpilot::gemini {
namespace {

constexpr std::array<std::string_view, 10> kKnown = {
    "allowed-functions", "include-thoughts", "max-output-tokens", "safety",   "schema", "store",
    "temperature",       "thinking",         "thinking-budget",   "tool-mode"};

constexpr std::array<std::string_view, 5> kLevels = {"MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"};

constexpr std::array<std::string_view, 6> kCategories = {"HARASSMENT",        "HATE_SPEECH",
                                                         "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT",
                                                         "CIVIC_INTEGRITY",   "JAILBREAK"};

constexpr std::array<std::string_view, 4> kDefaultCategories = {
    "HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT"};

constexpr std::array<std::string_view, 5> kThresholds = {
    "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"};

template <typename List>
bool is_listed(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

[[noreturn]] void refuse_option(std::string_view option, std::string_view value,
                                std::string_view expected) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("gemini option {}={}: expected {}", option,
                                                       one_line(value, 80), expected));
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool parse_switch(std::string_view option, std::string_view text) {
  if (text == "true" || text == "on" || text == "yes" || text == "1") return true;
  if (text == "false" || text == "off" || text == "no" || text == "0") return false;
  refuse_option(option, text, "true or false");
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  while (true) {
    const std::size_t end = text.find(separator);
    std::string piece = trimmed(text.substr(0, end));
    if (!piece.empty()) pieces.push_back(std::move(piece));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

/// "BLOCK_NONE" for the four usual categories, or "HARASSMENT:OFF,HATE_SPEECH:BLOCK_NONE".
Json parse_safety(const std::string& text) {
  static const std::string expected = fmt::format(
      "a threshold for all categories or CATEGORY:THRESHOLD,...; categories: {}; thresholds: {}",
      fmt::join(kCategories, ", "), fmt::join(kThresholds, ", "));
  Json settings = Json::array();
  const auto add = [&](std::string_view category, std::string_view threshold) {
    settings.push_back({{"category", fmt::format("HARM_CATEGORY_{}", category)},
                        {"threshold", std::string(threshold)}});
  };
  if (is_listed(kThresholds, upper_case(trimmed(text)))) {
    for (const std::string_view category : kDefaultCategories) {
      add(category, upper_case(trimmed(text)));
    }
    return settings;
  }
  std::set<std::string> seen;
  for (const std::string& piece : split(text, ',')) {
    const std::size_t colon = piece.find(':');
    if (colon == std::string::npos) refuse_option("safety", text, expected);
    std::string category = upper_case(trimmed(piece.substr(0, colon)));
    const std::string threshold = upper_case(trimmed(piece.substr(colon + 1)));
    constexpr std::string_view kLongForm = "HARM_CATEGORY_";
    if (category.rfind(kLongForm, 0) == 0) category.erase(0, kLongForm.size());
    if (!is_listed(kCategories, category) || !is_listed(kThresholds, threshold)) {
      refuse_option("safety", text, expected);
    }
    if (!seen.insert(category).second) refuse_option("safety", text, "each category at most once");
    add(category, threshold);
  }
  if (settings.empty()) refuse_option("safety", text, expected);
  return settings;
}

void apply(Options& options, const std::string& name, const std::string& value) {
  if (name == "thinking") {
    const std::string level = upper_case(value);
    if (!is_listed(kLevels, level))
      refuse_option(name, value, "minimal, low, medium, high or xhigh");
    options.thinking_level = level;
  } else if (name == "thinking-budget") {
    options.thinking_budget = parse_number<std::int64_t>(value);
    if (!options.thinking_budget || *options.thinking_budget < -1) {
      refuse_option(name, value, "a number of tokens, 0, or -1 for dynamic");
    }
  } else if (name == "include-thoughts") {
    options.include_thoughts = parse_switch(name, value);
  } else if (name == "temperature") {
    options.temperature = parse_number<double>(value);
    if (!options.temperature || !(*options.temperature >= 0 && *options.temperature <= 2)) {
      refuse_option(name, value, "a number from 0 to 2");
    }
  } else if (name == "max-output-tokens") {
    options.max_output_tokens = parse_number<std::int64_t>(value);
    if (!options.max_output_tokens || *options.max_output_tokens < 1 ||
        *options.max_output_tokens > 2147483647) {
      refuse_option(name, value, "a whole number of tokens, at least 1");
    }
  } else if (name == "tool-mode") {
    const std::string mode = upper_case(value);
    if (mode == "AUTO") {
      options.tool_mode = ToolMode::kAuto;
    } else if (mode == "ANY") {
      options.tool_mode = ToolMode::kAny;
    } else if (mode == "NONE") {
      options.tool_mode = ToolMode::kNone;
    } else if (mode == "VALIDATED") {
      options.tool_mode = ToolMode::kValidated;
    } else {
      refuse_option(name, value, "AUTO, ANY, NONE or VALIDATED");
    }
  } else if (name == "allowed-functions") {
    options.allowed_functions = split(value, ',');
    if (options.allowed_functions.empty()) refuse_option(name, value, "function names with commas");
  } else if (name == "safety") {
    options.safety_settings = parse_safety(value);
  } else if (name == "store") {
    options.store = parse_switch(name, value);
  } else if (name == "schema") {
    if (value != "json" && value != "parameters") refuse_option(name, value, "json or parameters");
    options.schema = value == "json" ? SchemaForm::kJsonSchema : SchemaForm::kParameters;
  } else {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("gemini has no option '{}'; it knows {}", one_line(name, 60),
                            fmt::join(kKnown, ", ")));
  }
}

}  // namespace

Options parse_options(const std::map<std::string, std::string>& given) {
  Options options;
  for (const auto& [name, value] : given) apply(options, name, trimmed(value));
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
