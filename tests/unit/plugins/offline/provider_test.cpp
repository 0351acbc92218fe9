#include "offline/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "fake_shop.h"

namespace cartpilot::offline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Events final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override { all.push_back(event); }
  std::vector<StreamEvent> all;
};

GenerateRequest request_of(const std::string& text) {
  GenerateRequest request;
  request.messages.push_back(Message::user(text));
  request.tools = shop_functions();
  return request;
}

std::vector<StreamEvent> events_of(const GenerateRequest& request) {
  Events events;
  OfflineProvider(ProviderConfig{}).generate(request, events, CallContext());
  return events.all;
}

ErrorCode failure_of(const GenerateRequest& request, const CallContext& context) {
  Events events;
  try {
    OfflineProvider(ProviderConfig{}).generate(request, events, context);
  } catch (const Error& error) {
    return error.code;
  }
  return ErrorCode::kOk;
}

TEST(OfflineProvider, says_in_one_line_what_it_is) {
  const ProviderInfo info = OfflineProvider(ProviderConfig{}).info();
  EXPECT_EQ(info.name, "offline");
  EXPECT_EQ(info.default_model, "offline-1");
  EXPECT_EQ(info.notice,
            "This is the offline demo: a rule-based shopper, no model behind it, no key, no "
            "network.");
  const auto models = OfflineProvider(ProviderConfig{}).models(CallContext());
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].id, "offline-1");
}

TEST(OfflineProvider, streams_text_in_pieces_and_ends_with_finish) {
  const auto events = events_of(request_of("hello"));
  std::string text;
  int pieces = 0;
  for (const StreamEvent& event : events) {
    if (const auto* delta = std::get_if<TextDelta>(&event)) {
      text += delta->text;
      ++pieces;
      EXPECT_FALSE(delta->text.empty());
    }
  }
  EXPECT_THAT(text, HasSubstr("I am the offline demo"));
  EXPECT_GT(pieces, 3);
  ASSERT_TRUE(std::holds_alternative<Finish>(events.back()));
  EXPECT_EQ(std::get<Finish>(events.back()).reason, FinishReason::kStop);
  EXPECT_EQ(std::get<Finish>(events.back()).model, "offline-1");
  ASSERT_TRUE(std::holds_alternative<UsageEvent>(events[events.size() - 2]));
  EXPECT_EQ(std::get<UsageEvent>(events[events.size() - 2]).usage, Usage{});
}

TEST(OfflineProvider, asks_for_functions_with_ids_nobody_has_used) {
  GenerateRequest request = request_of("earlier");
  Message assistant;
  assistant.role = Role::kAssistant;
  ToolCall earlier;
  earlier.id = "offline-2";
  earlier.name = "list_orders";
  assistant.parts.emplace_back(earlier);
  request.messages.push_back(assistant);
  request.messages.push_back(Message::user("coffee maker"));
  const auto events = events_of(request);
  ASSERT_EQ(events.size(), 3U);
  const ToolCall& call = std::get<ToolCallEvent>(events[0]).call;
  EXPECT_EQ(call.id, "offline-3");
  EXPECT_EQ(call.name, "create_intent");
  EXPECT_EQ(call.arguments, (Json{{"query", "coffee maker"}}));
  EXPECT_EQ(std::get<Finish>(events[2]).reason, FinishReason::kToolCalls);
}

TEST(OfflineProvider, asks_for_no_function_the_request_does_not_declare) {
  GenerateRequest request = request_of("coffee maker");
  request.tools.clear();
  const auto text_of_events = [](const std::vector<StreamEvent>& events) {
    std::string text;
    for (const StreamEvent& event : events) {
      if (const auto* delta = std::get_if<TextDelta>(&event)) text += delta->text;
      EXPECT_FALSE(std::holds_alternative<ToolCallEvent>(event));
    }
    return text;
  };
  EXPECT_THAT(text_of_events(events_of(request)), HasSubstr("the function create_intent"));
  request.tools = shop_functions();
  request.tool_choice = "none";
  EXPECT_THAT(text_of_events(events_of(request)), HasSubstr("the function create_intent"));
}

TEST(OfflineProvider, stops_when_it_is_cancelled) {
  class Cancelled final : public CallContext {
   public:
    explicit Cancelled(int after) : left_(after) {}
    bool cancelled() const noexcept override { return left_-- <= 0; }

   private:
    mutable std::atomic<int> left_;
  };
  EXPECT_EQ(failure_of(request_of("hello"), Cancelled(0)), ErrorCode::kCancelled);
  EXPECT_EQ(failure_of(request_of("hello"), Cancelled(2)), ErrorCode::kCancelled);
  EXPECT_EQ(failure_of(request_of("hello"), Cancelled(1000)), ErrorCode::kOk);
}

TEST(OfflineProvider, refuses_models_and_options_it_does_not_have) {
  GenerateRequest request = request_of("hello");
  request.model = "gpt-9";
  EXPECT_EQ(failure_of(request, CallContext()), ErrorCode::kNotFound);
  request.model = "offline-1";
  EXPECT_EQ(failure_of(request, CallContext()), ErrorCode::kOk);
  ProviderConfig config;
  config.options["speed"] = "fast";
  EXPECT_THROW(OfflineProvider{config}, Error);
}

