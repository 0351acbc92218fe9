// Builds a CompiledSchema: every keyword is read, checked and turned into a field of a node.
#include <fmt/format.h>

#include <functional>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/encoding.h"
#include "schema/compiled_schema.h"
#include "schema/json_compare.h"

namespace cartpilot::schema {

namespace {

constexpr std::size_t kMaxSchemaDepth = 128;
// Longest chain of subschemas that look at the same value (allOf, anyOf, oneOf, not, $ref).
constexpr int kMaxSamePlaceDepth = 32;

unsigned type_bit(std::string_view name) {
  if (name == "null") return kNullType;
  if (name == "boolean") return kBooleanType;
  if (name == "integer") return kIntegerType;
  if (name == "number") return kNumberType;
  if (name == "string") return kStringType;
  if (name == "array") return kArrayType;
  if (name == "object") return kObjectType;
  return 0;
}

}  // namespace

std::string pointer_join(const std::string& pointer, const std::string& name) {
  std::string result = pointer + '/';
  for (const char c : name) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

class SchemaCompiler {
 public:
  explicit SchemaCompiler(CompiledSchema& target) : target_(target) {}

  void run(const Json& schema) {
    compile(schema, "", 0);
    for (const Reference& reference : references_) {
      const auto found = by_pointer_.find(reference.target);
      if (found == by_pointer_.end()) {
        fail(reference.keyword,
             fmt::format("points to '#{}', where there is no schema", reference.target));
      }
      reference.node->reference = found->second;
    }
    for (const auto& [node, pointer] : pointers_) measure(node, 0);
  }

 private:
  struct Reference {
    SchemaNode* node;
    std::string target;   ///< JSON Pointer
    std::string keyword;  ///< pointer to the $ref itself
  };
  using Reader = void (SchemaCompiler::*)(SchemaNode&, const Json&, const std::string&);

  [[noreturn]] static void fail(const std::string& pointer, const std::string& what) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("JSON Schema: '#{}' {}", pointer, what));
  }

  const SchemaNode* compile(const Json& schema, const std::string& pointer, std::size_t depth) {
    if (depth > kMaxSchemaDepth) fail(pointer, "nests too deeply");
    SchemaNode& node = target_.nodes_.emplace_back();
    by_pointer_.emplace(pointer, &node);
    pointers_.emplace_back(&node, pointer);
    if (schema.is_boolean()) {
      node.nothing = !schema.get<bool>();
      return &node;
    }
    if (!schema.is_object()) fail(pointer, "must be a schema: an object or a boolean");
    const std::size_t outer_depth = depth_;
    depth_ = depth;
    for (const auto& [keyword, value] : schema.items()) {
      const std::string at = pointer_join(pointer, keyword);
      const auto found = readers().find(keyword);
      if (found == readers().end()) {
        fail(at, fmt::format("uses the keyword \"{}\", which is not supported here", keyword));
      }
      (this->*found->second)(node, value, at);
    }
    depth_ = outer_depth;
    return &node;
  }

  const SchemaNode* child(const Json& schema, const std::string& pointer) {
    return compile(schema, pointer, depth_ + 1);
  }

  /// How many subschemas in a row look at the same value. A cycle among them would never end.
  int measure(const SchemaNode* node, int depth) {
    const auto known = heights_.find(node);
    if (known != heights_.end() && known->second >= 0) return known->second;
    const auto refuse = [&](const char* what) {
      for (const auto& [candidate, pointer] : pointers_) {
        if (candidate == node) fail(pointer, what);
      }
    };
    if (known != heights_.end())
      refuse("refers to itself without going into a property or an item");
    if (depth > kMaxSamePlaceDepth) refuse("is reached through too many references in a row");
    heights_[node] = -1;
    int height = 0;
    const auto visit = [&](const SchemaNode* next) {
      if (next != nullptr) height = std::max(height, 1 + measure(next, depth + 1));
    };
    for (const SchemaNode* next : node->all_of) visit(next);
    for (const SchemaNode* next : node->any_of) visit(next);
    for (const SchemaNode* next : node->one_of) visit(next);
    visit(node->none_of);
    visit(node->reference);
    if (height > kMaxSamePlaceDepth) refuse("begins too many references in a row");
    heights_[node] = height;
    return height;
  }

