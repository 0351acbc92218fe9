#include "script/placeholders.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <variant>

#include "cartpilot/error.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::script {

namespace {

[[noreturn]] void refuse(std::string_view name, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("${{{}}}: {}", vendor::one_line(name, 80), why));
}

const Json* newest_result(const GenerateRequest& request, std::string_view function) {
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    for (auto part = message->parts.rbegin(); part != message->parts.rend(); ++part) {
      const auto* result = std::get_if<ToolResult>(&*part);
      if (result != nullptr && !result->is_error && result->name == function) {
        return &result->content;
      }
    }
  }
  return nullptr;
}

const Json* step_into(const Json& value, std::string_view step) {
  if (value.is_array()) {
    std::size_t index = 0;
    const auto [end, problem] = std::from_chars(step.data(), step.data() + step.size(), index);
    const bool whole = problem == std::errc() && end == step.data() + step.size();
    return whole && index < value.size() ? &value[index] : nullptr;
  }
  if (!value.is_object()) return nullptr;
  const auto found = value.find(std::string(step));
  return found == value.end() ? nullptr : &*found;
}

std::string names_in(const Json& value) {
  if (value.is_array()) return fmt::format("an array of {}", value.size());
  if (!value.is_object()) return "a plain value";
  std::vector<std::string> names;
  for (const auto& [name, member] : value.items()) names.push_back(name);
  return vendor::one_line(vendor::joined(names), 200);
}

Json value_of(std::string_view name, const GenerateRequest& request) {
  std::string_view rest = name;
  const auto next = [&rest] {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view step = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    return step;
  };
  const std::string_view function = next();
  const Json* value = newest_result(request, function);
  if (value == nullptr) refuse(name, fmt::format("no result of {} was sent", function));
  while (!rest.empty()) {
    const Json& around = *value;
    const std::string_view step = next();
    value = step_into(around, step);
    if (value == nullptr) {
      refuse(name, fmt::format("there is no '{}', but {}", step, names_in(around)));
    }
  }
  return *value;
}

}  // namespace

std::string replaced_text(const std::string& text, const GenerateRequest& request) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find("${", at);
    if (begin == std::string::npos) break;
    if (begin > at && text[begin - 1] == '$') {
      result += text.substr(at, begin - at - 1) + "${";
      at = begin + 2;
      continue;
    }
    const std::size_t end = text.find('}', begin);
    if (end == std::string::npos) refuse(text.substr(begin + 2), "the closing } is missing");
    result += text.substr(at, begin - at);
    const Json value = value_of(std::string_view(text).substr(begin + 2, end - begin - 2), request);
    result += value.is_string() ? value.get<std::string>() : dump_json(value);
    at = end + 1;
  }
  return result + text.substr(at);
}

Json replaced(const Json& value, const GenerateRequest& request) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const bool whole = text.size() > 3 && text.rfind("${", 0) == 0 && text.back() == '}' &&
                       text.find('}') == text.size() - 1;
    if (whole) return value_of(std::string_view(text).substr(2, text.size() - 3), request);
    return replaced_text(text, request);
  }
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& entry : value) list.push_back(replaced(entry, request));
    return list;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [name, member] : value.items()) {
    append_member(object, name, replaced(member, request));
  }
  return object;
}

}  // namespace cartpilot::script
