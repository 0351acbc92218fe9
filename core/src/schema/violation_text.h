// What violations say: short plain phrases a model can act on. Pure functions, any thread.
#pragma once

#include <string>

#include "schema/compiled_schema.h"

namespace cartpilot::schema {

/// The value as shown in a message: compact JSON, cut to about 60 bytes; arrays and objects only
/// by name.
std::string shown(const Json& value);

/// "an integer", "a string or null".
std::string type_names(unsigned types);

/// `"a", "b", 3`, at most 12 of them.
std::string listed(const std::vector<Json>& values);

/// "1 item", "2 items".
std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace cartpilot::schema
