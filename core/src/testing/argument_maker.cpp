#include "testing/argument_maker.h"

#include <algorithm>

namespace cartpilot::testing {

std::string ArgumentMaker::word() {
  std::string text;
  const std::uint64_t length = 1 + below(12);
  for (std::uint64_t i = 0; i < length; ++i) text += static_cast<char>('a' + below(26));
  return text;
}

Json ArgumentMaker::fitting(const Json& schema, int depth) {
  if (!schema.is_object() || depth > 8) return nullptr;
  if (schema.contains("const")) return schema["const"];
  if (schema.contains("enum") && schema["enum"].is_array() && !schema["enum"].empty()) {
    return schema["enum"][below(schema["enum"].size())];
  }
  for (const char* choice : {"anyOf", "oneOf"}) {
    if (schema.contains(choice) && schema[choice].is_array() && !schema[choice].empty()) {
      return fitting(schema[choice][0], depth + 1);
    }
  }
  std::string type = string_or(schema, "type");
  if (schema.contains("type") && schema["type"].is_array() && !schema["type"].empty()) {
    type = schema["type"][0].is_string() ? schema["type"][0].get<std::string>() : "";
  }
  if (type == "object" || (type.empty() && schema.contains("properties"))) {
    Json object = Json::object();
    if (!schema.contains("properties") || !schema["properties"].is_object()) return object;
    const Json required = schema.value("required", Json::array());
    for (const auto& [name, property] : schema["properties"].items()) {
      const bool must = std::find(required.begin(), required.end(), Json(name)) != required.end();
      if (must || below(2) == 0) object[name] = fitting(property, depth + 1);
    }
    return object;
  }
  if (type == "array") {
    Json array = Json::array();
    const auto least = static_cast<std::uint64_t>(
        std::clamp<std::int64_t>(integer_or(schema, "minItems", 0), 0, 100));
    const std::uint64_t count = least + below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      array.push_back(fitting(schema.value("items", Json::object()), depth + 1));
    }
    return array;
  }
  if (type == "integer" || type == "number") {
    const std::int64_t least = integer_or(schema, "minimum", 0);
    const std::int64_t most = std::max(least, integer_or(schema, "maximum", least + 100));
    const auto width = static_cast<std::uint64_t>(std::min<std::int64_t>(most - least, 1'000'000));
    return least + static_cast<std::int64_t>(below(width + 1));
  }
  if (type == "boolean") return below(2) == 0;
  if (type == "null") return nullptr;
  std::string text = word();
  const std::int64_t least =
      std::clamp<std::int64_t>(integer_or(schema, "minLength", 0), 0, 10'000);
  while (static_cast<std::int64_t>(text.size()) < least) text += word();
  const std::int64_t most = integer_or(schema, "maxLength", 0);
  if (most > 0 && static_cast<std::int64_t>(text.size()) > most) {
    text.resize(static_cast<std::size_t>(most));
  }
  return text;
}

Json ArgumentMaker::any(int depth) {
  switch (below(depth > 4 ? 5 : 7)) {
    case 0: return nullptr;
    case 1: return below(2) == 0;
    case 2: return static_cast<std::int64_t>(random_());
    case 3: return static_cast<double>(random_()) / 3.0;
    case 4: return word();
    case 5: {
      Json array = Json::array();
      for (std::uint64_t i = below(4); i > 0; --i) array.push_back(any(depth + 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (std::uint64_t i = below(4); i > 0; --i) object[word()] = any(depth + 1);
      return object;
    }
  }
}

std::string ArgumentMaker::damaged(std::string text) {
  for (std::uint64_t i = 1 + below(4); i > 0 && !text.empty(); --i) {
    const auto at = static_cast<std::size_t>(below(text.size()));
    switch (below(4)) {
      case 0: text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, 1 + static_cast<std::size_t>(below(8))); break;
      case 2: text.insert(at, text.substr(at, static_cast<std::size_t>(below(16)))); break;
      default: text.resize(at); break;
    }
  }
  return text;
}

}  // namespace cartpilot::testing
