// The kinds of members that only webhooks and the merchants' own APIs take: switches, numbers,
// choices, instants, free objects.
#include <Poco/NumberParser.h>
#include <Poco/String.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/wire/datetime_text.h"
#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

constexpr std::array<std::string_view, 6> kYes = {"1", "on", "t", "true", "y", "yes"};
constexpr std::array<std::string_view, 6> kNo = {"0", "off", "f", "false", "n", "no"};

// A switch as lax validation reads it: 0, 1 and the usual words.
std::optional<bool> read_flag(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) {
    if (value == 0) return false;
    if (value == 1) return true;
    return std::nullopt;
  }
  if (!value.is_string()) return std::nullopt;
  const std::string word = Poco::toLower(value.get<std::string>());
  if (std::find(kYes.begin(), kYes.end(), word) != kYes.end()) return true;
  if (std::find(kNo.begin(), kNo.end(), word) != kNo.end()) return false;
  return std::nullopt;
}

std::optional<double> read_number(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number()) return value.get<double>();
  double number = 0;
  if (value.is_string() &&
      Poco::NumberParser::tryParseFloat(Poco::trim(value.get<std::string>()), number)) {
    return number;
  }
  return std::nullopt;
}

}  // namespace

std::string quoted_choices(const std::vector<std::string>& choices) {
  std::string list;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const char* separator = i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ";
    list += fmt::format("{}'{}'", separator, choices[i]);
  }
  return list;
}

bool Fields::flag(Json location, const Json& value) {
  const std::optional<bool> read = read_flag(value);
  if (read) return *read;
  if (value.is_string() || value.is_number()) {
    report(std::move(location), "bool_parsing",
           "Input should be a valid boolean, unable to interpret input", value);
  } else {
    report(std::move(location), "bool_type", "Input should be a valid boolean", value);
  }
  return false;
}

bool Fields::flag_or(const char* name, bool fallback) {
  const Json* value = find(name);
  return value == nullptr ? fallback : flag(location_of(name), *value);
}

std::optional<bool> Fields::optional_flag(const char* name) {
  const Json* value = find_set(name);
  if (value == nullptr) return std::nullopt;
  return flag(location_of(name), *value);
}

double Fields::number_or(const char* name, double fallback, double least, double most) {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  const std::optional<double> number = read_number(*value);
  if (!number) {
    const bool is_text = value->is_string();
    report(location_of(name), is_text ? "float_parsing" : "float_type",
           is_text ? "Input should be a valid number, unable to parse string as a number"
                   : "Input should be a valid number",
           *value);
    return fallback;
  }
  if (*number < least) {
    report(location_of(name), "greater_than_equal",
           fmt::format("Input should be greater than or equal to {}", least), *value,
           {{"ge", least}});
  } else if (*number > most) {
    report(location_of(name), "less_than_equal",
           fmt::format("Input should be less than or equal to {}", most), *value, {{"le", most}});
  }
  return *number;
}

std::string Fields::choice(const char* name, const std::vector<std::string>& choices) {
  const Json* value = find_set(name);
  if (value == nullptr) return "";
  if (value->is_string() &&
      std::find(choices.begin(), choices.end(), value->get<std::string>()) != choices.end()) {
    return value->get<std::string>();
  }
  const std::string expected = quoted_choices(choices);
  report(location_of(name), "literal_error", "Input should be " + expected, *value,
         {{"expected", expected}});
  return "";
}

Json Fields::required_object(const char* name) {
  const Json* value = find_required(name);
  if (value == nullptr) return Json::object();
  if (!value->is_object()) {
    report(location_of(name), "dict_type", "Input should be a valid dictionary", *value);
  }
  return *value;
}

void Fields::required_instant(const char* name) {
  const Json* value = find_required(name);
  if (value == nullptr) return;
  const std::optional<DatetimeProblem> problem = find_datetime_problem(*value);
  if (!problem) return;
  report(location_of(name), problem->type, problem->message, *value,
         problem->error.empty() ? Json() : Json({{"error", problem->error}}));
}

Json Fields::switches(const char* name, const std::vector<std::string>& names) {
  Json read = Json::object();
  const Json* value = find_set(name);
  if (value == nullptr) return read;
  if (!value->is_object()) {
    report(location_of(name), "dict_type", "Input should be a valid dictionary", *value);
    return read;
  }
  for (const auto& [key, member] : value->items()) {
    Json location = location_of(name);
    location.push_back(key);
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      location.push_back("[key]");
      const std::string expected = quoted_choices(names);
      report(std::move(location), "enum", "Input should be " + expected, key,
             {{"expected", expected}});
    } else {
      read[key] = flag(std::move(location), member);
    }
  }
  return read;
}

}  // namespace cartpilot::sandbox
