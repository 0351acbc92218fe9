// What the router does with arguments, results and declarations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "router_fakes.h"

namespace cartpilot::chat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kItemsSchema = R"({"type":"object","properties":{
  "offer_id":{"type":"string"},
  "items":{"type":"array","items":{"type":"object","properties":{
    "product_id":{"type":"string"},"quantity":{"type":"integer","minimum":1}},
    "required":["product_id","quantity"]}}},"required":["offer_id"]})";

TEST_F(ToolRouterTest, answers_every_call_in_order_with_its_own_metadata) {
  tools.add("look", EffectClass::kRead, echo);
  router.add(tools, "shop", false);
  ToolCall first = call_of("1", "look", R"({"a":1})");
  first.provider_metadata = {{"signature", "abc"}};
  ToolResult expected = ok_result("1", "look", R"({"got":{"a":1}})");
  expected.provider_metadata = {{"signature", "abc"}};
  EXPECT_THAT(run({first, call_of("2", "look")}),
              ElementsAre(expected, ok_result("2", "look", R"({"got":{}})")));
  EXPECT_TRUE(run({}).empty());
}

TEST_F(ToolRouterTest, says_which_function_may_be_meant_when_there_is_none_of_that_name) {
  tools.add("create_intent", EffectClass::kWrite, echo)
      .add("create_checkout", EffectClass::kWrite, echo)
      .add("list_orders", EffectClass::kRead, echo);
  router.add(tools, "shop", false);
  EXPECT_THAT(
      run({call_of("1", "createIntent"), call_of("2", "list_order"), call_of("3", "xyz"),
           call_of("4", std::string(100000, 'x'))}),
      ElementsAre(
          error_result("1", "createIntent", "UNKNOWN_FUNCTION",
                       "There is no function \"createIntent\". Did you mean create_intent?"),
          error_result("2", "list_order", "UNKNOWN_FUNCTION",
                       "There is no function \"list_order\". Did you mean list_orders?"),
          error_result("3", "xyz", "UNKNOWN_FUNCTION", "There is no function \"xyz\"."),
          error_result("4", std::string(100000, 'x'), "UNKNOWN_FUNCTION",
                       "There is no function \"" + std::string(64, 'x') + "\".")));
  EXPECT_TRUE(guard.log.empty());
}

TEST_F(ToolRouterTest, answers_unreadable_arguments_with_the_providers_words) {
  tools.add("look", EffectClass::kRead, echo);
  router.add(tools, "shop", false);
  ToolCall call = call_of("1", "look");
  call.arguments_error = "the arguments are no JSON object: {\"a\":";
  EXPECT_THAT(run({call}), ElementsAre(error_result("1", "look", "INVALID_ARGUMENTS",
                                                    "the arguments are no JSON object: {\"a\":")));
}

TEST_F(ToolRouterTest, names_every_wrong_argument_by_its_path) {
  int runs = 0;
  tools.add(
      "buy", EffectClass::kWrite,
      [&](const Json&) {
        ++runs;
        return ToolOutcome{};
      },
      kItemsSchema);
  router.add(tools, "shop", false);
  EXPECT_THAT(
      run({call_of("1", "buy", R"({"items":[{"product_id":"p","quantity":2.5}]})"),
           call_of("2", "buy", R"({"offer_id":"o","items":[{"product_id":"p","quantity":"2"},7]})"),
           call_of("3", "buy", "[]")}),
      ElementsAre(error_result("1", "buy", "INVALID_ARGUMENTS",
                               "offer_id is missing; items[0].quantity is 2.5, must be an integer"),
                  error_result("2", "buy", "INVALID_ARGUMENTS",
                               "items[0].quantity is \"2\", must be an integer; items[1] is 7, "
                               "must be an object"),
                  error_result("3", "buy", "INVALID_ARGUMENTS",
                               "the argument object is an array, must be an object")));
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(guard.log.empty());
}

TEST_F(ToolRouterTest, writes_odd_member_names_so_that_they_can_be_told_apart) {
  tools.add("look", EffectClass::kRead, echo, R"({"type":"object","properties":{
    "a":{"type":"object","additionalProperties":{"type":"string"}}}})");
  router.add(tools, "shop", false);
  EXPECT_THAT(run({call_of("1", "look", R"({"a":{"x/y~z":1,"0":2}})")}),
              ElementsAre(error_result("1", "look", "INVALID_ARGUMENTS",
                                       "a[\"x/y~z\"] is 1, must be a string; a[\"0\"] is 2, must "
                                       "be a string")));
}

TEST_F(ToolRouterTest, turns_a_whole_number_written_as_a_fraction_into_an_integer) {
  tools.add("buy", EffectClass::kRead, echo, kItemsSchema);
  router.add(tools, "shop", false);
  const auto results =
      run({call_of("1", "buy", R"({"offer_id":"o","items":[{"product_id":"p","quantity":2.0}]})")});
  EXPECT_EQ(dump_json(results.at(0).content),
            R"({"got":{"offer_id":"o","items":[{"product_id":"p","quantity":2}]}})");
}

TEST_F(ToolRouterTest, turns_whatever_a_tool_throws_into_a_result) {
  tools
      .add("gone", EffectClass::kRead,
           [](const Json&) -> ToolOutcome {
             throw Error(ErrorCode::kUnavailable, "CartPilot cannot be reached.");
           })
      .add("broken", EffectClass::kRead,
           [](const Json&) -> ToolOutcome { throw std::runtime_error("bad index"); })
      .add("strange", EffectClass::kRead, [](const Json&) -> ToolOutcome { throw 7; });
  router.add(tools, "shop", false);
  EXPECT_THAT(
      run({call_of("1", "gone"), call_of("2", "broken"), call_of("3", "strange")}),
      ElementsAre(error_result("1", "gone", "UNAVAILABLE", "CartPilot cannot be reached."),
                  error_result("2", "broken", "INTERNAL", "The tool failed: bad index"),
                  error_result("3", "strange", "INTERNAL", "The tool failed without saying why.")));
}

