#include <fmt/format.h>

#include <map>

#include "sandbox/wire/python_json.h"

namespace cartpilot::sandbox {
namespace {

// repr() of a float: the shortest digits that read back, always with a point or an exponent.
std::string float_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

void append(std::string& text, const Json& value) {
  if (value.is_object()) {
    std::map<std::string, const Json*> members;
    for (const auto& [key, member] : value.items()) members[key] = &member;
    const char* separator = "";
    text += '{';
    for (const auto& [key, member] : members) {
      text += separator;
      append(text, key);
      text += ": ";
      append(text, *member);
      separator = ", ";
    }
    text += '}';
  } else if (value.is_array()) {
    const char* separator = "";
    text += '[';
    for (const Json& element : value) {
      text += separator;
      append(text, element);
      separator = ", ";
    }
    text += ']';
  } else if (value.is_number_float()) {
    text += float_text(value.get<double>());
  } else {
    text += value.dump(-1, ' ', true, Json::error_handler_t::replace);
  }
}

}  // namespace

std::string python_dumps(const Json& value) {
  std::string text;
  append(text, value);
  return text;
}

}  // namespace cartpilot::sandbox
