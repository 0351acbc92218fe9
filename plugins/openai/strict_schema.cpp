#include "openai/strict_schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace cartpilot::openai {
namespace {

// The vendor's limits; a schema beyond them fails the whole request.
constexpr int kMaxLevels = 10;
constexpr int kMaxProperties = 5000;
constexpr int kMaxEnumValues = 1000;
constexpr std::size_t kMaxCharacters = 120'000;  // of names and values together
constexpr std::size_t kManyValues = 250;
constexpr std::size_t kMaxManyCharacters = 15'000;  // of one enum with more values than that

bool is_one_of(const std::string& word, const std::set<std::string>& words) {
  return words.count(word) != 0;
}

const std::set<std::string>& kept_keywords() {
  static const std::set<std::string> kKeywords = {
      "type",    "description", "enum",     "const",    "pattern",          "multipleOf",
      "minimum", "maximum",     "minItems", "maxItems", "exclusiveMinimum", "exclusiveMaximum",
      "$ref"};
  return kKeywords;
}

const std::set<std::string>& kept_formats() {
  static const std::set<std::string> kFormats = {"date-time", "date", "time", "duration", "email",
                                                 "hostname",  "ipv4", "ipv6", "uuid"};
  return kFormats;
}

const std::set<std::string>& dropped_annotations() {
  static const std::set<std::string> kAnnotations = {
      "title", "examples", "$comment", "$schema", "$id", "deprecated", "readOnly", "writeOnly"};
  return kAnnotations;
}

bool has_type(const Json& schema, const char* type) {
  const auto found = schema.find("type");
  if (found == schema.end()) return false;
  if (found->is_string()) return *found == type;
  return found->is_array() && std::find(found->begin(), found->end(), type) != found->end();
}

void add_to_description(Json& schema, const std::string& sentence) {
  std::string text = string_or(schema, "description");
  if (!text.empty()) {
    const char last = text.back();
    text += last == '.' || last == '!' || last == '?' ? " " : ". ";
  }
  schema["description"] = text + sentence;
}

/// Rewrites one schema tree; `ok` turns false when it meets something the subset cannot say.
class StrictWriter {
 public:
  bool ok() const { return ok_; }

  Json write(const Json& schema, int level, bool root) {
    if (!ok_ || !schema.is_object() || level > kMaxLevels) return fail();
    // The subset allows no word beside $ref.
    if (schema.contains("$ref")) {
      if (!schema["$ref"].is_string() || schema["$ref"].get<std::string>().rfind('#', 0) != 0) {
        return fail();
      }
      return Json{{"$ref", schema["$ref"]}};
    }
    const auto all_of = schema.find("allOf");
    if (all_of != schema.end()) return write_single_all_of(schema, *all_of, level, root);

    Json result = Json::object();
    std::string notes;
    for (const auto& [key, value] : schema.items()) {
      if (!write_keyword(key, value, level, result, notes)) return fail();
    }
    if (has_type(schema, "object")) {
      write_object(schema, level, root, result);
    } else if (schema.contains("properties") || schema.contains("required")) {
      return fail();
    }
    if (has_type(schema, "array") && !schema.contains("items")) return fail();
    if (!schema.contains("type")) give_type(schema, result);
    if (!notes.empty()) add_to_description(result, notes);
    return result;
  }

 private:
  Json fail() {
    ok_ = false;
    return Json::object();
  }

  Json write_single_all_of(const Json& schema, const Json& branches, int level, bool root) {
    if (!branches.is_array() || branches.size() != 1 || !branches[0].is_object()) return fail();
    Json merged = branches[0];
    for (const auto& [key, value] : schema.items()) {
      if (key == "allOf") continue;
      if (merged.contains(key) && key != "description") return fail();
      merged[key] = value;
    }
    return write(merged, level, root);
  }

  bool count_values(const Json& values) {
    enum_values_ += static_cast<int>(values.size());
    std::size_t own = 0;
    for (const Json& value : values) {
      if (value.is_string()) own += value.get<std::string>().size();
    }
    characters_ += own;
    const bool too_long = values.size() > kManyValues && own > kMaxManyCharacters;
    return enum_values_ <= kMaxEnumValues && characters_ <= kMaxCharacters && !too_long;
  }

