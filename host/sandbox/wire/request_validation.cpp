#include "sandbox/wire/request_validation.h"

#include <fmt/format.h>

#include "sandbox/wire/refusal.h"
#include "sandbox/wire/unicode_text.h"

namespace cartpilot::sandbox {
namespace {

Json problem(const char* type, Json location, std::string message, const Json& input,
             Json context = nullptr) {
  Json entry = {
      {"type", type}, {"loc", std::move(location)}, {"msg", std::move(message)}, {"input", input}};
  if (!context.is_null()) entry["ctx"] = std::move(context);
  return entry;
}

constexpr const char* kNotAnObject =
    "Input should be a valid dictionary or object to extract fields from";

}  // namespace

const Json* Fields::find(const char* name) const {
  const auto member = object_.find(name);
  return member == object_.end() ? nullptr : &*member;
}

const Json* Fields::find_set(const char* name) const {
  const Json* value = find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Json* Fields::find_required(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) report(location_of(name), "missing", "Field required", object_);
  return value;
}

Json Fields::location_of(const char* name) const {
  Json location = location_;
  location.push_back(name);
  return location;
}

void Fields::report(Json location, const char* type, std::string message, const Json& input,
                    Json context) {
  problems_.push_back(
      problem(type, std::move(location), std::move(message), input, std::move(context)));
}

void Fields::check() const {
  if (!problems_.empty()) throw ValidationRefusal(problems_);
}

std::string Fields::text(const char* name, const Json& value, TextLimits limits) {
  if (!value.is_string()) {
    report(location_of(name), "string_type", "Input should be a valid string", value);
    return "";
  }
  std::string read = value.get<std::string>();
  const std::size_t length = code_point_count(read);
  if (length < limits.shortest) {
    report(location_of(name), "string_too_short",
           fmt::format("String should have at least {} character{}", limits.shortest,
                       limits.shortest == 1 ? "" : "s"),
           value, {{"min_length", limits.shortest}});
  } else if (length > limits.longest) {
    report(location_of(name), "string_too_long",
           fmt::format("String should have at most {} characters", limits.longest), value,
           {{"max_length", limits.longest}});
  }
  return read;
}

std::string Fields::required_text(const char* name, TextLimits limits) {
  const Json* value = find_required(name);
  return value == nullptr ? "" : text(name, *value, limits);
}

std::string Fields::text_or(const char* name, const char* fallback) {
  const Json* value = find(name);
  return value == nullptr ? fallback : text(name, *value, {});
}

std::optional<std::string> Fields::optional_text(const char* name) {
  const Json* value = find_set(name);
  if (value == nullptr) return std::nullopt;
  return text(name, *value, {});
}

Json Fields::optional_object(const char* name) {
  const Json* value = find_set(name);
  if (value == nullptr) return Json::object();
  if (!value->is_object()) {
    report(location_of(name), "dict_type", "Input should be a valid dictionary", *value);
  }
  return *value;
}

std::int64_t Fields::integer(const char* name, const Json& value, IntegerLimits limits) {
  const IntegerReading reading = read_integer(value);
  if (!reading.value) {
    report(location_of(name), reading.type, reading.message, value);
    return 0;
  }
  if (limits.least && *reading.value < *limits.least) {
    report(location_of(name), "greater_than_equal",
           fmt::format("Input should be greater than or equal to {}", *limits.least), value,
           {{"ge", *limits.least}});
  } else if (limits.most && *reading.value > *limits.most) {
    report(location_of(name), "less_than_equal",
           fmt::format("Input should be less than or equal to {}", *limits.most), value,
           {{"le", *limits.most}});
  }
  return *reading.value;
}

std::int64_t Fields::required_integer(const char* name, IntegerLimits limits) {
  const Json* value = find_required(name);
  return value == nullptr ? 0 : integer(name, *value, limits);
}

std::int64_t Fields::integer_or(const char* name, std::int64_t fallback, IntegerLimits limits) {
  const Json* value = find(name);
  return value == nullptr ? fallback : integer(name, *value, limits);
}

std::optional<std::int64_t> Fields::optional_integer(const char* name) {
  const Json* value = find_set(name);
  if (value == nullptr) return std::nullopt;
  return integer(name, *value, {});
}

std::vector<ItemRequest> Fields::required_items() {
  std::vector<ItemRequest> items;
  const Json* list = find_required("items");
  if (list == nullptr) return items;
  if (!list->is_array()) {
    report(location_of("items"), "list_type", "Input should be a valid list", *list);
    return items;
  }
  if (list->empty()) {
    report(location_of("items"), "too_short",
           "List should have at least 1 item after validation, not 0", *list,
           {{"field_type", "List"}, {"min_length", 1}, {"actual_length", 0}});
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    Json location = location_of("items");
    location.push_back(i);
    const Json& element = (*list)[i];
    if (!element.is_object()) {
      report(std::move(location), "model_attributes_type", kNotAnObject, element);
      continue;
    }
    Fields fields(element, std::move(location), problems_);
    ItemRequest item;
    item.product_id = fields.required_text("product_id");
    item.variant_id = fields.optional_text("variant_id");
    item.quantity = fields.required_integer("quantity", {.least = 1, .most = std::nullopt});
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace cartpilot::sandbox
