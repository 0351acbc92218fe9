#include "gemini/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "cartpilot/vendor/text.h"

namespace cartpilot::gemini {
namespace {

/// References nest at most this deep before they become a plain object: the subset cannot recurse.
constexpr int kMaxReferences = 8;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

class Converter {
 public:
  Converter(const Json& root, const std::string& function, std::vector<std::string>& losses)
      : root_(root), function_(function), losses_(losses) {}

  Json convert(const Json& given, const std::string& path, int references = 0) {
    if (!given.is_object()) {
      // `true` allows anything; text is what a model can always write.
      lost(path, "an open schema became text");
      return Json{{"type", "STRING"}};
    }
    if (given.contains("$ref")) return referenced(given, path, references);
    if (given.contains("allOf")) return convert(merged(given, path), path, references);

    Json result = Json::object();
    std::vector<std::string> notes;
    take_type(given, path, result);
    take_choices(given, path, references, result);
    take_values(given, path, result, notes);
    take_structure(given, path, references, result);
    take_limits(given, path, result, notes);
    take_format(given, result, notes);
    take_description(given, result, notes);
    report_unknown(given, path);
    return result;
  }

 private:
  void lost(const std::string& path, const std::string& what) {
    const std::string place = path.empty() ? function_ : function_ + "." + path;
    losses_.push_back(place + ": " + what);
  }

  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  Json referenced(const Json& given, const std::string& path, int references) {
    const std::string target = string_or(given, "$ref");
    if (references >= kMaxReferences || target.empty() || target[0] != '#') {
      lost(path, "reference '" + vendor::one_line(target, 60) + "' became a free object");
      return Json{{"type", "OBJECT"}};
    }
    Json found;
    try {
      found = root_.at(Json::json_pointer(target.substr(1)));
    } catch (const nlohmann::json::exception&) {
      lost(path,
           "reference '" + vendor::one_line(target, 60) + "' leads nowhere; became a free object");
      return Json{{"type", "OBJECT"}};
    }
    if (found.is_object() && given.contains("description")) {
      found["description"] = given["description"];
    }
    return convert(found, path, references + 1);
  }

  /// One object out of `allOf`: properties and required are united, other keywords taken when new.
  Json merged(const Json& given, const std::string& path) {
    Json result = given;
    result.erase("allOf");
    if (!given["allOf"].is_array()) return result;
    for (const Json& branch : given["allOf"]) {
      if (!branch.is_object()) continue;
      for (const auto& [key, value] : branch.items()) {
        if (!result.contains(key)) {
          result[key] = value;
        } else if (key == "properties" && value.is_object() && result[key].is_object()) {
          for (const auto& [name, property] : value.items()) {
            if (!result[key].contains(name)) result[key][name] = property;
          }
        } else if (key == "required" && value.is_array() && result[key].is_array()) {
          for (const Json& name : value) {
            if (std::find(result[key].begin(), result[key].end(), name) == result[key].end()) {
              result[key].push_back(name);
            }
          }
        } else if (result[key] != value) {
          lost(path, "allOf repeats '" + key + "'; the first was kept");
        }
      }
    }
    return result;
  }

  void take_type(const Json& given, const std::string& path, Json& result) {
    const auto type = given.find("type");
    if (type == given.end()) {
      if (given.contains("properties")) result["type"] = "OBJECT";
      if (given.contains("items")) result["type"] = "ARRAY";
      return;
    }
    std::vector<std::string> types;
    if (type->is_string()) types.push_back(type->get<std::string>());
    if (type->is_array()) {
      for (const Json& one : *type) {
        if (one.is_string()) types.push_back(one.get<std::string>());
      }
    }
    const bool has_null = std::find(types.begin(), types.end(), "null") != types.end();
    if (has_null && types.size() > 1) {
      types.erase(std::remove(types.begin(), types.end(), "null"), types.end());
      result["nullable"] = true;
    }
    if (types.size() == 1) {
      result["type"] = vendor::upper(types.front());
    } else if (!types.empty()) {
      Json branches = Json::array();
      for (const std::string& one : types) {
        Json branch{{"type", vendor::upper(one)}};
        if (one == "array") branch["items"] = Json{{"type", "STRING"}};
        branches.push_back(std::move(branch));
      }
      result["anyOf"] = std::move(branches);
    } else {
      lost(path, "its type could not be read");
    }
  }

