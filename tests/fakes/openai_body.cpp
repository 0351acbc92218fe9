#include <algorithm>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

/// Members that may be null. The insides of schemas are not the service's members.
void check_nulls(const Json& value, const std::string& key) {
  static const std::set<std::string> kNullable = {"content", "refusal", "encrypted_content",
                                                  "strict"};
  if (key == "parameters") return;
  if (value.is_null() && kNullable.count(key) == 0) {
    refuse("Q7", "Invalid type for '" + key + "': expected another type, but got null instead.",
           key, "invalid_type");
  }
  if (value.is_object()) {
    for (const auto& [name, child] : value.items()) check_nulls(child, name);
  } else if (value.is_array()) {
    for (const Json& child : value) check_nulls(child, key);
  }
}

std::optional<long> header_number(const HttpHeaders& headers, const char* name) {
  const std::string text = header_value(headers, name);
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  return std::stol(text);
}

bool refused_for_good(const FakeOpenAi::RawAnswer& answer) {
  if (header_value(answer.headers, "x-should-retry") == "false") return true;
  for (const char* code : {"insufficient_quota", "credit_balance_exhausted", "_limit_exceeded\""}) {
    // rate_limit_exceeded is the one of these that passes.
    const bool found = answer.body.find(code) != std::string::npos &&
                       answer.body.find("rate_limit_exceeded") == std::string::npos;
    if (answer.status == 429 && found) return true;
  }
  if (header_value(answer.headers, "x-should-retry") == "true") return false;
  // A host that could not read the model's call may be asked for another sample.
  if (answer.body.find("tool_use_failed") != std::string::npos) return false;
  return answer.status >= 400 && answer.status < 500 && answer.status != 408 &&
         answer.status != 409 && answer.status != 429;
}

}  // namespace

void refuse(const std::string& rule, const std::string& message, const std::string& param,
            const std::string& code) {
  Refusal refusal;
  refusal.rule = rule;
  refusal.message = message;
  refusal.param = param;
  refusal.code = code;
  throw refusal;
}

void refuse_learnable(const std::string& rule, const std::string& message, const std::string& param,
                      const std::string& code) {
  Refusal refusal;
  refusal.rule = rule;
  refusal.message = message;
  refusal.param = param;
  refusal.code = code;
  refusal.learnable = true;
  throw refusal;
}

Json parse_body(const std::string& text) {
  std::vector<std::set<std::string>> members;
  bool twice = false;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) members.emplace_back();
    if (event == Json::parse_event_t::object_end) members.pop_back();
    if (event == Json::parse_event_t::key) {
      twice = twice || !members.back().insert(value.get<std::string>()).second;
    }
    return true;
  };
  Json body = Json::parse(text, watch, false);
  if (!body.is_object() || twice) {
    refuse("Q4", "We could not parse the JSON body of your request.");
  }
  check_nulls(body, "");
  return body;
}

Json error_body(const Refusal& refusal, OpenAiErrorForm form) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  switch (form) {
    case OpenAiErrorForm::kOpenAi: break;
    case OpenAiErrorForm::kAzure:
      return {{"error",
               {{"message", refusal.message},
                {"type", nullptr},
                {"param", or_null(refusal.param)},
                {"code", or_null(refusal.code)},
                {"status", refusal.status},
                {"innererror", {{"code", "Inner"}}}}}};
    case OpenAiErrorForm::kArray:
      return Json::array({Json{{"error",
                                {{"code", refusal.status},
                                 {"message", refusal.message},
                                 {"status", "INVALID_ARGUMENT"}}}}});
    case OpenAiErrorForm::kText: return {{"error", refusal.message}};
    case OpenAiErrorForm::kIntegerCode:
      return {{"error",
               {{"code", refusal.status}, {"message", refusal.message}, {"type", refusal.type}}}};
    case OpenAiErrorForm::kGateway:
      return {{"error",
               {{"code", refusal.status},
                {"message", "Provider returned error"},
                {"metadata", {{"raw", refusal.message}, {"provider_name", "Somebody"}}}}},
              {"user_id", "user_1"}};
    case OpenAiErrorForm::kFlat:
      return {{"object", "error"},
              {"message", refusal.message},
              {"type", "BadRequestError"},
              {"param", nullptr},
              {"code", refusal.status}};
    case OpenAiErrorForm::kDetail:
      return {{"detail", Json::array({Json{{"loc", Json::array({"body", or_null(refusal.param)})},
                                           {"msg", refusal.message},
                                           {"type", "value_error"}}})}};
  }
  return {{"error",
           {{"message", refusal.message},
            {"type", refusal.type},
            {"param", or_null(refusal.param)},
            {"code", or_null(refusal.code)}}}};
}

std::string AttemptRules::check(const std::string& body) {
  const auto found = not_before_.find(body);
  if (found == not_before_.end()) return "";
  const Clock::time_point not_before = found->second;
  not_before_.erase(found);
  if (not_before == Clock::time_point::max()) return "the same request again after a final refusal";
  return Clock::now() < not_before ? "the same request again before the time that was asked" : "";
}

void AttemptRules::remember(const std::string& body, const FakeOpenAi::RawAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return;
  if (refused_for_good(answer)) {
    not_before_[body] = Clock::time_point::max();
    return;
  }
  std::chrono::milliseconds wait{0};
  if (const auto milliseconds = header_number(answer.headers, "retry-after-ms")) {
    wait = std::chrono::milliseconds(*milliseconds);
  } else if (const auto seconds = header_number(answer.headers, "retry-after")) {
    wait = std::chrono::seconds(*seconds);
  }
  not_before_[body] = Clock::now() + wait;
}

}  // namespace cartpilot::fakes::openai
