// Whole conversations against the strict fake service, over real HTTP on loopback.
#include <gtest/gtest.h>

#include "conversation.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::FakeGemini;
using fakes::FakeGeminiOptions;
using fakes::GivenAnswer;

void expect_purchase(FakeGemini& service, Conversation& conversation) {
  EXPECT_EQ(conversation.say("wireless headphones under $100"),
            "The cheapest is Plain Headphones for 79.99 USD.");
  EXPECT_EQ(conversation.say("buy the cheapest"), "The total is 86.38 USD. Shall I buy it?");
  EXPECT_EQ(conversation.say("yes"), "Done: order ORD-7");
  EXPECT_EQ(service.violations(), Lines{});
  const std::set<std::string> distinct(conversation.ids.begin(), conversation.ids.end());
  EXPECT_EQ(distinct.size(), 10U);
  EXPECT_EQ(conversation.ids.size(), 10U);
}

TEST(GeminiConversation, a_purchase_over_a_stream) {
  FakeGemini service;
  Conversation conversation(service);
  expect_purchase(service, conversation);
  // The two offers were read in one step, so one content answers both.
  const Json contents = service.bodies().back()["contents"];
  EXPECT_EQ(contents[6]["parts"].size(), 2U);
}

TEST(GeminiConversation, a_purchase_with_whole_answers) {
  FakeGemini service;
  Conversation conversation(service, {}, false);
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_purchase_with_every_byte_sent_alone) {
  FakeGeminiOptions options;
  options.chunk_bytes = 1;
  options.calls_in_one_chunk = true;
  FakeGemini service(fakes::shopping_model, options);
  Conversation conversation(service);
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_purchase_with_calls_that_have_no_ids_and_numbers_that_are_doubles) {
  FakeGeminiOptions options;
  options.call_ids = false;
  options.whole_numbers_as_doubles = true;
  FakeGemini service(fakes::shopping_model, options);
  Conversation conversation(service);
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_purchase_with_thoughts_and_converted_schemas) {
  FakeGemini service;
  Conversation conversation(service, {{"include-thoughts", "true"},
                                      {"thinking", "high"},
                                      {"schema", "parameters"},
                                      {"tool-mode", "VALIDATED"},
                                      {"safety", "BLOCK_NONE"},
                                      {"store", "false"},
                                      {"max-output-tokens", "4096"}});
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_request_begins_with_the_bytes_of_the_one_before) {
  FakeGemini service;
  Conversation conversation(service);
  expect_purchase(service, conversation);
  const auto requests = service.requests();
  ASSERT_GT(requests.size(), 8U);
  for (std::size_t i = 1; i < requests.size(); ++i) {
    const std::string& before = requests[i - 1].body;
    // The tail closes contents and body.
    const std::string prefix = before.substr(0, before.rfind("]}"));
    EXPECT_EQ(requests[i].body.compare(0, prefix.size() - 2, prefix, 0, prefix.size() - 2), 0) << i;
  }
}

TEST(GeminiConversation, a_history_from_another_vendor_goes_on) {
  FakeGemini service;
  Conversation conversation(service);
  ToolCall call;
  call.id = "call_from_elsewhere";
  call.name = "create_intent";
  call.arguments = Json{{"query", "socks"}};
  ToolResult result;
  result.call_id = call.id;
  result.name = call.name;
  result.content = Json{{"id", "intent-0"}};
  conversation.request().messages = {
      Message::user("socks"), Message{Role::kAssistant, {call}, nullptr, "openai", "gpt"},
      Message{Role::kTool, {result}, nullptr, "", ""},
      Message{Role::kAssistant, {TextPart{"Here.", nullptr}}, nullptr, "openai", "gpt"}};
  EXPECT_EQ(conversation.say("wireless headphones"),
            "The cheapest is Plain Headphones for 79.99 USD.");
  EXPECT_EQ(service.violations(), Lines{});
}

TEST(GeminiConversation, all_models_are_listed_over_several_pages) {
  FakeGemini service;
  Conversation conversation(service);
  std::vector<std::string> ids;
  for (const ModelInfo& model : conversation.provider().models(CallContext())) {
    ids.push_back(model.id + ": " + model.description);
  }
  EXPECT_EQ(ids, (Lines{"gemini-3.8-flash: Display gemini-3.8-flash",
                        "gemini-3.6-flash: Display gemini-3.6-flash",
                        "gemini-4-argon: Display gemini-4-argon",
                        "gemini-2.5-flash: Display gemini-2.5-flash"}));
  EXPECT_EQ(service.violations(), Lines{});
}

TEST(GeminiConversation, a_wrong_key_and_an_unknown_model_are_named) {
  FakeGemini service;
  Conversation wrong(service, {}, true, "wrong");
  EXPECT_EQ(wrong.say("hi"), "error unauthenticated api_key_invalid final");
  Conversation unknown(service);
  unknown.request().model = "gemini-9";
  EXPECT_EQ(unknown.say("hi"), "error not_found model final");
}

TEST(GeminiConversation, a_model_that_refuses_an_option_answers_without_it) {
  FakeGemini service;
  Conversation conversation(service, {{"thinking", "xhigh"}});
  conversation.request().model = "gemini-4-argon";
  EXPECT_EQ(conversation.say("yes"), "There is nothing to buy yet.");
}

TEST(GeminiConversation, a_stream_that_breaks_off_runs_nothing) {
  for (const GivenAnswer::End end : {GivenAnswer::End::kClose, GivenAnswer::End::kReset}) {
    FakeGemini service;
    GivenAnswer cut = GivenAnswer::events(
        {Json::parse(chunk(list({call_part("a", "Oslo", "S=")}))), Json::parse(chunk("[]"))});
    cut.end = end;
    service.play(cut);
    Conversation conversation(service);
    conversation.request().messages = {Message::user("x")};
    const AnswerLog log = conversation.answer();
    ASSERT_TRUE(log.error.has_value());
    EXPECT_EQ(log.error->code, ErrorCode::kUnavailable);
    EXPECT_TRUE(log.error->retryable);
    for (const std::string& line : log.lines) EXPECT_NE(line.rfind("call ", 0), 0U) << line;
  }
}

TEST(GeminiConversation, an_overloaded_service_is_worth_another_try) {
  FakeGemini service;
  service.play(GivenAnswer::json(
      503, Json::parse(R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})")));
  Conversation conversation(service);
  EXPECT_EQ(conversation.say("yes"), "error unavailable unavailable retryable");
  EXPECT_EQ(conversation.say("yes"), "The cheapest is Plain Headphones for 79.99 USD.");
  EXPECT_EQ(service.violations(), Lines{});
}

TEST(GeminiConversation, a_gateway_that_ignores_alt_sse_is_read) {
  FakeGemini service;
  GivenAnswer array = GivenAnswer::json(200, Json::parse("[" + chunk(R"([{"text":"a"}])") + "," +
                                                         chunk(R"([{"text":"b"}])", kStop) + "]"));
  service.play(array);
  Conversation conversation(service);
  EXPECT_EQ(conversation.say("x"), "ab");
}

}  // namespace
}  // namespace cartpilot::gemini::tests
