// CompiledSchema: a JSON Schema as a graph of nodes, ready to be checked against.
//
// One node per subschema; references are pointers between nodes. The graph may have cycles, but
// every cycle passes through a child of the instance (a property or an item), so that checking
// ends. Immutable once compiled; safe to share between threads.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"
#include "schema/ecma_pattern.h"
#include "schema/validator.h"

namespace cartpilot::schema {

/// Bits of SchemaNode::types.
enum TypeBit : unsigned {
  kNullType = 1,
  kBooleanType = 2,
  kIntegerType = 4,
  kNumberType = 8,
  kStringType = 16,
  kArrayType = 32,
  kObjectType = 64,
};

struct SchemaNode {
  /// The schema `false`: nothing fits. `true` is a node without any assertion.
  bool nothing = false;

  unsigned types = 0;  ///< TypeBits, 0 = any
  std::optional<Json> constant;
  std::optional<std::vector<Json>> enumeration;

  std::optional<Json> minimum;
  std::optional<Json> maximum;
  std::optional<Json> exclusive_minimum;
  std::optional<Json> exclusive_maximum;
  std::optional<Json> multiple_of;

  std::optional<std::uint64_t> min_length;
  std::optional<std::uint64_t> max_length;
  std::optional<EcmaPattern> pattern;

  std::vector<const SchemaNode*> prefix_items;
  const SchemaNode* items = nullptr;
  std::optional<std::uint64_t> min_items;
  std::optional<std::uint64_t> max_items;
  bool unique_items = false;

  std::map<std::string, const SchemaNode*> properties;
  std::vector<std::pair<EcmaPattern, const SchemaNode*>> pattern_properties;
  const SchemaNode* additional_properties = nullptr;
  const SchemaNode* property_names = nullptr;
  std::vector<std::string> required;
  std::optional<std::uint64_t> min_properties;
  std::optional<std::uint64_t> max_properties;

  std::vector<const SchemaNode*> all_of;
  std::vector<const SchemaNode*> any_of;
  std::vector<const SchemaNode*> one_of;
  const SchemaNode* none_of = nullptr;  ///< `not`
  const SchemaNode* reference = nullptr;
};

class CompiledSchema {
 public:
  /// Throws Error{kInvalidArgument} with the pointer to the keyword that is unknown or malformed.
  explicit CompiledSchema(const Json& schema);
  CompiledSchema(const CompiledSchema&) = delete;
  CompiledSchema& operator=(const CompiledSchema&) = delete;

  const SchemaNode& root() const { return nodes_.front(); }

 private:
  friend class SchemaCompiler;
  std::deque<SchemaNode> nodes_;  ///< the first is the root; addresses stay
};

std::vector<Violation> check_instance(const CompiledSchema& schema, const Json& instance);
void narrow_instance(const CompiledSchema& schema, Json& instance);

/// Appends a member name to a JSON Pointer, escaped.
std::string pointer_join(const std::string& pointer, const std::string& name);

}  // namespace cartpilot::schema
