#include "anthropic/models.h"

#include <algorithm>
#include <utility>

#include "cartpilot/vendor/text.h"

namespace cartpilot::anthropic {
namespace {

/// Newer than all that is known.
constexpr int kNewest = 9900;

struct ModelName {
  bool claude = false;
  std::string family;     ///< "sonnet"
  int version = kNewest;  ///< 505 for 5.5
};

bool is_number(std::string_view word) {
  for (const char c : word) {
    if (!vendor::is_digit(c)) return false;
  }
  return !word.empty() && word.size() <= 2;  // longer ones are dates
}

/// "us.anthropic.claude-opus-4-6-v1:0" -> opus, 406; "claude-3-5-sonnet-20241022" -> sonnet, 305.
ModelName parse_name(std::string_view model) {
  ModelName name;
  std::string text = vendor::lower(model);
  const std::size_t begin = text.rfind("claude-");
  if (begin == std::string::npos) return name;
  name.claude = true;
  text = text.substr(begin + 7, text.find_first_of("@:", begin) - begin - 7);
  int numbers = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("-."), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (is_number(word) && numbers < 2) {
      const int value = word.size() == 1 ? word[0] - '0' : (word[0] - '0') * 10 + word[1] - '0';
      name.version = numbers++ == 0 ? value * 100 : name.version + value;
    } else if (name.family.empty() && !word.empty() && !vendor::is_digit(word[0])) {
      name.family = word;
    } else {
      break;  // a date, "v1", "latest"
    }
  }
  return name;
}

bool supports(const Json& description, const std::string& capability, bool known) {
  const Json::json_pointer at("/capabilities/" + capability + "/supported");
  const bool told = description.contains(at) && description.at(at).is_boolean();
  return told ? description.at(at).get<bool>() : known;
}

const std::vector<std::string> kEfforts = {"low", "medium", "high", "xhigh", "max"};

}  // namespace

ModelRules rules_by_name(std::string_view model) {
  const ModelName name = parse_name(model);
  ModelRules rules;
  if (!name.claude) {
    rules.efforts = kEfforts;
    return rules;
  }
  const bool manual = name.version <= 405;
  const bool both = name.version == 406;
  rules.claude = true;
  rules.adaptive = !manual;
  rules.enabled = manual || both;
  rules.disabled = name.version == 500 && (name.family == "sonnet" || name.family == "opus");
  rules.disabled_up_to_high = rules.disabled && name.family == "opus";
  rules.between_tools = name.version == 505 && name.family == "sonnet";
  rules.on_by_default = name.version >= 500;
  rules.sampling = manual || both;
  if (!manual) rules.efforts = kEfforts;
  rules.max_output = manual ? 64'000 : 128'000;
  return rules;
}

void apply_description(const Json& description, ModelRules& rules) {
  const auto takes = [&](const std::string& type, bool& known) {
    known = supports(description, "thinking/types/" + type, known);
  };
  takes("adaptive", rules.adaptive);
  takes("enabled", rules.enabled);
  takes("disabled", rules.disabled);
  takes("between_tools", rules.between_tools);
  const std::vector<std::string> known = std::exchange(rules.efforts, {});
  for (const std::string& word : kEfforts) {
    const bool by_name = std::find(known.begin(), known.end(), word) != known.end();
    if (supports(description, "effort/" + word, by_name)) rules.efforts.push_back(word);
  }
  const std::int64_t most = integer_or(description, "max_tokens");
  if (most > 0) rules.max_output = most;
}

std::string retirement_notice(const std::string& model, const Json& description) {
  const std::string lifecycle = vendor::lower(string_or(description, "lifecycle"));
  if (lifecycle == "deprecated" || lifecycle == "retired") {
    const std::string date = string_or(description, "retires_at").substr(0, 10);
    return model + " is " + lifecycle + (date.empty() ? "" : ", retires " + date) +
           "; choose another --model";
  }
  const ModelName name = parse_name(model);
  const bool opus = name.family == "opus";
  std::string what;
  if (name.version <= 401) what = " is retired";
  if (name.version == 405 && name.family == "sonnet") what = " retires on 2026-11-30";
  if (name.version == 405 && opus) what = " retires on 2027-01-22";
  if (what.empty()) return "";
  return model + what + "; its successor is claude-" + (opus ? "opus" : "sonnet") + "-5-5";
}

}  // namespace cartpilot::anthropic