  /// anyOf and oneOf. A branch that is only null becomes `nullable`; a single branch that is left
  /// takes the place of the choice, because `type` may not stand beside `anyOf`.
  void take_choices(const Json& given, const std::string& path, int references, Json& result) {
    for (const char* key : {"anyOf", "oneOf"}) {
      const auto choices = given.find(key);
      if (choices == given.end() || !choices->is_array()) continue;
      if (given.contains("properties")) {
        lost(path, std::string(key) + " beside properties left out");
        continue;
      }
      Json branches = Json::array();
      for (const Json& choice : *choices) {
        if (choice.is_object() && string_or(choice, "type") == "null") {
          result["nullable"] = true;
        } else {
          branches.push_back(convert(choice, path, references));
        }
      }
      if (branches.size() == 1) {
        for (const auto& [name, value] : branches[0].items()) result[name] = value;
      } else if (branches.size() > 1) {
        result.erase("type");
        result["anyOf"] = std::move(branches);
      }
    }
  }

  static void take_values(const Json& given, const std::string&, Json& result,
                          std::vector<std::string>& notes) {
    Json values = Json::array();
    if (given.contains("const")) values.push_back(given["const"]);
    if (given.contains("enum") && given["enum"].is_array()) values = given["enum"];
    if (values.empty()) return;
    const bool with_null = std::find(values.begin(), values.end(), nullptr) != values.end();
    if (with_null) {
      result["nullable"] = true;
      values.erase(std::remove(values.begin(), values.end(), nullptr), values.end());
    }
    const bool texts = std::all_of(values.begin(), values.end(), [](const Json& value) {
      return value.is_string() && !value.get_ref<const std::string&>().empty();
    });
    if (texts && !values.empty() && (!result.contains("type") || result["type"] == "STRING")) {
      result["type"] = "STRING";
      result["format"] = "enum";
      result["enum"] = values;
      return;
    }
    // The subset lists texts only.
    std::string list;
    for (const Json& value : values) list += (list.empty() ? "" : ", ") + dump_json(value);
    if (!list.empty()) notes.push_back("one of " + list);
    if (!result.contains("type") && !values.empty()) {
      result["type"] = values[0].is_number_integer() ? "INTEGER"
                       : values[0].is_number()       ? "NUMBER"
                       : values[0].is_boolean()      ? "BOOLEAN"
                                                     : "STRING";
    }
  }

  void take_structure(const Json& given, const std::string& path, int references, Json& result) {
    const auto properties = given.find("properties");
    if (properties != given.end() && properties->is_object() && !properties->empty()) {
      Json converted = Json::object();
      for (const auto& [name, property] : properties->items()) {
        converted[name] = convert(property, below(path, name), references);
      }
      result["properties"] = std::move(converted);
      Json required = Json::array();
      if (given.contains("required") && given["required"].is_array()) {
        for (const Json& name : given["required"]) {
          if (name.is_string() && result["properties"].contains(name.get<std::string>())) {
            required.push_back(name);
          }
        }
      }
      if (!required.empty()) result["required"] = std::move(required);
    }
    if (string_or(result, "type") == "ARRAY") {
      const auto items = given.find("items");
      if (items != given.end() && items->is_object()) {
        result["items"] = convert(*items, below(path, "[]"), references);
      } else {
        result["items"] = Json{{"type", "STRING"}};
      }
    }
    if (!result.contains("type") && !result.contains("anyOf")) result["type"] = "STRING";
  }

