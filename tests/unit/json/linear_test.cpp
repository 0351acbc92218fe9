// Nothing that reads objects from outside may take time with the square of their members.
#include <gtest/gtest.h>

#include <string>

#include "cartpilot/detail/wire.h"
#include "chat/message_redaction.h"
#include "linear_cost.h"
#include "schema/validator.h"

namespace cartpilot {
namespace {

TEST(LinearCost, of_parsing_strictly_and_leniently) {
  EXPECT_LT(cost_of_one_large_object([](const std::string& text) { parse_json(text); }),
            kStillLinear);
  EXPECT_LT(cost_of_one_large_object([](const std::string& text) {
              parse_json(text, "it", {kMaxJsonDepth, true});
            }),
            kStillLinear);
}

TEST(LinearCost, of_joining_repeated_members) {
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i)
    text += (i == 0 ? "\"a" : ",\"a") + std::to_string(i / 2) + "\":1";
  text += "}";
  const auto parse = [](const std::string& it) { parse_json(it, "it", {kMaxJsonDepth, true}); };
  EXPECT_EQ(parse_json(text, "it", {kMaxJsonDepth, true}).size(), 5'000U);
  EXPECT_LT(cpu_seconds(parse, text),
            kStillLinear * cpu_seconds(parse, many_members(100, 100, "1")));
}

TEST(LinearCost, of_values_in_deep_objects) {
  // Values must not be copied each time an object around them gets another member.
  const auto text = [](std::size_t depth) {
    std::string large = many_members(50, 100, "\"x\"");
    for (std::size_t i = 0; i < depth; ++i) large = "{\"a\":" + large + ",\"b\":0,\"c\":0,\"d\":0}";
    return large;
  };
  const auto parse = [](const std::string& it) { parse_json(it); };
  EXPECT_LT(cpu_seconds(parse, text(60)), kStillLinear * cpu_seconds(parse, text(1)));
}

TEST(LinearCost, of_a_calls_way_through_the_plugin_boundary) {
  EXPECT_LT(cost_of_one_large_object([](const std::string& text) {
              Message message;
              message.role = Role::kAssistant;
              for (Json& arguments : parse_json(text)) {
                message.parts.emplace_back(ToolCall{"c", "f", std::move(arguments), "", nullptr});
              }
              const std::string sent = dump_json(message_to_json(chat::redacted(message)));
              message_from_json(parse_json(sent, "message", kMessageJson));
            }),
            kStillLinear);
}

TEST(LinearCost, of_named_texts) {
  const auto read = [](const std::string& text) {
    for (const Json& object : parse_json(text)) {
      const Json around{{"texts", object}};
      wire::texts_to_json(wire::texts_from_json(around, "texts", "config"));
    }
  };
  EXPECT_LT(cost_of_one_large_object(read), kStillLinear);
}

TEST(LinearCost, of_the_schema_check) {
  const schema::SchemaValidator validator(Json::parse(
      R"({"items":{"type":"object","additionalProperties":{"type":["string","integer"]},
          "required":["member-10000","member-10099"]}})"));
  EXPECT_LT(cost_of_one_large_object([&](const std::string& text) {
              Json instance = parse_json(text);
              EXPECT_TRUE(validator.validate(instance).empty());
              validator.narrow_integers(instance);
            }),
            kStillLinear);
}

}  // namespace
}  // namespace cartpilot
