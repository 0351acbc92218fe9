#include "gemini/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cartpilot/error.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::gemini {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::string_view bare_id(std::string_view model) {
  const std::size_t slash = model.rfind('/');
  return slash == std::string_view::npos ? model : model.substr(slash + 1);
}

/// How a family thinks. Budgets are refused when `budget_max` is 0; -1 always means "dynamic".
struct Thinking {
  std::string_view prefix;  ///< the first row that fits counts
  std::string_view levels;  ///< upper case, blanks around each; "" = takes budgets only
  std::int64_t budget_min;
  std::int64_t budget_max;
  bool may_be_zero;
};

constexpr std::array<Thinking, 14> kThinking = {{
    {"gemini-4-hydrogen", " LOW MEDIUM HIGH XHIGH ", 0, 0, false},
    {"gemini-4", " LOW MEDIUM HIGH ", 0, 0, false},
    {"gemini-3.8-flash", " LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-3.7-flash", " LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-3.6-flash", " MINIMAL LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-3.5-flash-lite", " MINIMAL LOW MEDIUM HIGH ", 1, 65536, false},
    {"gemini-3.5-flash", " MINIMAL LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-3.1-flash-lite", " MINIMAL LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-3.1-pro", " LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-3-flash", " MINIMAL LOW MEDIUM HIGH ", 0, 65536, true},
    {"gemini-2.5-flash-lite", "", 512, 24576, true},
    {"gemini-2.5-flash", "", 0, 24576, true},
    {"gemini-2.5-pro", "", 128, 32768, false},
    {"gemini-2.", "", 0, 0, false},
}};

std::string listed(std::string_view levels) {
  std::string text;
  for (const char c : vendor::lower(vendor::trim(levels)))
    text += c == ' ' ? ", " : std::string(1, c);
  return text;
}

struct Retired {
  std::string_view prefix;
  std::string_view successor;
};

constexpr std::array<Retired, 7> kRetired = {{
    {"gemini-1.0-", "gemini-3.8-flash"},
    {"gemini-1.5-pro", "gemini-3.1-pro-preview"},
    {"gemini-1.5-", "gemini-3.8-flash"},
    {"gemini-2.0-flash-lite", "gemini-3.5-flash-lite"},
    {"gemini-2.0-", "gemini-3.8-flash"},
    {"gemini-3-pro-preview", "gemini-3.1-pro-preview"},
    {"gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"},
}};

/// "gemini-2.5-pro-preview-05-06" -> "gemini-2.5-pro": the model without its edition.
std::string_view without_edition(std::string_view id) {
  while (true) {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string_view::npos) return id;
    const std::string_view last = id.substr(dash + 1);
    const bool number = last.find_first_not_of("0123456789") == std::string_view::npos;
    if (!number && last != "preview" && last != "exp" && last != "eap") return id;
    id.remove_suffix(id.size() - dash);
  }
}

}  // namespace

std::string model_path(const std::string& model) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '@' || c == '/';
  };
  const bool clean = !model.empty() && model.size() <= 256 && model.front() != '/' &&
                     model.back() != '/' && !vendor::contains(model, "..") &&
                     !vendor::contains(model, "//") &&
                     std::all_of(model.begin(), model.end(), allowed);
  if (!clean) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not a Gemini model id; `cartpilot models --provider gemini` "
                            "lists them",
                            vendor::one_line(model, 80)));
  }
  return vendor::contains(model, "/") ? model : "models/" + model;
}

int model_generation(std::string_view model) {
  std::string_view id = bare_id(model);
  constexpr std::string_view kPrefix = "gemini-";
  if (!starts_with(id, kPrefix)) return 0;
  id.remove_prefix(kPrefix.size());
  int generation = 0;
  for (const char c : id.substr(0, 4)) {
    if (c < '0' || c > '9') break;
    generation = generation * 10 + (c - '0');
  }
  return generation;
}

bool expects_signatures(std::string_view model) {
  const int generation = model_generation(model);
  if (generation > 0) return generation >= 3;
  const std::string_view id = bare_id(model);
  return starts_with(id, "gemini-") && id != "gemini-pro";
}

bool may_share_signatures(std::string_view made_by, std::string_view made_by_version,
                          std::string_view target) {
  int maker = model_generation(made_by);
  if (maker == 0) maker = model_generation(made_by_version);
  const int reader = model_generation(target);
  return maker == 0 || reader == 0 || maker == reader;
}

std::string thinking_problem(std::string_view model, const std::optional<std::string>& level,
                             const std::optional<std::int64_t>& budget) {
  const std::string_view id = bare_id(model);
  const auto* rule = std::find_if(kThinking.begin(), kThinking.end(),
                                  [&](const Thinking& row) { return starts_with(id, row.prefix); });
  if (rule == kThinking.end()) return "";
  if (level && !vendor::contains(rule->levels, " " + *level + " ")) {
    return rule->levels.empty() ? "has no thinking levels; use thinking-budget"
                                : "offers the thinking levels " + listed(rule->levels);
  }
  if (!budget || *budget == -1) return "";
  if (rule->budget_max == 0) return "takes no thinking budget; use thinking";
  const bool zero_fits = *budget == 0 && rule->may_be_zero;
  if (zero_fits || (*budget >= rule->budget_min && *budget <= rule->budget_max)) return "";
  return fmt::format("takes thinking budgets from {} to {}", rule->budget_min, rule->budget_max);
}

std::string retirement_notice(std::string_view model) {
  const std::string_view id = bare_id(model);
  std::string_view successor;
  if (id == "gemini-pro") successor = kDefaultModel;
  for (const Retired& row : kRetired) {
    if (successor.empty() && starts_with(id, row.prefix)) successor = row.successor;
  }
  if (successor.empty()) return "";
  return fmt::format("{} has been retired by Google; its successor is {}", id, successor);
}

std::string routing_notice(std::string_view asked, std::string_view version) {
  if (vendor::contains(asked, "/") && !starts_with(asked, "models/")) return "";
  const std::string_view id = bare_id(asked);
  const std::string_view answered = bare_id(version);
  constexpr std::string_view kAlias = "-latest";
  const bool alias = id.size() > kAlias.size() && id.substr(id.size() - kAlias.size()) == kAlias;
  if (alias || !starts_with(id, "gemini-") || !starts_with(answered, "gemini-")) return "";
  if (without_edition(id) == without_edition(answered)) return "";
  return fmt::format("{} was asked, {} answered", id, vendor::one_line(answered, 80));
}

}  // namespace cartpilot::gemini
