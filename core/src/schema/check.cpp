// Checks an instance against a CompiledSchema, and narrows its integers.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "cartpilot/detail/characters.h"
#include "schema/compiled_schema.h"
#include "schema/json_compare.h"
#include "schema/violation_text.h"

namespace cartpilot::schema {

namespace {

// An instance is text from a model: bound the work, and refuse what goes beyond it.
constexpr std::size_t kMaxInstanceDepth = kMaxJsonDepth;
constexpr int kMaxSteps = 1'000'000;
constexpr std::size_t kExplainedAlternatives = 3;

/// A place in the instance. Chained on the stack; becomes text only when something is wrong there.
struct Place {
  const Place* parent = nullptr;
  const std::string* member = nullptr;  ///< null: an array item
  std::size_t index = 0;
  std::size_t depth = 0;

  std::string pointer() const {
    if (parent == nullptr) return "";
    return pointer_join(parent->pointer(), member != nullptr ? *member : std::to_string(index));
  }
};

std::uint64_t code_points(const std::string& text) {
  return static_cast<std::uint64_t>(
      std::count_if(text.begin(), text.end(), std::not_fn(detail::continues_character)));
}

unsigned type_bits_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return kNullType;
    case Json::value_t::boolean: return kBooleanType;
    case Json::value_t::string: return kStringType;
    case Json::value_t::array: return kArrayType;
    case Json::value_t::object: return kObjectType;
    default: return is_integral(value) ? kNumberType | kIntegerType : kNumberType;
  }
}

class Checker {
 public:
  /// With `violations` null only the answer counts, and checking stops at the first problem.
  bool check(const SchemaNode& node, const Json& value, const Place& place,
             std::vector<Violation>* violations) {
    if (++steps_ > kMaxSteps || place.depth > kMaxInstanceDepth) {
      exhausted_ = true;
      return false;
    }
    const Spot spot{value, place, violations};
    if (node.nothing) return problem(spot, "is not allowed");
    bool fits = check_value(node, spot);
    if (!fits && violations == nullptr) return false;
    if (value.is_number()) {
      fits = check_number(node, spot) && fits;
    } else if (value.is_string()) {
      fits = check_string(node, spot) && fits;
    } else if (value.is_array()) {
      fits = check_array(node, spot) && fits;
    } else if (value.is_object()) {
      fits = check_object(node, spot) && fits;
    }
    if (!fits && violations == nullptr) return false;
    return check_combined(node, spot) && fits;
  }

  bool exhausted() const { return exhausted_; }

 private:
  struct Spot {
    const Json& value;
    const Place& place;
    std::vector<Violation>* violations;
  };

  static bool full(const Spot& spot) {
    return spot.violations == nullptr || spot.violations->size() >= kMaxViolations;
  }

  static bool problem(const Spot& spot, const std::string& message) {
    if (!full(spot)) spot.violations->push_back({spot.place.pointer(), message});
    return false;
  }

  /// A problem whose words cost something to make.
  template <typename... Values>
  static bool problem(const Spot& spot, fmt::format_string<Values...> format, Values&&... values) {
    if (full(spot)) return false;
    return problem(spot, fmt::format(format, std::forward<Values>(values)...));
  }

  static bool check_value(const SchemaNode& node, const Spot& spot) {
    bool fits = true;
    if (node.types != 0 && (node.types & type_bits_of(spot.value)) == 0) {
      fits = full(spot)
                 ? false
                 : problem(spot, "is {}, must be {}", shown(spot.value), type_names(node.types));
    }
    if (node.constant && compare_json(*node.constant, spot.value) != 0) {
      fits = problem(spot, "is {}, must be {}", shown(spot.value), shown(*node.constant));
    }
    if (node.enumeration &&
        std::none_of(node.enumeration->begin(), node.enumeration->end(),
                     [&](const Json& one) { return compare_json(one, spot.value) == 0; })) {
      fits =
          problem(spot, "is {}, must be one of {}", shown(spot.value), listed(*node.enumeration));
    }
    return fits;
  }

  static bool check_number(const SchemaNode& node, const Spot& spot) {
    bool fits = true;
    const auto bound = [&](const std::optional<Json>& limit, const char* words, auto holds) {
      if (!limit || holds(compare_numbers(spot.value, *limit))) return;
      fits = problem(spot, "is {}, must be {} {}", shown(spot.value), words, shown(*limit));
    };
    bound(node.minimum, "at least", [](int order) { return order >= 0; });
    bound(node.maximum, "at most", [](int order) { return order <= 0; });
    bound(node.exclusive_minimum, "more than", [](int order) { return order > 0; });
    bound(node.exclusive_maximum, "less than", [](int order) { return order < 0; });
    if (node.multiple_of && !is_multiple_of(spot.value, *node.multiple_of)) {
      fits = problem(spot, "is {}, must be a multiple of {}", shown(spot.value),
                     shown(*node.multiple_of));
    }
    return fits;
  }