  /// The service tells the branches of an anyOf apart by the first member.
  static bool share_a_first_key(const Json& branches) {
    std::set<std::string> first_keys;
    for (const Json& branch : branches) {
      if (!branch.contains("properties") || branch["properties"].empty()) continue;
      if (!first_keys.insert(branch["properties"].begin().key()).second) return true;
    }
    return false;
  }

  bool write_keyword(const std::string& key, const Json& value, int level, Json& result,
                     std::string& notes) {
    if (is_one_of(key, kept_keywords())) {
      if (key == "enum" && !count_values(value)) return false;
      if (key == "const" && value.is_string()) characters_ += value.get<std::string>().size();
      result[key] = value;
    } else if (key == "items") {
      result[key] = write(value, level + 1, false);
    } else if (key == "anyOf" || key == "oneOf") {
      if (level == 0 || !value.is_array() || value.empty()) return false;
      Json branches = Json::array();
      for (const Json& branch : value) branches.push_back(write(branch, level, false));
      if (share_a_first_key(branches)) return false;
      result["anyOf"] = std::move(branches);
    } else if (key == "$defs" || key == "definitions") {
      if (!value.is_object()) return false;
      Json definitions = Json::object();
      for (const auto& [name, definition] : value.items()) {
        characters_ += name.size();
        definitions[name] = write(definition, level + 1, false);
      }
      result[key] = std::move(definitions);
    } else if (key == "format") {
      if (value.is_string() && is_one_of(value.get<std::string>(), kept_formats())) {
        result[key] = value;
      } else {
        notes += (notes.empty() ? "" : " ") + ("Format: " + dump_json(value) + ".");
      }
    } else if (key == "default" || key == "minLength" || key == "maxLength") {
      // Refused by some models in strict mode; the reader still gets to know them.
      const char* label = key == "default"     ? "Default: "
                          : key == "minLength" ? "Minimum length: "
                                               : "Maximum length: ";
      notes += (notes.empty() ? "" : " ") + (label + dump_json(value) + ".");
    } else if (key == "additionalProperties") {
      return value == false;
    } else if (key != "properties" && key != "required") {
      return is_one_of(key, dropped_annotations());
    }
    return ok_;
  }

  void write_object(const Json& schema, int level, bool root, Json& result) {
    const auto found = schema.find("properties");
    const bool none = found == schema.end() || !found->is_object() || found->empty();
    // An object without named members is an open map, except as the list of no parameters.
    if (none && !root && !schema.contains("additionalProperties")) {
      ok_ = false;
      return;
    }
    std::set<std::string> required_before;
    if (schema.contains("required") && schema["required"].is_array()) {
      for (const Json& name : schema["required"]) {
        if (name.is_string()) required_before.insert(name.get<std::string>());
      }
    }
    Json properties = Json::object();
    Json required = Json::array();
    if (!none) {
      for (const auto& [name, property] : found->items()) {
        characters_ += name.size();
        if (++properties_ > kMaxProperties || characters_ > kMaxCharacters) ok_ = false;
        Json written = write(property, level + 1, false);
        if (!ok_) return;
        if (!is_one_of(name, required_before)) make_nullable(written);
        properties[name] = std::move(written);
        required.push_back(name);
      }
    }
    for (const std::string& name : required_before) {
      if (!properties.contains(name)) ok_ = false;
    }
    result["properties"] = std::move(properties);
    result["required"] = std::move(required);
    result["additionalProperties"] = false;
  }

  /// An enum or const of strings says its type; anything else without a type is untyped.
  void give_type(const Json& schema, Json& result) {
    if (schema.contains("anyOf") || schema.contains("oneOf")) return;
    Json values = schema.contains("enum") ? schema["enum"] : Json::array();
    if (schema.contains("const")) values.push_back(schema["const"]);
    const bool strings = values.is_array() && !values.empty() &&
                         std::all_of(values.begin(), values.end(),
                                     [](const Json& value) { return value.is_string(); });
    if (!strings) {
      ok_ = false;
      return;
    }
    result["type"] = "string";
  }

  static void make_nullable(Json& schema) {
    if (has_type(schema, "null")) return;
    const bool scalar = schema.contains("type") && !has_type(schema, "object") &&
                        !has_type(schema, "array") && !schema.contains("const") &&
                        !schema.contains("anyOf");
    if (scalar) {
      Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
      types.push_back("null");
      schema["type"] = std::move(types);
      if (schema.contains("enum")) {
        Json& values = schema["enum"];
        if (std::find(values.begin(), values.end(), nullptr) == values.end()) {
          values.push_back(nullptr);
        }
      }
      add_to_description(schema, "null means not given.");
      return;
    }
    if (schema.contains("anyOf") && !schema.contains("type")) {
      for (const Json& branch : schema["anyOf"]) {
        if (branch.is_object() && has_type(branch, "null")) return;
      }
      schema["anyOf"].push_back(Json{{"type", "null"}});
      return;
    }
    schema = Json{{"anyOf", Json::array({schema, Json{{"type", "null"}}})}};
  }

