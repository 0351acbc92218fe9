#include "commerce/json_fields.h"

#include <string_view>

namespace cartpilot::commerce {
namespace {

[[noreturn]] void wrong_type(const std::string& path, std::string_view expected, const Json& got) {
  // A number is shown, because 12.0 is only wrong when one sees the point; text could be anything.
  const std::string shown = got.is_number() ? dump_json(got) : got.type_name();
  throw Error(ErrorCode::kProtocol, fmt::format("{} must be {}, not {}", path, expected, shown));
}

std::string text_of(const Json& value, const std::string& path) {
  if (!value.is_string()) wrong_type(path, "a string", value);
  return value.get<std::string>();
}

std::int64_t integer_of(const Json& value, const std::string& path) {
  if (!value.is_number_integer()) wrong_type(path, "an integer", value);
  const std::optional<std::int64_t> number = whole_number(value);
  if (!number) wrong_type(path, "an integer below 2^63", value);
  return *number;
}

}  // namespace

JsonFields::JsonFields(const Json& value, std::string path)
    : object_(&value), path_(std::move(path)) {
  if (!value.is_object()) wrong_type(path_, "an object", value);
}

std::string JsonFields::text(const char* key) const { return text_of(require(key), path_of(key)); }

std::optional<std::string> JsonFields::optional_text(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return text_of(*value, path_of(key));
}

std::int64_t JsonFields::integer(const char* key) const {
  return integer_of(require(key), path_of(key));
}

std::optional<std::int64_t> JsonFields::optional_integer(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return integer_of(*value, path_of(key));
}

std::optional<double> JsonFields::optional_number(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) wrong_type(path_of(key), "a number", *value);
  return value->get<double>();
}

bool JsonFields::flag(const char* key) const {
  const Json& value = require(key);
  if (!value.is_boolean()) wrong_type(path_of(key), "true or false", value);
  return value.get<bool>();
}

std::string JsonFields::currency(const char* key) const {
  const Json& value = require(key);
  std::string code = text_of(value, path_of(key));
  bool well_formed = code.size() == 3;
  for (const char c : code) well_formed = well_formed && c >= 'A' && c <= 'Z';
  if (!well_formed) {
    throw Error(ErrorCode::kProtocol,
                fmt::format("{} must be a currency code of three capital letters", path_of(key)));
  }
  return code;
}

Money JsonFields::money(const char* key) const {
  const JsonFields price(require(key), path_of(key));
  return {price.integer("amount"), price.currency("currency")};
}

std::optional<Money> JsonFields::optional_money(const char* key) const {
  if (find(key) == nullptr) return std::nullopt;
  return money(key);
}

Json JsonFields::free_object(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return Json::object();
  if (!value->is_object()) wrong_type(path_of(key), "an object", *value);
  return *value;
}

std::optional<JsonFields> JsonFields::optional_object(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return JsonFields(*value, path_of(key));
}

const Json* JsonFields::find(const char* key) const {
  const auto found = object_->find(key);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

const Json& JsonFields::require(const char* key) const {
  const auto found = object_->find(key);
  if (found == object_->end()) {
    throw Error(ErrorCode::kProtocol, fmt::format("{} is missing", path_of(key)));
  }
  return *found;
}

const Json& JsonFields::list_of(const char* key) const {
  const Json& array = require(key);
  if (!array.is_array()) wrong_type(path_of(key), "a list", array);
  return array;
}

std::string JsonFields::path_of(const char* key) const { return fmt::format("{}.{}", path_, key); }

}  // namespace cartpilot::commerce
