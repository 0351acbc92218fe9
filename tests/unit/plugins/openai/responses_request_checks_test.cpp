// Q28 to Q42, the rules of Responses requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encode_testing.h"
#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::IsEmpty;

/// Position of the first item of this type, from `from` on.
std::size_t place(const Json& body, const std::string& type, std::size_t from = 0) {
  for (std::size_t i = from; i < body["input"].size(); ++i) {
    if (string_or(body["input"][i], "type") == type) return i;
  }
  ADD_FAILURE() << "no item " << type;
  return 0;
}

ExchangeFixture::Change with(const std::string& key, const Json& value) {
  return [key, value](Json& body) { body[key] = value; };
}

ExchangeFixture::Change in_item(const std::string& type, const std::string& key,
                                const Json& value) {
  return [=](Json& body) { item_of(body, type)[key] = value; };
}

ExchangeFixture::Change without_item(const std::string& type) {
  return [type](Json& body) { body["input"].erase(place(body, type)); };
}

TEST(OpenAiRequestCheck, Q28_nothing_of_chat_completions) {
  ExchangeFixture desk(Api::kResponses);
  for (const char* key : {"messages", "max_tokens", "max_completion_tokens", "reasoning_effort",
                          "response_format", "functions", "stop", "n", "stream_options"}) {
    EXPECT_EQ(desk.when(with(key, "x")), "400 Q28") << key;
  }
  EXPECT_EQ(desk.when([](Json& body) {
    const Json flat = body["tools"][0];
    body["tools"][0] = {{"type", "function"}, {"function", flat}};
  }),
            "400 Q28");
}

TEST(OpenAiRequestCheck, Q29_strict_is_always_said) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.when([](Json& body) { body["tools"][1].erase("strict"); }), "400 Q29");
  EXPECT_EQ(desk.when([](Json& body) { body["tools"][1]["strict"] = "yes"; }), "400 Q29");
  EXPECT_EQ(desk.when([](Json& body) { body["tools"][1]["strict"] = false; }), "200");
  for (const char* strict : {"true", "false"}) {
    ExchangeFixture own(Api::kResponses, "", {{"server", "openai"}, {"strict", strict}});
    for (const Json& tool : own.own()["tools"]) {
      EXPECT_EQ(tool["strict"], std::string(strict) == "true");
    }
  }
}

TEST(OpenAiRequestCheck, Q30_nothing_is_stored) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.own()["store"], false);
  EXPECT_EQ(desk.when([](Json& body) { body.erase("store"); }), "400 Q30");
  EXPECT_EQ(desk.when(with("store", true)), "400 Q30");
  EXPECT_EQ(desk.when(with("store", "false")), "400 Q30");
}

TEST(OpenAiRequestCheck, Q31_encrypted_reasoning_is_asked_of_models_that_reason) {
  ExchangeFixture thinking(Api::kResponses);
  EXPECT_EQ(thinking.when([](Json& body) { body.erase("include"); }), "400 Q31");
  ExchangeFixture plain(Api::kResponses, kChatModel, {{"server", "openai"}, {"api", "responses"}});
  EXPECT_FALSE(plain.own().contains("include"));
  EXPECT_EQ(plain.when(with("include", Json::array({"reasoning.encrypted_content"}))), "400 Q31");
}

TEST(OpenAiRequestCheck, Q32_items_and_roles_are_known) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.when(in_item("message", "role", "tool")), "400 Q32");
  EXPECT_EQ(desk.when(in_item("message", "role", "robot")), "400 Q32");
  EXPECT_EQ(desk.when(in_item("message", "type", "remark")), "400 Q32");
  EXPECT_EQ(desk.when([](Json& body) {
    body["input"].push_back({{"role", "tool"}, {"tool_call_id", "a"}, {"content", "x"}});
  }),
            "400 Q32");
}

TEST(OpenAiRequestCheck, Q33_parts_fit_their_role) {
  ExchangeFixture desk(Api::kResponses);
  for (const char* type : {"text", "output_text", "refusal"}) {
    EXPECT_EQ(
        desk.when([type](Json& body) { item_of(body, "message")["content"][0]["type"] = type; }),
        "400 Q33")
        << type;
  }
  EXPECT_EQ(desk.when([](Json& body) { item_of(body, "message").erase("content"); }), "400 Q33");
  EXPECT_EQ(desk.when([](Json& body) {
    Json& said = body["input"][place(body, "message", place(body, "reasoning"))];
    said["content"][0]["type"] = "input_text";
  }),
            "400 Q33");
}