  static bool check_size(const std::optional<std::uint64_t>& least,
                         const std::optional<std::uint64_t>& most, std::uint64_t size,
                         const char* noun, const Spot& spot) {
    if (least && size < *least) {
      return problem(spot, "has {}, must have at least {}", counted(size, noun), *least);
    }
    if (most && size > *most) {
      return problem(spot, "has {}, must have at most {}", counted(size, noun), *most);
    }
    return true;
  }

  static bool check_string(const SchemaNode& node, const Spot& spot) {
    const std::string& text = spot.value.get_ref<const std::string&>();
    bool fits = true;
    if (node.min_length || node.max_length) {
      fits = check_size(node.min_length, node.max_length, code_points(text), "character", spot);
    }
    if (!node.pattern) return fits;
    const std::optional<bool> found = node.pattern->found_in(text);
    if (!found) {
      return problem(spot, "is too long or too intricate to be checked against the pattern {}",
                     node.pattern->source());
    }
    if (!*found) {
      return problem(spot, "is {}, must match the pattern {}", shown(spot.value),
                     node.pattern->source());
    }
    return fits;
  }

  bool check_array(const SchemaNode& node, const Spot& spot) {
    const Json& array = spot.value;
    bool fits = check_size(node.min_items, node.max_items, array.size(), "item", spot);
    if (node.unique_items) fits = check_unique(spot) && fits;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const SchemaNode* schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
      if (schema == nullptr) break;
      const Place item{&spot.place, nullptr, i, spot.place.depth + 1};
      fits = check(*schema, array[i], item, spot.violations) && fits;
      if (!fits && full(spot)) return false;
    }
    return fits;
  }

  static bool check_unique(const Spot& spot) {
    std::vector<const Json*> items;
    items.reserve(spot.value.size());
    for (const Json& item : spot.value) items.push_back(&item);
    std::stable_sort(items.begin(), items.end(),
                     [](const Json* a, const Json* b) { return compare_json(*a, *b) < 0; });
    const auto twin =
        std::adjacent_find(items.begin(), items.end(),
                           [](const Json* a, const Json* b) { return compare_json(*a, *b) == 0; });
    if (twin == items.end()) return true;
    return problem(spot, "has the item {} twice, all must differ", shown(**twin));
  }

  bool check_object(const SchemaNode& node, const Spot& spot) {
    bool fits =
        check_size(node.min_properties, node.max_properties, spot.value.size(), "member", spot);
    for (const std::string& name : node.required) {
      if (spot.value.contains(name)) continue;
      fits = false;
      const Place member{&spot.place, &name, 0, spot.place.depth + 1};
      problem({spot.value, member, spot.violations}, "is missing");
    }
    if (node.properties.empty() && node.pattern_properties.empty() &&
        node.additional_properties == nullptr && node.property_names == nullptr) {
      return fits;
    }
    for (auto member = spot.value.begin(); member != spot.value.end(); ++member) {
      const Place place{&spot.place, &member.key(), 0, spot.place.depth + 1};
      fits = check_member(node, {member.value(), place, spot.violations}) && fits;
      if (!fits && full(spot)) return false;
    }
    return fits;
  }

  bool check_member(const SchemaNode& node, const Spot& spot) {
    const std::string& name = *spot.place.member;
    bool fits = node.property_names == nullptr || check_name(*node.property_names, spot);
    bool known = false;
    if (const auto property = node.properties.find(name); property != node.properties.end()) {
      known = true;
      fits = check(*property->second, spot.value, spot.place, spot.violations) && fits;
    }
    for (const auto& [pattern, schema] : node.pattern_properties) {
      const std::optional<bool> found = pattern.found_in(name);
      if (!found) return problem(spot, "has a name that is too long to be checked");
      if (!*found) continue;
      known = true;
      fits = check(*schema, spot.value, spot.place, spot.violations) && fits;
    }
    if (known || node.additional_properties == nullptr) return fits;
    if (!node.additional_properties->nothing) {
      return check(*node.additional_properties, spot.value, spot.place, spot.violations);
    }
    if (full(spot)) return false;
    std::vector<Json> names;
    for (const auto& [property, schema] : node.properties) names.emplace_back(property);
    if (names.empty()) return problem(spot, "is not allowed");
    return problem(spot, "is not a known member; known are {}", listed(names));
  }

  bool check_name(const SchemaNode& node, const Spot& spot) {
    std::vector<Violation> why;
    if (check(node, *spot.place.member, spot.place, &why)) return true;
    return problem(spot, "has a name that {}", why.empty() ? "is not allowed" : why[0].message);
  }

  bool check_combined(const SchemaNode& node, const Spot& spot) {
    bool fits = true;
    if (node.reference != nullptr) fits = again(*node.reference, spot, spot.violations);
    for (const SchemaNode* part : node.all_of) {
      if (!fits && full(spot)) return false;
      fits = again(*part, spot, spot.violations) && fits;
    }
    if (!node.any_of.empty() &&
        std::none_of(node.any_of.begin(), node.any_of.end(),
                     [&](const SchemaNode* part) { return again(*part, spot, nullptr); })) {
      fits = full(spot) ? false : no_alternative(node.any_of, spot);
    }
    if (!node.one_of.empty()) fits = check_one_of(node.one_of, spot) && fits;
    if (node.none_of != nullptr && again(*node.none_of, spot, nullptr)) {
      fits = problem(spot, "is {}, which the schema excludes", shown(spot.value));
    }
    return fits;
  }

  bool check_one_of(const std::vector<const SchemaNode*>& parts, const Spot& spot) {
    const auto matches = std::count_if(parts.begin(), parts.end(), [&](const SchemaNode* part) {
      return again(*part, spot, nullptr);
    });
    if (matches == 1) return true;
    if (full(spot)) return false;
    if (matches == 0) return no_alternative(parts, spot);
    return problem(spot, "fits {} of the alternatives, must fit exactly one", matches);
  }

  /// Says for the first alternatives why the value does not fit them.
  bool no_alternative(const std::vector<const SchemaNode*>& parts, const Spot& spot) {
    std::string reasons;
    const std::string here = spot.place.pointer();
    for (std::size_t i = 0; i < parts.size() && i < kExplainedAlternatives; ++i) {
      std::vector<Violation> why;
      again(*parts[i], spot, &why);
      if (why.empty()) continue;
      const std::string below =
          why.front().path.substr(std::min(here.size(), why.front().path.size()));
      reasons +=
          fmt::format("; ({}) {}{}{}", i + 1, below, below.empty() ? "" : " ", why.front().message);
    }
    return problem(spot, "fits none of {}{}", counted(parts.size(), "alternative"), reasons);
  }

  bool again(const SchemaNode& node, const Spot& spot, std::vector<Violation>* violations) {
    return check(node, spot.value, spot.place, violations);
  }

  int steps_ = 0;
  bool exhausted_ = false;
};