  // Readers of one keyword each.

  void read_type(SchemaNode& node, const Json& value, const std::string& at) {
    const auto add = [&](const Json& name) {
      const unsigned bit = name.is_string() ? type_bit(name.get_ref<const std::string&>()) : 0;
      if (bit == 0) fail(at, fmt::format("names no type: {}", dump_json(name)));
      if ((node.types & bit) != 0) fail(at, "names a type twice");
      node.types |= bit;
    };
    if (!value.is_array()) return add(value);
    if (value.empty()) fail(at, "must name at least one type");
    for (const Json& name : value) add(name);
  }

  void read_const(SchemaNode& node, const Json& value, const std::string&) {
    node.constant = value;
  }

  void read_enum(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_array()) fail(at, "must be an array");
    node.enumeration = value.get<std::vector<Json>>();
  }

  template <std::optional<Json> SchemaNode::*field>
  void read_number(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_number()) fail(at, "must be a number");
    node.*field = value;
  }

  void read_multiple_of(SchemaNode& node, const Json& value, const std::string& at) {
    read_number<&SchemaNode::multiple_of>(node, value, at);
    if (compare_numbers(value, Json(0)) <= 0) fail(at, "must be more than 0");
  }

  template <std::optional<std::uint64_t> SchemaNode::*field>
  void read_size(SchemaNode& node, const Json& value, const std::string& at) {
    if (!is_integral(value) || compare_numbers(value, Json(0)) < 0 ||
        compare_numbers(value, Json(UINT64_MAX)) > 0) {
      fail(at, "must be a whole number, 0 or more");
    }
    node.*field = value.get<std::uint64_t>();
  }

  void read_pattern(SchemaNode& node, const Json& value, const std::string& at) {
    node.pattern = pattern(value, at);
  }

  static EcmaPattern pattern(const Json& value, const std::string& at) {
    if (!value.is_string()) fail(at, "must be a string");
    try {
      return EcmaPattern(value.get<std::string>());
    } catch (const Error& error) {
      fail(at, error.what());
    }
  }

  void read_unique_items(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_boolean()) fail(at, "must be true or false");
    node.unique_items = value.get<bool>();
  }

  template <std::vector<const SchemaNode*> SchemaNode::*field>
  void read_schemas(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_array() || value.empty()) fail(at, "must be a non-empty array of schemas");
    for (std::size_t i = 0; i < value.size(); ++i) {
      (node.*field).push_back(child(value[i], fmt::format("{}/{}", at, i)));
    }
  }

  template <const SchemaNode* SchemaNode::*field>
  void read_schema(SchemaNode& node, const Json& value, const std::string& at) {
    node.*field = child(value, at);
  }

  void read_properties(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_object()) fail(at, "must be an object");
    for (const auto& [name, schema] : value.items()) {
      node.properties.emplace(name, child(schema, pointer_join(at, name)));
    }
  }

  void read_pattern_properties(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_object()) fail(at, "must be an object");
    for (const auto& [name, schema] : value.items()) {
      const std::string member = pointer_join(at, name);
      node.pattern_properties.emplace_back(pattern(name, member), child(schema, member));
    }
  }

  void read_required(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_array()) fail(at, "must be an array of names");
    std::set<std::string> seen;
    for (const Json& name : value) {
      if (!name.is_string()) fail(at, "must be an array of names");
      if (!seen.insert(name.get<std::string>()).second) fail(at, "names a member twice");
      node.required.push_back(name.get<std::string>());
    }
  }

  void read_definitions(SchemaNode&, const Json& value, const std::string& at) {
    if (!value.is_object()) fail(at, "must be an object");
    for (const auto& [name, schema] : value.items()) child(schema, pointer_join(at, name));
  }

  void read_reference(SchemaNode& node, const Json& value, const std::string& at) {
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (text != "#" && text.rfind("#/", 0) != 0) {
      fail(at,
           fmt::format("is {}; only references inside the same schema (\"#/...\") are supported",
                       dump_json(value)));
    }
    // A $ref is a URI, and its fragment is the pointer in percent-encoding.
    const std::string pointer = text.substr(1);
    references_.push_back({&node, base::percent_decoded(pointer).value_or(pointer), at});
  }

  // Annotations: checked for their form, without effect.

  void read_text(SchemaNode&, const Json& value, const std::string& at) {
    if (!value.is_string()) fail(at, "must be a string");
  }
  void read_flag(SchemaNode&, const Json& value, const std::string& at) {
    if (!value.is_boolean()) fail(at, "must be true or false");
  }
  void read_array(SchemaNode&, const Json& value, const std::string& at) {
    if (!value.is_array()) fail(at, "must be an array");
  }
  void read_anything(SchemaNode&, const Json&, const std::string&) {}

  /// Another draft gives some keywords another meaning.
  void read_dialect(SchemaNode&, const Json& value, const std::string& at) {
    std::string dialect = value.is_string() ? value.get<std::string>() : "";
    if (!dialect.empty() && dialect.back() == '#') dialect.pop_back();
    if (dialect != "https://json-schema.org/draft/2020-12/schema") {
      fail(at, fmt::format("is {}; schemas here are draft 2020-12", dump_json(value)));
    }
  }

  /// At the root it is only a name. Further in it would change what "#/..." means.
  void read_id(SchemaNode& node, const Json& value, const std::string& at) {
    if (!value.is_string()) fail(at, "must be a string");
    if (&node != &target_.nodes_.front()) fail(at, "is supported at the root only");
  }

  static const std::unordered_map<std::string, Reader>& readers() {
    using Node = SchemaNode;
    using Self = SchemaCompiler;
    static const std::unordered_map<std::string, Reader> all = {
        {"type", &Self::read_type},
        {"const", &Self::read_const},
        {"enum", &Self::read_enum},
        {"minimum", &Self::read_number<&Node::minimum>},
        {"maximum", &Self::read_number<&Node::maximum>},
        {"exclusiveMinimum", &Self::read_number<&Node::exclusive_minimum>},
        {"exclusiveMaximum", &Self::read_number<&Node::exclusive_maximum>},
        {"multipleOf", &Self::read_multiple_of},
        {"minLength", &Self::read_size<&Node::min_length>},
        {"maxLength", &Self::read_size<&Node::max_length>},
        {"pattern", &Self::read_pattern},
        {"prefixItems", &Self::read_schemas<&Node::prefix_items>},
        {"items", &Self::read_schema<&Node::items>},
        {"minItems", &Self::read_size<&Node::min_items>},
        {"maxItems", &Self::read_size<&Node::max_items>},
        {"uniqueItems", &Self::read_unique_items},
        {"properties", &Self::read_properties},
        {"patternProperties", &Self::read_pattern_properties},
        {"additionalProperties", &Self::read_schema<&Node::additional_properties>},
        {"propertyNames", &Self::read_schema<&Node::property_names>},
        {"required", &Self::read_required},
        {"minProperties", &Self::read_size<&Node::min_properties>},
        {"maxProperties", &Self::read_size<&Node::max_properties>},
        {"allOf", &Self::read_schemas<&Node::all_of>},
        {"anyOf", &Self::read_schemas<&Node::any_of>},
        {"oneOf", &Self::read_schemas<&Node::one_of>},
        {"not", &Self::read_schema<&Node::none_of>},
        {"$ref", &Self::read_reference},
        {"$defs", &Self::read_definitions},
        {"$schema", &Self::read_dialect},
        {"$id", &Self::read_id},
        {"$comment", &Self::read_text},
        {"title", &Self::read_text},
        {"description", &Self::read_text},
        {"format", &Self::read_text},
        {"default", &Self::read_anything},
        {"examples", &Self::read_array},
        {"deprecated", &Self::read_flag},
        {"readOnly", &Self::read_flag},
        {"writeOnly", &Self::read_flag},
    };
    return all;
  }

  CompiledSchema& target_;
  std::size_t depth_ = 0;  ///< of the schema whose keywords are being read
  std::unordered_map<std::string, const SchemaNode*> by_pointer_;
  std::vector<std::pair<const SchemaNode*, std::string>> pointers_;
  std::vector<Reference> references_;
  std::unordered_map<const SchemaNode*, int> heights_;  ///< -1 = being measured
};

CompiledSchema::CompiledSchema(const Json& schema) { SchemaCompiler(*this).run(schema); }

}  // namespace cartpilot::schema
