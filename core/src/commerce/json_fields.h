// JsonFields: typed reading of one JSON object, with errors that name the exact field.
//
// Strict on purpose: an integer is a JSON integer (12.0, 1e3 and "12" are not), and nothing is
// converted. Optional fields may be absent or null. Unknown fields are ignored. Every failure is an
// Error{kProtocol} such as "checkout.items[0].quantity must be an integer, not 2.5". Borrows the
// JSON, which must outlive the reader. Internal to this module; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cartpilot/json.h"
#include "commerce/money.h"

namespace cartpilot::commerce {

class JsonFields {
 public:
  /// `path` names the object in messages. Throws when `value` is no object.
  JsonFields(const Json& value, std::string path);

  std::string text(const char* key) const;
  std::optional<std::string> optional_text(const char* key) const;
  std::int64_t integer(const char* key) const;
  std::optional<std::int64_t> optional_integer(const char* key) const;
  std::optional<double> optional_number(const char* key) const;
  bool flag(const char* key) const;
  /// Three upper-case letters.
  std::string currency(const char* key) const;
  /// `{"amount":<integer>,"currency":"USD"}`
  Money money(const char* key) const;
  std::optional<Money> optional_money(const char* key) const;
  /// A free-form object, or {} when it is absent or null.
  Json free_object(const char* key) const;
  std::optional<JsonFields> optional_object(const char* key) const;

  /// One `read(JsonFields)` per element of a list of objects.
  template <typename Read>
  auto list(const char* key, Read read) const {
    std::vector<decltype(read(*this))> values;
    const Json& array = list_of(key);
    values.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
      values.push_back(read(JsonFields(array[i], fmt::format("{}[{}]", path_of(key), i))));
    }
    return values;
  }

  /// The same, or no values when the list is absent or null.
  template <typename Read>
  auto optional_list(const char* key, Read read) const {
    using Values = decltype(list(key, read));
    return find(key) == nullptr ? Values() : list(key, read);
  }

 private:
  const Json* find(const char* key) const;  ///< nullptr when absent or null
  const Json& require(const char* key) const;
  const Json& list_of(const char* key) const;
  std::string path_of(const char* key) const;

  const Json* object_;
  std::string path_;
};

}  // namespace cartpilot::commerce