  void take_limits(const Json& given, const std::string& path, Json& result,
                   std::vector<std::string>& notes) {
    for (const char* key : {"minItems", "maxItems", "minProperties", "maxProperties", "minimum",
                            "maximum", "minLength", "maxLength"}) {
      if (given.contains(key) && given[key].is_number()) result[key] = given[key];
    }
    if (given.contains("pattern") && given["pattern"].is_string()) {
      result["pattern"] = given["pattern"];
    }
    const bool integer = string_or(result, "type") == "INTEGER";
    take_exclusive(given, "exclusiveMinimum", "minimum", "greater than", integer ? 1 : 0, result,
                   notes);
    take_exclusive(given, "exclusiveMaximum", "maximum", "less than", integer ? -1 : 0, result,
                   notes);
    if (given.contains("multipleOf")) {
      notes.push_back("a multiple of " + dump_json(given["multipleOf"]));
    }
    if (given.contains("uniqueItems") && given["uniqueItems"] == true) {
      notes.push_back("no item twice");
    }
    if (given.contains("prefixItems")) lost(path, "prefixItems left out");
  }

  /// On integers an exclusive bound is the next inclusive one; on other numbers only words are
  /// left.
  static void take_exclusive(const Json& given, const char* key, const char* inclusive,
                             const char* words, int step, Json& result,
                             std::vector<std::string>& notes) {
    const auto bound = given.find(key);
    if (bound == given.end() || !bound->is_number()) return;
    const std::optional<std::int64_t> number = whole_number(*bound);
    std::int64_t next = 0;
    if (step != 0 && number && !__builtin_add_overflow(*number, step, &next)) {
      result[inclusive] = next;
    } else {
      notes.push_back(std::string(words) + " " + dump_json(*bound));
    }
  }

  static void take_format(const Json& given, Json& result, std::vector<std::string>& notes) {
    const std::string format = string_or(given, "format");
    if (format.empty() || result.contains("format")) return;
    const std::string type = string_or(result, "type");
    const bool known = (type == "NUMBER" && is_one_of(format, {"float", "double"})) ||
                       (type == "INTEGER" && is_one_of(format, {"int32", "int64"})) ||
                       (type == "STRING" && format == "date-time");
    if (known) {
      result["format"] = format;
    } else {
      notes.push_back("format: " + vendor::one_line(format, 40));
    }
  }

  static void take_description(const Json& given, Json& result,
                               const std::vector<std::string>& notes) {
    std::string text = string_or(given, "description", string_or(result, "description"));
    if (!notes.empty()) {
      text += fmt::format("{}({})", text.empty() ? "" : " ", fmt::join(notes, "; "));
    }
    if (!text.empty()) result["description"] = text;
    if (given.contains("title") && given["title"].is_string()) result["title"] = given["title"];
    if (given.contains("nullable") && given["nullable"].is_boolean()) {
      result["nullable"] = given["nullable"];
    }
  }

  /// Keywords that restrict and were not handled above are losses; annotations are not.
  void report_unknown(const Json& given, const std::string& path) {
    for (const auto& [key, value] : given.items()) {
      if (is_one_of(key, {"not", "if", "then", "else", "patternProperties", "propertyNames",
                          "unevaluatedProperties", "unevaluatedItems", "dependentRequired",
                          "dependentSchemas", "contains", "minContains", "maxContains"})) {
        lost(path, key + " left out");
      }
      if (key == "additionalProperties" && value.is_object()) {
        lost(path, "the schema of additionalProperties left out");
      }
    }
  }

  const Json& root_;
  const std::string& function_;
  std::vector<std::string>& losses_;
};

}  // namespace

bool takes_no_arguments(const Json& schema) {
  if (!schema.is_object()) return true;
  for (const char* key : {"properties", "anyOf", "oneOf", "allOf", "$ref", "patternProperties"}) {
    if (schema.contains(key) && !schema[key].empty()) return false;
  }
  return !schema.contains("additionalProperties") || !schema["additionalProperties"].is_object();
}

Json json_schema_of(const Json& schema) {
  Json result = schema;
  if (!result.contains("type")) result["type"] = "object";
  return result;
}

Json parameters_of(const Json& schema, const std::string& function,
                   std::vector<std::string>& losses) {
  const Json root = json_schema_of(schema);
  Json result = Converter(root, function, losses).convert(root, "");
  if (result.contains("anyOf")) {
    // At the root only one object can be declared.
    losses.push_back(function + ": the choice between argument objects left out");
    result = Json{{"type", "OBJECT"}};
  }
  return result;
}

}  // namespace cartpilot::gemini
