#include "record/event_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/encoding.h"
#include "cartpilot/error.h"

namespace cartpilot::record {

namespace {

using Check = bool (*)(const Json&);

constexpr std::int64_t kMaxCount = 10'000'000;

bool is_text(const Json& value) { return value.is_string(); }
bool is_flag(const Json& value) { return value.is_boolean(); }
bool is_number(const Json& value) { return whole_number(value).has_value(); }
bool is_count(const Json& value) {
  const auto number = whole_number(value);
  return number && *number >= 0 && *number <= kMaxCount;
}

bool is_bytes(const Json& value) {
  if (value.is_string()) return true;
  return value.is_object() && value.size() == 1 &&
         base::from_base64(string_or(value, "base64", "?")).has_value();
}

template <Check kEach>
bool is_list(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), kEach);
}

template <Check kEach>
bool is_map(const Json& value) {
  return value.is_object() && std::all_of(value.begin(), value.end(), kEach);
}

template <Check kFirst, Check kSecond>
bool is_pair(const Json& value) {
  return value.is_array() && value.size() == 2 && kFirst(value[0]) && kSecond(value[1]);
}

bool is_hex(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().size() % 2 == 0 &&
         value.get_ref<const std::string&>().find_first_not_of("0123456789abcdef") ==
             std::string::npos;
}

bool is_clock_kind(const Json& value) { return is_count(value) && value.get<int>() <= 2; }
bool is_place(const Json& value) { return value == "out" || value == "err" || value == "terminal"; }
bool is_scalar(const Json& value) { return value.is_primitive(); }

using Members = std::vector<std::pair<std::string, Check>>;

/// The first of `members` that `value` does not have as it should; "" when there is none.
std::string wrong_of(const Json& value, const Members& members) {
  for (const auto& [name, check] : members) {
    const auto found = value.find(name);
    if (found == value.end() || !check(*found)) return name;
  }
  return "";
}

bool is_plugin(const Json& value) {
  return value.is_object() && wrong_of(value, {{"id", is_text},
                                               {"version", is_text},
                                               {"sha256", is_text},
                                               {"providers", is_list<is_text>},
                                               {"tool_sets", is_list<is_text>},
                                               {"environment", is_map<is_text>}})
                                  .empty();
}

bool is_error(const Json& value) {
  const auto later = value.find("retry_after_ms");
  if (later != value.end() && !is_number(*later)) return false;
  return value.is_object() &&
         integer_or(value, "code") >= static_cast<int>(ErrorCode::kCancelled) &&
         integer_or(value, "code") <= static_cast<int>(ErrorCode::kInternal) &&
         wrong_of(value, {{"message", is_text},
                          {"retryable", is_flag},
                          {"http_status", is_count},
                          {"reason", is_text}})
             .empty();
}

struct Form {
  bool in_lane;
  Members members;
};

const std::map<std::string, Form>& forms() {
  static const std::map<std::string, Form> table = {
      {"begin", {false, {{"command", is_list<is_text>}, {"files", is_map<is_bytes>}}}},
      {"state", {false, {}}},
      {"settings", {false, {{"environment", is_map<is_text>}}}},
      {"plugins", {false, {{"found", is_list<is_plugin>}}}},
      {"provider", {false, {{"name", is_text}}}},
      {"fact", {false, {{"name", is_text}, {"is", is_flag}}}},
      {"shown", {false, {{"where", is_place}, {"text", is_bytes}}}},
      {"end", {false, {{"exit", is_number}}}},
      {"permission", {true, {{"said", is_text}}}},
      {"sandbox", {true, {{"url", is_text}, {"id", is_text}}}},
      {"clock", {true, {{"read", is_list<is_pair<is_clock_kind, is_number>>}}}},
      {"random", {true, {{"hex", is_hex}}}},
      {"request",
       {true,
        {{"request", is_count},
         {"method", is_text},
         {"url", is_text},
         {"headers", is_list<is_pair<is_text, is_bytes>>},
         {"body", is_bytes}}}},
      {"answer",
       {true,
        {{"request", is_count},
         {"body", is_bytes},
         {"cuts", is_list<is_pair<is_count, is_number>>}}}},
      {"line", {true, {{"end", is_flag}, {"screen", is_bytes}}}},
      {"input", {true, {{"text", is_bytes}, {"explained", is_flag}, {"interrupted", is_flag}}}},
      {"key", {true, {{"asked", is_flag}, {"byte", is_number}}}},
      {"keyed", {true, {{"name", is_text}}}},
      {"output_failed", {true, {{"errno", is_count}, {"after", is_number}}}},
      {"terminal", {true, {{"usable", is_flag}}}},
      {"rows", {true, {{"is", is_count}}}},
      {"columns", {true, {{"is", is_count}}}},
      {"width", {true, {{"columns", is_count}}}},
      {"edited", {true, {{"text", is_bytes}}}},
      {"drained", {true, {{"result", is_count}, {"asked", is_count}}}},
      {"typed", {true, {{"end", is_count}, {"text", is_bytes}, {"asked", is_count}}}},
      {"question", {true, {{"reads", is_count}, {"now", is_pair<is_text, is_text>}}}},
      {"signal", {true, {{"count", is_count}, {"looks", is_count}}}},
      {"held", {true, {{"feeds", is_count}, {"released", is_count}}}},
      {"must_end", {true, {{"is", is_flag}}}},
  };
  return table;
}

/// What depends on another member.
std::string wrong_beside(const Event& event) {
  const Json& data = event.data;
  if (event.kind == "line" && !data.at("end").get<bool>()) {
    return wrong_of(
        data,
        {{"text", is_bytes}, {"interrupted", is_flag}, {"too_long", is_flag}, {"typed", is_flag}});
  }
  if (event.kind == "answer") {
    std::size_t left = bytes_from_json(data.at("body")).size();
    for (const Json& cut : data.at("cuts")) {
      const auto size = cut[0].get<std::size_t>();
      if (size > left) return "cuts";
      left -= size;
    }
    if (data.contains("error") && !is_error(data.at("error"))) return "error";
    if (!data.contains("status")) return "";
    return wrong_of(data, {{"status", is_count}, {"headers", is_list<is_pair<is_text, is_bytes>>}});
  }
  if (event.kind == "state" && !std::all_of(data.begin(), data.end(), is_list<is_map<is_scalar>>)) {
    return "tables";
  }
  return "";
}

/// What is not as it should be: the name of a member, or "" when all is. A kind of event that there
/// is not is "event".
std::string wrong_member(const Event& event) {
  const auto form = forms().find(event.kind);
  if (form == forms().end()) return "event";
  if (form->second.in_lane == event.lane.empty()) return "lane";
  const std::string wrong = wrong_of(event.data, form->second.members);
  return wrong.empty() ? wrong_beside(event) : wrong;
}

}  // namespace

void require_form(const std::string& file, const std::vector<Event>& events) {
  for (const Event& event : events) {
    std::string wrong = wrong_member(event);
    if (event.kind == "begin" && event.number > 0) wrong = "event";
    if (wrong.empty()) continue;
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} is not as format {} has it, at line {}: {} of {}", file, kFormat,
                            event.number + 1, wrong, event.kind));
  }
}

}  // namespace cartpilot::record