TEST(OfflineProvider, answers_a_message_of_a_megabyte_and_broken_bytes) {
  EXPECT_EQ(failure_of(request_of(std::string(1 << 20, 'x')), CallContext()), ErrorCode::kOk);
  EXPECT_EQ(failure_of(request_of("\xff\xfe\x80 \xc3"), CallContext()), ErrorCode::kOk);
}

TEST(OfflineProvider, goes_on_in_a_resumed_conversation) {
  FakeShop shop;
  std::vector<Message> kept;
  {
    Conversation first(shop);
    first.say("I need wireless headphones under $100");
    first.say("2 of them");
    kept = first.request.messages;
  }
  Conversation second(shop);
  second.request.messages = kept;
  const Turn yes = second.say("yes");
  EXPECT_THAT(yes.calls, ElementsAre("get_checkout", "approve_checkout", "confirm_checkout",
                                     "get_order_status"));
}

TEST(OfflineProvider, takes_over_a_conversation_another_provider_began) {
  FakeShop shop;
  Conversation talk(shop);
  const auto other_calls = [&](const char* id, const char* name, Json arguments) {
    Message assistant;
    assistant.role = Role::kAssistant;
    assistant.provider = "gemini";
    assistant.model = "gemini-3.8-flash";
    assistant.parts.emplace_back(ReasoningPart{"thinking", {{"signature", "x"}}});
    ToolCall call;
    call.id = id;
    call.name = name;
    call.arguments = arguments;
    assistant.parts.emplace_back(call);
    talk.request.messages.push_back(assistant);
    const ToolOutcome outcome = shop.call(name, arguments);
    Message results;
    results.role = Role::kTool;
    results.parts.emplace_back(ToolResult{id, name, outcome.content, !outcome.ok, nullptr});
    talk.request.messages.push_back(results);
  };
  talk.request.messages.push_back(Message::user("something to hear music with, under $100?"));
  other_calls("x1", "create_intent", {{"query", "wireless headphones under $100"}});
  other_calls("x2", "get_intent_offers", {{"intent_id", "intent-1"}});
  Message answer;
  answer.role = Role::kAssistant;
  answer.provider = "gemini";
  answer.parts.emplace_back(TextPart{"I found one at Merchant A.", nullptr});
  talk.request.messages.push_back(answer);

  EXPECT_THAT(talk.say("buy it").text, HasSubstr("1 x Fabrikam"));
  EXPECT_THAT(talk.say("yes").text, HasSubstr("Bought at Merchant A for 86.38 USD."));
}

TEST(OfflineProvider, skips_calls_that_were_never_answered) {
  FakeShop shop;
  Conversation talk(shop);
  talk.request.messages.push_back(Message::user("headphones"));
  Message assistant;
  assistant.role = Role::kAssistant;
  ToolCall open;
  open.id = "open";
  open.name = "create_intent";
  assistant.parts.emplace_back(open);
  talk.request.messages.push_back(assistant);
  EXPECT_THAT(talk.say("headphones").calls, ElementsAre("create_intent", "get_intent_offers",
                                                        "get_offer_details", "get_offer_details"));
}

TEST(OfflineFunctionFormat, declares_name_description_and_parameters) {
  ToolSpec spec;
  spec.name = "look";
  spec.description = "looks";
  spec.parameters = {{"type", "object"}};
  EXPECT_EQ(dump_json(OfflineProvider(ProviderConfig{}).function_declarations({spec})),
            R"([{"name":"look","description":"looks","parameters":{"type":"object"}}])");
}

/// Parses `message` and answers every call with {"n":1}, {"n":2}, ...
std::string answered(const char* message) {
  const OfflineProvider provider{ProviderConfig{}};
  std::vector<ToolResult> results;
  for (const ToolCall& call : provider.parse_function_calls(parse_json(message))) {
    const Json content = {{"n", results.size() + 1}};
    results.push_back({call.id, call.name, content, false, call.provider_metadata});
  }
  return dump_json(provider.function_responses(results));
}

TEST(OfflineFunctionFormat, answers_in_the_form_it_was_asked) {
  EXPECT_EQ(answered(R"({"id":"1","name":"a","arguments":{}})"),
            R"({"id":"1","name":"a","result":{"n":1}})");
  EXPECT_EQ(answered(R"({"name":"a"})"), R"({"name":"a","result":{"n":1}})");
  EXPECT_EQ(answered(R"({"tool_calls":[{"id":"x","name":"a"},{"name":"b"}]})"),
            R"([{"id":"x","name":"a","result":{"n":1}},{"name":"b","result":{"n":2}}])");
  EXPECT_EQ(answered(R"({"tool_calls":[{"id":"x","name":"a"}]})"),
            R"([{"id":"x","name":"a","result":{"n":1}}])");
  EXPECT_EQ(answered(R"({"tool_calls":[]})"), "[]");
}

TEST(OfflineFunctionFormat, refuses_what_is_no_call_and_says_what_is) {
  const OfflineProvider provider{ProviderConfig{}};
  for (const char* message : {"[]", "3", "{}", R"({"name":""})", R"({"name":3})",
                              R"({"tool_calls":{}})", R"({"tool_calls":[{"arguments":{}}]})"}) {
    EXPECT_THROW(provider.parse_function_calls(parse_json(message)), Error) << message;
  }
  const auto calls = provider.parse_function_calls(parse_json(R"({"name":"a","arguments":"{}"})"));
  EXPECT_EQ(calls.at(0).arguments_error, "The arguments must be a JSON object.");
}

}  // namespace
}  // namespace cartpilot::offline
