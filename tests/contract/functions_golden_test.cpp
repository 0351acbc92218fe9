// The declarations models see, byte for byte: a changed word is a changed prompt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commerce/tools.h"
#include "contract/fixture_file.h"

namespace cartpilot::commerce {
namespace {

using fakes::cartpilot_fixture;

/// `schema` without its descriptions.
Json without_descriptions(const Json& schema) {
  if (!schema.is_structured()) return schema;
  Json copy = schema.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : schema.items()) {
    if (schema.is_array()) {
      copy.push_back(without_descriptions(value));
    } else if (key != "description" || !value.is_string()) {
      copy[key] = without_descriptions(value);
    }
  }
  return copy;
}

TEST(CartPilotFunctions, declare_what_cartpilot_publishes) {
  Json declared = Json::object();
  for (const ToolSpec& spec : cartpilot_tool_specs()) {
    declared[spec.name] = without_descriptions(spec.parameters);
  }
  EXPECT_EQ(declared.dump(1), cartpilot_fixture("function_parameters")["functions"].dump(1));
}

TEST(CartPilotFunctions, are_worded_as_agreed) {
  Json declared = Json::array();
  for (const ToolSpec& spec : cartpilot_tool_specs()) {
    declared.push_back(
        {{"name", spec.name}, {"description", spec.description}, {"parameters", spec.parameters}});
  }
  EXPECT_EQ(declared.dump(1), cartpilot_fixture("functions")["functions"].dump(1));
}

}  // namespace
}  // namespace cartpilot::commerce
