// Options: what a person may set with --provider-option, checked before anything is sent.
//
// A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::gemini {

enum class SchemaForm {
  kJsonSchema,  ///< `parametersJsonSchema`: the schema as it is
  kParameters   ///< `parameters`: converted to the older OpenAPI subset, for other hosts
};

enum class ToolMode { kAuto, kAny, kNone, kValidated };

struct Options {
  std::optional<std::string> thinking_level;  ///< upper case
  std::optional<std::int64_t> thinking_budget;
  bool include_thoughts = false;
  std::optional<double> temperature;
  std::optional<std::int64_t> max_output_tokens;
  ToolMode tool_mode = ToolMode::kAuto;
  std::vector<std::string> allowed_functions;
  Json safety_settings = Json::array();  ///< as sent; empty = not sent
  std::optional<bool> store;
  SchemaForm schema = SchemaForm::kJsonSchema;
};

/// Throws Error{kInvalidArgument} naming the option, what is wrong and what is accepted.
Options parse_options(const std::map<std::string, std::string>& given);

}  // namespace cartpilot::gemini