TEST(OpenAiRequestCheck, Q34_calls_and_outputs_are_pairs) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.when(without_item("function_call_output")), "400 Q34");
  EXPECT_EQ(desk.when(without_item("function_call")), "400 Q34");
  EXPECT_EQ(
      desk.when([](Json& body) { body["input"].push_back(item_of(body, "function_call_output")); }),
      "400 Q34");
  EXPECT_EQ(desk.when([](Json& body) {
    const std::size_t output = place(body, "function_call_output");
    std::swap(body["input"][output], body["input"][place(body, "function_call")]);
  }),
            "400 Q34")
      << "an output before its call";
  EXPECT_EQ(desk.when(in_item("function_call_output", "call_id", "fc_1_0")), "400 Q34")
      << "the id of the item is not the id of the call";
}

TEST(OpenAiRequestCheck, Q35_call_ids_and_outputs_keep_their_limits) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.when(in_item("function_call", "call_id", "")), "400 Q35");
  EXPECT_EQ(desk.when(in_item("function_call", "call_id", std::string(65, 'c'))), "400 Q35");
  EXPECT_EQ(desk.when(in_item("function_call_output", "output", {{"ok", true}})), "400 Q35");
  EXPECT_EQ(desk.when(in_item("function_call_output", "output", Json::array())), "400 Q35");
  EXPECT_EQ(desk.when(in_item("function_call_output", "output", std::string(10'485'761, 'x'))),
            "400 Q35");
  EXPECT_EQ(desk.when([](Json& body) { item_of(body, "function_call_output").erase("output"); }),
            "400 Q35");
  EXPECT_EQ(desk.when(in_item("function_call_output", "output",
                              parse_json(R"([{"type":"input_text","text":"ok"}])"))),
            "200");
  // A conversation another vendor began: ids longer than this one takes.
  RequestFixture counter(kResponsesModel);
  const Message said =
      assistant({tool_call(std::string(200, 'z'), "mixer_level", {{"channel", 1}})});
  counter.request.messages = going_on(counter.request.messages, said);
  MessageSink sink;
  counter.provider.generate(counter.request, sink, counter.context);
  EXPECT_THAT(counter.server.violations(), IsEmpty());
}

TEST(OpenAiRequestCheck, Q36_items_go_back_with_their_ids_or_where_they_are_refused_without) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.own()["input"][1]["id"].get<std::string>().substr(0, 3), "rs_");
  EXPECT_EQ(desk.when([](Json& body) { item_of(body, "reasoning").erase("id"); }), "400 Q36");
  EXPECT_EQ(desk.when(in_item("reasoning", "id", "rs_other")), "400 Q37");
  EXPECT_EQ(desk.when([](Json& body) {
    body["input"].push_back({{"type", "item_reference"}, {"id", "rs_1"}});
  }),
            "400 Q36");
  // A service that looks them up gets the other form once, and from then on.
  fakes::FakeOpenAiOptions fake;
  fake.quirks.refuse_item_ids = true;
  ExchangeFixture other(Api::kResponses, "", {{"server", "openai"}}, fake);
  for (const Json& item : other.own()["input"]) EXPECT_FALSE(item.contains("id")) << item;
  EXPECT_EQ(other.server.refusals().size(), 1U);
  EXPECT_EQ(other.server.bodies().size(), 4U) << "three answers and one refusal";
}

TEST(OpenAiRequestCheck, Q37_reasoning_comes_back_unchanged_before_what_it_led_to) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.when(without_item("reasoning")), "400 Q37");
  EXPECT_EQ(desk.when(in_item("reasoning", "encrypted_content", "gAAAA-other")), "400 Q37");
  EXPECT_EQ(desk.when(in_item("reasoning", "encrypted_content", "added-is-not-final")), "400 Q37");
  EXPECT_EQ(desk.when(in_item("reasoning", "encrypted_content", nullptr)), "400 Q37");
  EXPECT_EQ(desk.when(in_item("reasoning", "summary", Json::array())), "400 Q37");
  EXPECT_EQ(desk.when([](Json& body) { item_of(body, "reasoning").erase("summary"); }), "400 Q37");
  EXPECT_EQ(desk.when([](Json& body) {
    const std::size_t at = place(body, "reasoning");
    std::swap(body["input"][at], body["input"][at + 1]);
  }),
            "400 Q37");
}

