// Three turns that end in an order, over real HTTP, against a strict server and its look-alikes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cartpilot/message.h"
#include "fakes/fake_openai.h"
#include "net/http_client.h"
#include "openai/openai_provider.h"
#include "openai_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

/// A shop that knows two offers.
Json shop_answer(const ToolCall& call) {
  const auto price = [](int cents) { return Json{{"amount", cents}, {"currency", "USD"}}; };
  const auto offer = [&](const char* id, const char* product, int cents) {
    return Json{{"id", id},
                {"items", Json::array({Json{{"product_id", product},
                                            {"title", "Ears \xF0\x9F\x8E\xA7"},
                                            {"price", price(cents)}}})}};
  };
  if (call.name == "create_intent") return {{"id", "intent-1"}};
  if (call.name == "get_intent_offers") {
    return {{"items", Json::array({Json{{"id", "offer-a"}}, Json{{"id", "offer-b"}}})}};
  }
  if (call.name == "get_offer_details") {
    const bool a = call.arguments.at("offer_id") == "offer-a";
    return a ? offer("offer-a", "p-1", 7999) : offer("offer-b", "p-2", 5999);
  }
  if (call.name == "approve_checkout") return {{"id", "co-1"}, {"status", "approved"}};
  if (call.name == "confirm_checkout")
    return {{"order_id", "order-1"}, {"merchant_order_id", "ORD-77"}};
  if (call.name == "get_order_status") return {{"id", "order-1"}, {"merchant_order_id", "ORD-77"}};
  return {{"id", "co-1"}, {"total", price(6479)}};
}

/// Puts events together to the message that goes into the history.
class MessageSink final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      if (message.parts.empty() || !std::holds_alternative<TextPart>(message.parts.back())) {
        message.parts.push_back(TextPart{});
      }
      std::get<TextPart>(message.parts.back()).text += text->text;
    } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      message.parts.push_back(call->call);
    } else if (const auto* finish = std::get_if<Finish>(&event)) {
      message.provider_metadata = finish->provider_metadata;
    } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
      warnings.push_back(warning->message);
    } else if (std::holds_alternative<UsageEvent>(event)) {
      ++usages;
    }
  }
  Message message;
  std::vector<std::string> warnings;
  int usages = 0;
};

struct Buyer {
  Buyer(OpenAiProvider& chosen, std::string chosen_model, bool whole)
      : provider(chosen), stream(!whole), model(std::move(chosen_model)) {}

  /// One turn of a person; returns the last words of the model.
  std::string says(const std::string& text) {
    history.push_back(Message::user(text));
    for (int round = 0; round < 12; ++round) {
      GenerateRequest request;
      request.model = model;
      request.system = "You are a shopping assistant.";
      request.messages = history;
      request.tools = shop_tools();
      request.stream = stream;
      MessageSink sink;
      sink.message.role = Role::kAssistant;
      provider.generate(request, sink, context);
      for (const std::string& warning : sink.warnings) warnings.push_back(warning);
      usages += sink.usages;
      history.push_back(sink.message);
      const std::vector<ToolCall> calls = tool_calls_of(sink.message);
      if (calls.empty()) return text_of(sink.message);
      answer(calls);
    }
    return "no end";
  }

  void answer(const std::vector<ToolCall>& calls) {
    Message results;
    results.role = Role::kTool;
    std::string round;
    for (const ToolCall& call : calls) {
      EXPECT_EQ(call.arguments_error, "");
      EXPECT_TRUE(ids.insert(call.id).second) << "one id for two calls: " << call.id;
      EXPECT_THAT(dump_json(call.arguments), ::testing::Not(::testing::HasSubstr("null")));
      round += (round.empty() ? "" : "+") + call.name;
      results.parts.push_back(
          ToolResult{call.id, call.name, shop_answer(call), false, call.provider_metadata});
    }
    steps.push_back(round);
    history.push_back(results);
  }

  OpenAiProvider& provider;
  bool stream;
  std::string model;
  std::vector<Message> history;
  std::vector<std::string> steps;  ///< names of the calls of each round
  std::vector<std::string> warnings;
  std::set<std::string> ids;
  int usages = 0;
  CallContext context;
};

struct Scene {
  std::string name;
  std::string model;
  std::map<std::string, std::string> options;
  fakes::OpenAiQuirks quirks;
  std::size_t piece_bytes = 0;
  bool whole = false;
  bool usage = true;
  std::vector<std::string> warnings;
  std::string path;  ///< of the last request
};

std::ostream& operator<<(std::ostream& out, const Scene& scene) { return out << scene.name; }