TEST_F(ToolRouterTest, keeps_a_tools_own_error_unchanged) {
  tools.add("look", EffectClass::kRead,
            [](const Json&) { return tool_error("OFFER_NOT_FOUND", "Offer not found: x"); });
  router.add(tools, "shop", false);
  EXPECT_THAT(run({call_of("1", "look")}),
              ElementsAre(error_result("1", "look", "OFFER_NOT_FOUND", "Offer not found: x")));
}

TEST_F(ToolRouterTest, cuts_a_result_that_is_too_long_and_keeps_it_valid_json) {
  std::string text = "x";
  while (text.size() < 200'000) text += "ä\"\\\n\x01";
  tools.add("look", EffectClass::kRead, [&](const Json&) {
    return ToolOutcome{true, {{"text", text}}};
  });
  router.add(tools, "shop", false);
  const ToolResult result = run({call_of("1", "look")}).at(0);
  const std::string whole = dump_json(Json{{"text", text}});
  EXPECT_FALSE(result.is_error);
  EXPECT_EQ(result.content.at("truncated"), true);
  EXPECT_EQ(result.content.at("bytes"), whole.size());
  const std::string part = result.content.at("text").get<std::string>();
  EXPECT_EQ(whole.rfind(part, 0), 0U);
  const std::string sent = result.content.dump();  // throws when a character was cut in two
  EXPECT_LE(sent.size(), kMaxResultBytes);
  EXPECT_GT(sent.size(), kMaxResultBytes - 16);
}

TEST_F(ToolRouterTest, leaves_a_result_of_exactly_the_limit_alone) {
  const auto result_of_size = [](std::size_t size) {
    return Json{{"text", std::string(size - dump_json(Json{{"text", ""}}).size(), 'x')}};
  };
  const Json fits = result_of_size(kMaxResultBytes);
  EXPECT_EQ(limited_outcome({true, fits}).content, fits);
  EXPECT_TRUE(
      limited_outcome({true, result_of_size(kMaxResultBytes + 1)}).content.contains("bytes"));
}

TEST_F(ToolRouterTest, keeps_the_form_of_an_error_that_is_too_long) {
  const ToolOutcome outcome =
      limited_outcome(tool_error("MERCHANT_ERROR", std::string(100'000, 'y')));
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.content.at("error"), true);
  EXPECT_EQ(outcome.content.at("error_code"), "MERCHANT_ERROR");
  EXPECT_EQ(outcome.content.at("truncated"), true);
  EXPECT_THAT(outcome.content.at("message").get<std::string>(), testing::StartsWith("yyyy"));
  EXPECT_EQ(dump_json(outcome.content).size(), kMaxResultBytes);
}

std::string refusal(ToolRouter& router, FakeTools& tools, bool may_declare_money = false) {
  try {
    router.add(tools, "second", may_declare_money);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

TEST_F(ToolRouterTest, refuses_a_set_that_does_not_fit_and_adds_nothing_of_it) {
  tools.add("look", EffectClass::kRead, echo);
  router.add(tools, "first", false);

  FakeTools taken;
  taken.add("fresh", EffectClass::kRead, echo).add("look", EffectClass::kRead, echo);
  EXPECT_EQ(refusal(router, taken),
            "tool set 'second': the function look exists already in the tool set 'first'");
  FakeTools twice;
  twice.add("a", EffectClass::kRead, echo).add("a", EffectClass::kRead, echo);
  EXPECT_EQ(refusal(router, twice), "tool set 'second': it declares the function a twice");
  FakeTools money;
  money.add("pay", EffectClass::kMoney, echo);
  EXPECT_EQ(
      refusal(router, money),
      "tool set 'second': pay is declared to spend money, which only CartPilot's own set may");
  FakeTools keyword;
  keyword.add("a", EffectClass::kRead, echo, R"({"type":"object","if":{}})");
  EXPECT_EQ(refusal(router, keyword),
            "tool set 'second': the parameters of a: JSON Schema: '#/if' uses the keyword \"if\", "
            "which is not supported here");
  FakeTools text;
  text.add("a", EffectClass::kRead, echo, R"({"type":"string"})");
  EXPECT_EQ(refusal(router, text),
            "tool set 'second': the parameters of a must be a JSON Schema of type object");
  for (const char* name : {"", "1a", "a b", "a.b", "-a"}) {
    FakeTools named;
    named.add(name, EffectClass::kRead, echo);
    EXPECT_THAT(refusal(router, named), HasSubstr("is no function name")) << name;
  }

  ASSERT_EQ(router.specs().size(), 1U);
  EXPECT_EQ(router.specs()[0].name, "look");
  EXPECT_EQ(run({call_of("1", "fresh")}).at(0).content.at("error_code"), "UNKNOWN_FUNCTION");
}

TEST_F(ToolRouterTest, lists_the_declarations_of_all_sets_in_order) {
  tools.add("b", EffectClass::kRead, echo).add("a", EffectClass::kWrite, echo);
  FakeTools more;
  more.add("pay", EffectClass::kMoney, echo);
  router.add(tools, "first", false);
  router.add(more, "second", true);
  std::vector<std::string> names;
  for (const ToolSpec& spec : router.specs()) names.push_back(spec.name);
  EXPECT_THAT(names, ElementsAre("b", "a", "pay"));
}

}  // namespace
}  // namespace cartpilot::chat