  bool ok_ = true;
  int properties_ = 0;
  int enum_values_ = 0;
  std::size_t characters_ = 0;
};

const Json* resolve(const Json* schema, const Json& root) {
  for (int hops = 0; hops < 16 && schema != nullptr && schema->is_object(); ++hops) {
    const std::string reference = string_or(*schema, "$ref");
    if (reference.empty()) return schema;
    if (reference == "#") return &root;
    if (reference.rfind("#/", 0) != 0) return nullptr;
    try {
      schema = &root.at(Json::json_pointer(reference.substr(1)));
    } catch (const nlohmann::json::exception&) {
      return nullptr;
    }
  }
  return nullptr;
}

const Json* branches_of(const Json& schema) {
  for (const char* key : {"anyOf", "oneOf"}) {
    const auto found = schema.find(key);
    if (found != schema.end() && found->is_array()) return &*found;
  }
  return nullptr;
}

bool allows_null(const Json* schema, const Json& root, int depth) {
  schema = resolve(schema, root);
  if (schema == nullptr || depth > 16) return true;
  if (schema->contains("enum")) {
    const Json& values = (*schema)["enum"];
    return std::find(values.begin(), values.end(), nullptr) != values.end();
  }
  if (schema->contains("const")) return (*schema)["const"].is_null();
  if (schema->contains("type")) return has_type(*schema, "null");
  const Json* branches = branches_of(*schema);
  if (branches == nullptr) return true;
  return std::any_of(branches->begin(), branches->end(),
                     [&](const Json& branch) { return allows_null(&branch, root, depth + 1); });
}

/// Every erase() of an ordered object moves all members behind it, so the rest is built anew.
template <typename Unwanted>
void remove_members_if(Json& object, const Unwanted& unwanted) {
  Json::object_t kept;
  kept.reserve(object.size());
  for (auto& [name, value] : object.get_ref<Json::object_t&>()) {
    if (!unwanted(name, value)) kept.emplace_back(name, std::move(value));
  }
  object.get_ref<Json::object_t&>() = std::move(kept);
}

void remove_nulls(Json& value, const Json* schema, const Json& root) {
  schema = resolve(schema, root);
  if (schema == nullptr) return;
  if (value.is_array()) {
    const auto items = schema->find("items");
    if (items != schema->end()) {
      for (Json& element : value) remove_nulls(element, &*items, root);
    }
  } else if (value.is_object()) {
    const auto properties = schema->find("properties");
    if (properties != schema->end() && properties->is_object()) {
      const auto required = schema->find("required");
      remove_members_if(value, [&](const std::string& name, Json& member) {
        const auto property = properties->find(name);
        if (property == properties->end()) return false;
        const bool wanted = required != schema->end() && required->is_array() &&
                            std::find(required->begin(), required->end(), name) != required->end();
        if (member.is_null() && !wanted && !allows_null(&*property, root, 0)) return true;
        remove_nulls(member, &*property, root);
        return false;
      });
    }
  } else {
    return;
  }
  if (const Json* branches = branches_of(*schema)) {
    for (const Json& branch : *branches) remove_nulls(value, &branch, root);
  }
}

}  // namespace

std::optional<Json> strict_schema(const Json& schema) {
  if (!schema.is_object() || string_or(schema, "type") != "object") return std::nullopt;
  StrictWriter writer;
  Json result = writer.write(schema, 0, true);
  if (!writer.ok()) return std::nullopt;
  return result;
}

void remove_optional_nulls(Json& arguments, const Json& schema) {
  remove_nulls(arguments, &schema, schema);
}

void remove_all_nulls(Json& arguments) {
  if (arguments.is_object()) {
    remove_members_if(arguments, [](const std::string&, Json& member) {
      if (member.is_null()) return true;
      remove_all_nulls(member);
      return false;
    });
  } else if (arguments.is_array()) {
    for (Json& element : arguments) remove_all_nulls(element);
  }
}

}  // namespace cartpilot::openai