Scene scene(std::string name, std::string model, std::map<std::string, std::string> options,
            std::string path = "/v1/chat/completions") {
  Scene result;
  result.name = std::move(name);
  result.model = std::move(model);
  result.options = std::move(options);
  result.path = std::move(path);
  return result;
}

std::vector<Scene> scenes() {
  constexpr const char* kResponses = "/v1/responses";
  std::vector<Scene> all;
  const auto add = [&all](Scene made) -> Scene& {
    all.push_back(std::move(made));
    return all.back();
  };
  add(scene("openai_responses", "gpt-6.1-terra", {{"server", "openai"}}, kResponses));
  add(scene("openai_responses_whole", "gpt-6.1-terra", {{"server", "openai"}}, kResponses)).whole =
      true;
  add(scene("openai_responses_in_bits", "gpt-6.1-terra", {{"server", "openai"}}, kResponses))
      .piece_bytes = 61;
  add(scene("openai_responses_plain_model", "gpt-4.1-mini",
            {{"server", "openai"}, {"api", "responses"}}, kResponses));
  add(scene("openai_chat", "gpt-4.1-mini", {{"server", "openai"}}));
  add(scene("openai_chat_whole", "gpt-4.1-mini", {{"server", "openai"}})).whole = true;
  add(scene("openai_chat_in_bits", "gpt-4.1-mini", {{"server", "openai"}})).piece_bytes = 61;
  add(scene("openai_chat_without_thinking", "gpt-5.6-luna",
            {{"server", "openai"}, {"api", "chat"}}));
  add(scene("openai_sent_to_responses", "gpt-6.1-terra", {{"server", "openai"}, {"api", "chat"}},
            kResponses))
      .warnings = {"gpt-6.1-terra: the server wants this model on Responses; switched"};
  add(scene("openai_not_strict", "gpt-6.1-terra", {{"server", "openai"}, {"strict", "false"}},
            kResponses));
  Scene& strictless = add(scene("proxy_without_strict", "gpt-4.1-mini", {{"server", "openai"}}));
  strictless.quirks.refuse_strict = true;
  strictless.warnings = {
      "gpt-4.1-mini: the server refused a strict function schema; sent the schemas as they are"};
  Scene& ollama = add(scene("ollama", "local", {{"server", "ollama"}}));
  ollama.quirks.whole_calls = ollama.quirks.index_zero = true;
  Scene& llama_cpp = add(scene("llama_cpp", "local", {{"server", "llama.cpp"}}));
  llama_cpp.quirks.finish_with_delta = true;
  Scene& vllm = add(scene("vllm", "local", {{"server", "vllm"}}));
  vllm.quirks.repeat_metadata = vllm.quirks.finish_with_delta = vllm.quirks.finish_stop = true;
  Scene& lm_studio = add(scene("lm_studio", "local", {{"server", "lmstudio"}}));
  lm_studio.quirks.tool_choice_strings = lm_studio.quirks.no_done = true;
  Scene& openrouter = add(scene("openrouter", "local", {{"server", "openrouter"}}));
  openrouter.quirks.comments = openrouter.quirks.reasoning_details = true;
  Scene& groq = add(scene("groq", "local", {{"server", "groq"}}));
  groq.quirks.whole_calls = true;
  Scene& deepseek = add(scene("deepseek", "local", {{"server", "deepseek"}}));
  deepseek.quirks.reasoning_content = true;
  Scene& gemini = add(scene("gemini_endpoint", "local", {{"server", "gemini"}}));
  gemini.quirks.no_index = gemini.quirks.call_extras = true;
  Scene& unknown = add(scene("unknown", "local", {}));
  unknown.quirks.no_ids = unknown.quirks.no_usage = unknown.quirks.no_done =
      unknown.quirks.arguments_object = true;
  unknown.usage = false;
  Scene& old = add(scene("old_server", "local", {{"server", "vllm"}}));
  old.quirks.refuse_stream_options = true;
  old.usage = false;
  old.warnings = {"local: the server refused stream_options; left out"};
  Scene& proxied = add(scene("deepseek_behind_a_proxy", "local", {}));
  proxied.quirks.reasoning_content = true;
  proxied.usage = false;
  return all;
}

class OpenAiPurchase : public ::testing::TestWithParam<Scene> {};

