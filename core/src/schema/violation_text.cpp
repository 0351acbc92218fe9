#include "schema/violation_text.h"

#include <fmt/format.h>

#include <array>

#include "cartpilot/detail/characters.h"

namespace cartpilot::schema {

namespace {

constexpr std::size_t kShownBytes = 60;
constexpr std::size_t kListedValues = 12;

}  // namespace

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  if (value.is_string()) {
    // A value may be megabytes long; only its beginning is ever shown.
    const auto& text = value.get_ref<const std::string&>();
    return dump_json(text.size() <= kShownBytes
                         ? text
                         : detail::cut_text(text.substr(0, kShownBytes + 1), kShownBytes) + "...");
  }
  return dump_json(value);
}

std::string type_names(unsigned types) {
  static constexpr std::array<std::pair<unsigned, const char*>, 7> kNames = {{
      {kStringType, "a string"},
      {kIntegerType, "an integer"},
      {kNumberType, "a number"},
      {kBooleanType, "true or false"},
      {kArrayType, "an array"},
      {kObjectType, "an object"},
      {kNullType, "null"},
  }};
  std::string text;
  for (const auto& [bit, name] : kNames) {
    if ((types & bit) == 0) continue;
    if (!text.empty()) text += " or ";
    text += name;
  }
  return text;
}

std::string listed(const std::vector<Json>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size() && i < kListedValues; ++i) {
    if (i > 0) text += ", ";
    text += shown(values[i]);
  }
  if (values.size() > kListedValues) text += ", ...";
  return text;
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace cartpilot::schema