class Narrower {
 public:
  void narrow(const SchemaNode& node, Json& value, std::size_t depth) {
    if (++steps_ > kMaxSteps || depth > kMaxInstanceDepth) return;
    if (value.is_number_float()) {
      if ((node.types & kIntegerType) != 0 && (node.types & kNumberType) == 0) to_integer(value);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        const SchemaNode* schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
        if (schema != nullptr) narrow(*schema, value[i], depth + 1);
      }
    } else if (value.is_object()) {
      for (auto member = value.begin(); member != value.end(); ++member) {
        narrow_member(node, member.key(), member.value(), depth + 1);
      }
    }
    if (node.reference != nullptr) narrow(*node.reference, value, depth);
    for (const SchemaNode* part : node.all_of) narrow(*part, value, depth);
    for (const SchemaNode* part : node.any_of) narrow_if_fits(*part, value, depth);
    for (const SchemaNode* part : node.one_of) narrow_if_fits(*part, value, depth);
  }

 private:
  void narrow_member(const SchemaNode& node, const std::string& name, Json& value,
                     std::size_t depth) {
    bool known = false;
    if (const auto property = node.properties.find(name); property != node.properties.end()) {
      known = true;
      narrow(*property->second, value, depth);
    }
    for (const auto& [pattern, schema] : node.pattern_properties) {
      if (pattern.found_in(name) != true) continue;
      known = true;
      narrow(*schema, value, depth);
    }
    if (!known && node.additional_properties != nullptr) {
      narrow(*node.additional_properties, value, depth);
    }
  }

  void narrow_if_fits(const SchemaNode& node, Json& value, std::size_t depth) {
    if (checker_.check(node, value, Place{}, nullptr)) narrow(node, value, depth);
  }

  static void to_integer(Json& value) {
    if (!is_integral(value)) return;
    const double number = value.get<double>();
    if (number >= -9223372036854775808.0 && number < 9223372036854775808.0) {
      value = static_cast<std::int64_t>(number);
    } else if (number >= 0 && number < 18446744073709551616.0) {
      value = static_cast<std::uint64_t>(number);
    }
  }

  Checker checker_;  ///< one for all, so that its bound holds for the whole
  int steps_ = 0;
};

}  // namespace

std::vector<Violation> check_instance(const CompiledSchema& schema, const Json& instance) {
  std::vector<Violation> violations;
  Checker checker;
  checker.check(schema.root(), instance, Place{}, &violations);
  if (checker.exhausted()) return {{"", "is too large or too deep to be checked"}};
  return violations;
}

void narrow_instance(const CompiledSchema& schema, Json& instance) {
  Narrower().narrow(schema.root(), instance, 0);
}

}  // namespace cartpilot::schema