TEST_P(OpenAiPurchase, three_turns_end_in_an_order_and_break_no_rule) {
  const Scene& stage = GetParam();
  fakes::FakeOpenAiOptions fake_options;
  fake_options.models.push_back("local");
  fake_options.piece_bytes = stage.piece_bytes;
  fake_options.quirks = stage.quirks;
  fakes::FakeOpenAi server(fakes::shopping_model, fake_options);
  net::HttpClient client;
  OpenAiProvider provider(
      ProviderConfig{{{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url()}},
                     stage.options,
                     &client});
  Buyer buyer(provider, stage.model, stage.whole);
  EXPECT_EQ(buyer.says("I need wireless headphones under $100"),
            "The cheapest is Ears \xF0\x9F\x8E\xA7 for 59.99 USD.");
  EXPECT_EQ(buyer.says("buy the cheapest"), "The total is 64.79 USD. Shall I buy it?");
  EXPECT_EQ(buyer.says("yes"), "Done: order ORD-77");
  EXPECT_EQ(buyer.steps,
            (std::vector<std::string>{"create_intent", "get_intent_offers",
                                      "get_offer_details+get_offer_details", "create_checkout",
                                      "quote_checkout", "request_approval", "approve_checkout",
                                      "confirm_checkout", "get_order_status"}));
  EXPECT_EQ(server.violations(), std::vector<std::string>{});
  EXPECT_EQ(buyer.warnings, stage.warnings);
  EXPECT_EQ(buyer.usages > 0, stage.usage);
  EXPECT_EQ(server.requests().back().target, stage.path);
}

INSTANTIATE_TEST_SUITE_P(Servers, OpenAiPurchase, ::testing::ValuesIn(scenes()),
                         [](const auto& chosen) { return chosen.param.name; });

TEST(OpenAiConversation, continues_what_another_vendor_began) {
  fakes::FakeOpenAi server(fakes::shopping_model);
  net::HttpClient client;
  OpenAiProvider provider(
      ProviderConfig{{{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url()}},
                     {{"server", "openai"}},
                     &client});
  Buyer buyer(provider, "gpt-6.1-terra", false);
  // Two turns as another vendor's plugin leaves them: long ids, metadata of its own.
  buyer.history.push_back(Message::user("I need wireless headphones under $100"));
  const std::string long_id = "toolu/" + std::string(80, 'z');
  for (const char* name : {"create_intent", "get_intent_offers", "get_offer_details"}) {
    ToolCall call{long_id + name, name, {{"offer_id", "offer-b"}}, "", {{"vendor", "other"}}};
    Message said;
    said.role = Role::kAssistant;
    said.provider = "other";
    said.provider_metadata = {{"vendor", "other"}};
    said.parts.push_back(call);
    buyer.history.push_back(said);
    Message results;
    results.role = Role::kTool;
    results.parts.push_back(
        ToolResult{call.id, name, shop_answer(call), false, call.provider_metadata});
    buyer.history.push_back(results);
  }
  EXPECT_EQ(buyer.says("buy the cheapest"), "The total is 64.79 USD. Shall I buy it?");
  buyer.model = "gpt-4.1-mini";  // from Responses to Chat Completions in mid-conversation
  EXPECT_EQ(buyer.says("yes"), "Done: order ORD-77");
  EXPECT_EQ(server.violations(), std::vector<std::string>{});
  EXPECT_EQ(server.requests().back().target, "/v1/chat/completions");
}

TEST(OpenAiConversation, Q9_a_redirect_is_not_followed_with_the_key) {
  fakes::FakeOpenAi elsewhere(fakes::shopping_model);
  fakes::FakeOpenAi server(fakes::shopping_model);
  fakes::FakeOpenAi::RawAnswer redirect;
  redirect.status = 307;
  redirect.headers = {{"Location", elsewhere.base_url() + "/responses"}};
  server.play(redirect);
  net::HttpClient client;
  OpenAiProvider provider(ProviderConfig{
      {{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url()}}, {}, &client});
  Buyer buyer(provider, "gpt-4.1-mini", false);
  try {
    buyer.says("Hi");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason, "redirect");
  }
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(OpenAiConversation, A11_a_reset_inside_a_call_runs_nothing) {
  fakes::FakeOpenAi server(fakes::shopping_model);
  fakes::FakeOpenAi::RawAnswer half;
  half.body = sse({call_chunk(
      R"({"index":0,"id":"a","function":{"name":"get_checkout","arguments":"{\"ch"}})")});
  half.reset = true;
  server.play(half);
  net::HttpClient client;
  OpenAiProvider provider(ProviderConfig{
      {{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url()}}, {}, &client});
  Buyer buyer(provider, "gpt-4.1-mini", false);
  try {
    buyer.says("Hi");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_TRUE(error.retryable);
  }
  EXPECT_TRUE(buyer.steps.empty());
}

}  // namespace
}  // namespace cartpilot::openai
