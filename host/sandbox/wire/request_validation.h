// Request bodies and query parameters checked as the service checks them.
//
// `Fields` reads the members of one object in schema order and collects every problem in the
// service's own form; `check()` ends the reading with a ValidationRefusal when there was one.
// Values read after a problem are defaults and must not be used before check(). One request, one
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "sandbox/http/message.h"
#include "sandbox/store/records.h"

namespace cartpilot::sandbox {

/// The JSON object in the body. Throws ValidationRefusal (no body, not JSON, not an object, wrong
/// Content-Type) or UnreadableBody.
Json read_body(const Request& request);

struct IntegerLimits {
  std::optional<std::int64_t> least;
  std::optional<std::int64_t> most;
};

struct TextLimits {
  std::size_t shortest = 0;
  std::size_t longest = std::string::npos;  ///< in code points
};

class Fields {
 public:
  /// `object` must outlive the reading. `location` is the JSON array that leads to it: ["body"].
  Fields(const Json& object, Json location) : Fields(object, std::move(location), own_problems_) {}
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  std::string required_text(const char* name, TextLimits limits = {});
  std::string text_or(const char* name, const char* fallback);
  /// null and absent mean the same.
  std::optional<std::string> optional_text(const char* name);
  /// An object; {} for null and absent.
  Json optional_object(const char* name);
  std::int64_t required_integer(const char* name, IntegerLimits limits);
  std::int64_t integer_or(const char* name, std::int64_t fallback, IntegerLimits limits);
  /// null and absent mean the same.
  std::optional<std::int64_t> optional_integer(const char* name);
  bool flag_or(const char* name, bool fallback);
  std::optional<bool> optional_flag(const char* name);
  double number_or(const char* name, double fallback, double least, double most);
  /// One of `choices`, or "" when absent.
  std::string choice(const char* name, const std::vector<std::string>& choices);
  /// Any object.
  Json required_object(const char* name);
  /// An ISO 8601 or Unix time; the value is of no further use.
  void required_instant(const char* name);
  /// The object `name` of switches, each under one of `names`. {} when absent.
  Json switches(const char* name, const std::vector<std::string>& names);
  /// The non-empty list `items` of {product_id, variant_id, quantity}.
  std::vector<ItemRequest> required_items();

  /// Throws ValidationRefusal when anything was wrong so far.
  void check() const;

 private:
  Fields(const Json& object, Json location, Json& problems)
      : object_(object), location_(std::move(location)), problems_(problems) {}

  const Json* find(const char* name) const;
  const Json* find_required(const char* name);
  const Json* find_set(const char* name) const;
  std::string text(const char* name, const Json& value, TextLimits limits);
  std::int64_t integer(const char* name, const Json& value, IntegerLimits limits);
  bool flag(Json location, const Json& value);
  void report(Json location, const char* type, std::string message, const Json& input,
              Json context = nullptr);
  Json location_of(const char* name) const;

  const Json& object_;
  Json location_;
  Json own_problems_ = Json::array();
  Json& problems_;
};

/// An integer as lax validation reads it: integers, integral floats, booleans and numeric strings.
/// On failure `value` is unset, `type` and `message` say why.
struct IntegerReading {
  std::optional<std::int64_t> value;
  const char* type = "";
  const char* message = "";
};
IntegerReading read_integer(const Json& input);

/// "'a', 'b' or 'c'", as messages about choices list them.
std::string quoted_choices(const std::vector<std::string>& choices);

}  // namespace cartpilot::sandbox