TEST(OpenAiRequestCheck, Q38_calls_come_back_as_they_were_issued) {
  fakes::FakeOpenAiOptions fake;
  fake.quirks.call_origin = true;
  ExchangeFixture desk(Api::kResponses, "", {{"server", "openai"}}, fake);
  EXPECT_EQ(desk.when(in_item("function_call", "name", "mixer_other")), "400 Q38");
  EXPECT_EQ(desk.when(in_item("function_call", "arguments", "{}")), "400 Q38");
  EXPECT_EQ(desk.when(in_item("function_call", "arguments", "")), "400 Q38");
  EXPECT_EQ(desk.when([](Json& body) {
    const std::string text = item_of(body, "function_call")["arguments"];
    item_of(body, "function_call")["arguments"] = text + " ";
  }),
            "400 Q38")
      << "not even a blank more";
  for (const char* key : {"namespace", "caller"}) {
    EXPECT_EQ(desk.when([key](Json& body) { item_of(body, "function_call").erase(key); }),
              "400 Q38")
        << key;
  }
  EXPECT_EQ(desk.when([](Json& body) { item_of(body, "function_call_output").erase("caller"); }),
            "400 Q38");
  EXPECT_EQ(desk.when([](Json& body) {
    body["input"][place(body, "message", place(body, "reasoning"))].erase("phase");
  }),
            "400 Q37")
      << "a message without its phase is not as it was issued";
}

TEST(OpenAiRequestCheck, Q39_the_smallest_limit_is_16) {
  ExchangeFixture desk(Api::kResponses, "", {{"server", "openai"}, {"max-output-tokens", "3"}});
  EXPECT_EQ(desk.own()["max_output_tokens"], 16);
  EXPECT_EQ(desk.when(with("max_output_tokens", 15)), "400 Q39");
}

TEST(OpenAiRequestCheck, Q40_the_input_does_not_end_with_reasoning) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.when([](Json& body) { body["input"].push_back(item_of(body, "reasoning")); }),
            "400 Q40");
  // An answer that was nothing but thoughts.
  RequestFixture counter(kResponsesModel);
  counter.hears_body(
      R"({"object":"response","status":"completed","model":"m","output":[
        {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"g"}]})");
}

TEST(OpenAiRequestCheck, Q41_who_builds_upon_a_stored_answer_completes_it) {
  fakes::FakeOpenAiOptions fake;
  fake.may_store = true;
  ExchangeFixture desk(Api::kResponses, "", {{"server", "openai"}}, fake);
  EXPECT_FALSE(desk.own().contains("previous_response_id")) << "the plugin never builds upon one";
  EXPECT_EQ(desk.when(with("previous_response_id", "resp_1")), "400 Q41") << "never stored";
  // A client that does: its first request is stored and answered with two calls.
  EXPECT_EQ(desk.when([](Json& body) {
    body["store"] = true;
    body["input"] = Json::array({body["input"][0]});
  }),
            "200");
  const std::string id = "resp_" + std::to_string(desk.server.bodies().size());
  const std::string call = "call_r" + id.substr(5) + "_";
  const auto output = [&call](const char* number) {
    return Json{{"type", "function_call_output"}, {"call_id", call + number}, {"output", "{}"}};
  };
  const auto next = [&](Json input) {
    return [&id, input](Json& body) {
      body["store"] = true;
      body["previous_response_id"] = id;
      body["input"] = input;
    };
  };
  EXPECT_EQ(desk.when(next(Json::array({output("0")}))), "400 Q41") << "one output is missing";
  const Json told_again = {{"type", "function_call"},
                           {"call_id", call + "1"},
                           {"name", "mixer_level"},
                           {"arguments", R"({"channel":3,"unit":null})"}};
  EXPECT_EQ(desk.when(next(Json::array({told_again, output("0"), output("1")}))), "400 Q41")
      << "what is stored is not sent again";
  EXPECT_EQ(desk.when(next(Json::array({output("0"), output("1")}))), "200");
}

TEST(OpenAiRequestCheck, Q42_instructions_come_with_every_turn) {
  ExchangeFixture desk(Api::kResponses);
  EXPECT_EQ(desk.own()["instructions"], "You operate a mixing desk.");
  EXPECT_EQ(desk.when([](Json& body) { body.erase("instructions"); }), "400 Q42");
}

}  // namespace
}  // namespace cartpilot::openai
