// The same scenes at every server: what each of them omits, repeats, refuses or gets wrong does not
// show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/openai_rules.h"
#include "shopper.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct ServerSetup {
  std::string name;
  fakes::OpenAiProfile profile;
  Options options;
  bool whole = false;
  std::vector<std::string> warnings;
  bool usage = true;
  std::string path = "/chat/completions";
};

std::ostream& operator<<(std::ostream& out, const ServerSetup& setup) { return out << setup.name; }

/// One setup per server, with what is known about it.
ServerSetup setup_at(const fakes::OpenAiProfile& profile) {
  ServerSetup setup;
  setup.name = profile.name;
  setup.profile = profile;
  setup.options = {{"server", profile.server}, {"max-output-tokens", "2000"}};
  const bool openai = profile.server == "openai" && profile.model == kResponsesModel;
  if (openai || profile.name == "azure") setup.path = "/responses";
  if (profile.options.quirks.one_call) setup.options["parallel-tool-calls"] = "true";
  if (profile.name == "vllm_old") {
    setup.warnings = {"local does not accept stream_options; left out"};
    setup.usage = false;
  }
  if (profile.name == "gateway_without_strict") {
    setup.warnings = {
        "gpt-4.1-mini does not accept a strict function schema; the schemas are sent as they are"};
  }
  // Servers nobody knows are not asked for usage.
  if (profile.server == "unknown") setup.usage = false;
  return setup;
}

std::vector<ServerSetup> servers() {
  std::vector<ServerSetup> all;
  for (const fakes::OpenAiProfile& profile : fakes::openai_profiles()) {
    all.push_back(setup_at(profile));
  }
  return all;
}

/// Every server streamed, whole and in crumbs; and what options make of some of them.
std::vector<ServerSetup> purchases() {
  std::vector<ServerSetup> all;
  for (const ServerSetup& setup : servers()) {
    all.push_back(setup);
    ServerSetup crumbs = setup;
    crumbs.name += "_in_crumbs";
    crumbs.profile.options.piece_bytes = 61;
    all.push_back(crumbs);
    ServerSetup whole = setup;
    whole.name += "_whole";
    whole.whole = true;
    whole.usage = !setup.profile.options.quirks.no_usage;
    if (whole.name == "vllm_old_whole") whole.warnings.clear();
    all.push_back(whole);
  }
  for (const char* name : {"ollama", "llama_cpp", "vllm", "lm_studio", "openrouter", "groq"}) {
    ServerSetup responses = setup_at(fakes::openai_profile(name));
    responses.name += "_responses";
    responses.options["api"] = "responses";
    responses.path = "/responses";
    all.push_back(responses);
  }
  const auto add = [&all](const char* name, const char* profile, Options options) -> ServerSetup& {
    all.push_back(setup_at(fakes::openai_profile(profile)));
    all.back().name = name;
    for (const auto& [key, value] : options) all.back().options[key] = value;
    return all.back();
  };
  ServerSetup& sent = add("openai_sent_to_responses", "openai_responses", {{"api", "chat"}});
  sent.warnings = {"gpt-6.1-terra is wanted on Responses by the server; switched"};
  add("openai_not_strict", "openai_responses", {{"strict", "false"}});
  add("openai_chat_on_responses", "openai_chat", {{"api", "responses"}}).path = "/responses";
  ServerSetup& unthinking =
      add("openai_chat_without_thinking", "openai_responses", {{"api", "chat"}});
  unthinking.profile.model = "gpt-5.6-luna";
  unthinking.path = "/chat/completions";
  return all;
}

/// A provider at the pretend server of a setup.
struct Shop {
  explicit Shop(const ServerSetup& setup, const std::string& key = "")
      : server(fakes::shopping_model, setup.profile.options),
        provider(config(setup, key.empty() ? server.key() : key)) {}

  ProviderConfig config(const ServerSetup& setup, const std::string& key) {
    const bool azure = setup.profile.server == "azure";
    return {{{azure ? "AZURE_OPENAI_API_KEY" : "OPENAI_API_KEY", key},
             {"OPENAI_BASE_URL", server.base_url()}},
            setup.options,
            &client};
  }

  Error fails(const ServerSetup& setup, const std::string& model, MessageSink& sink) {
    GenerateRequest request;
    request.model = model;
    request.messages = {Message::user("Hi")};
    request.tools = mixer_tools();
    request.stream = !setup.whole;
    try {
      provider.generate(request, sink, context);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorCode::kOk, "");
  }

  fakes::FakeOpenAi server;
  net::HttpClient client;
  OpenAiProvider provider;
  CallContext context;
};

class OpenAiPurchase : public ::testing::TestWithParam<ServerSetup> {};

TEST_P(OpenAiPurchase, three_turns_end_in_an_order_and_break_no_rule) {
  const ServerSetup& setup = GetParam();
  Shop shop(setup);
  Shopper shopper(shop.provider, setup.profile.model, setup.whole);
  EXPECT_EQ(shopper.says("I need wireless headphones under $100"),
            "The cheapest is Ears \xF0\x9F\x8E\xA7 for 59.99 USD.");
  EXPECT_EQ(shopper.says("buy the cheapest"), "The total is 64.79 USD. Shall I buy it?");
  EXPECT_EQ(shopper.says("yes"), "Done: order ORD-77");
  EXPECT_EQ(shopper.steps, purchase_steps());
  EXPECT_THAT(shop.server.violations(), IsEmpty());
  EXPECT_EQ(shopper.warnings, setup.warnings);
  EXPECT_EQ(shopper.usages > 0, setup.usage);
  const std::string target = shop.server.requests().back().target;
  EXPECT_THAT(target.substr(0, target.find('?')), ::testing::EndsWith(setup.path));
}

INSTANTIATE_TEST_SUITE_P(Servers, OpenAiPurchase, ::testing::ValuesIn(purchases()),
                         [](const auto& chosen) { return chosen.param.name; });

class OpenAiServer : public ::testing::TestWithParam<ServerSetup> {};

TEST_P(OpenAiServer, an_unknown_model_is_answered_with_near_names) {
  const ServerSetup& setup = GetParam();
  Shop shop(setup);
  MessageSink sink;
  const std::string model = setup.profile.model;
  const Error error = shop.fails(setup, model + "x", sink);
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.reason, "model") << error.what();
  EXPECT_THAT(error.what(), AllOf(HasSubstr("no model '" + model + "x'"), HasSubstr("near names: "),
                                  HasSubstr(model)));
  EXPECT_THAT(shop.server.violations(), IsEmpty());
}

TEST_P(OpenAiServer, a_wrong_key_names_the_variable_and_stays_secret) {
  const ServerSetup& setup = GetParam();
  if (setup.profile.options.key.empty()) {
    // Local servers want none, and none is sent.
    Shop shop(setup);
    GenerateRequest request;
    request.model = setup.profile.model;
    request.messages = {Message::user("Hi")};
    MessageSink sink;
    shop.provider.generate(request, sink, shop.context);
    EXPECT_EQ(header_value(shop.server.requests().back().headers, "authorization"), "");
    return;
  }
  Shop shop(setup, "wrong-key-0123456789");
  MessageSink sink;
  const Error error = shop.fails(setup, setup.profile.model, sink);
  EXPECT_EQ(error.code, ErrorCode::kUnauthenticated);
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr(setup.profile.server == "azure" ? "check AZURE_OPENAI_API_KEY"
                                                              : "check OPENAI_API_KEY"),
                    Not(HasSubstr("wrong-key"))));
}

TEST_P(OpenAiServer, an_error_inside_the_stream_ends_it) {
  const ServerSetup& setup = GetParam();
  const bool chat = setup.path != "/responses";
  fakes::openai::Refusal overloaded;
  overloaded.status = 503;
  overloaded.type = "service_unavailable_error";
  overloaded.message = "upstream overloaded";
  const Json text =
      chat ? parse_json(chunk(R"({"content":"Well"})"))
           : Json{{"type", "response.output_text.delta"}, {"output_index", 0}, {"delta", "Well"}};
  // A validation error cannot come that late.
  const fakes::OpenAiErrorForm form = setup.profile.options.quirks.errors;
  const bool late = form != fakes::OpenAiErrorForm::kDetail;
  const Json body = error_body(overloaded, late ? form : fakes::OpenAiErrorForm::kOpenAi);
  Shop shop(setup);
  Played answer;
  answer.body = sse({dump_json(text), dump_json(body)});
  shop.server.play(answer);
  MessageSink sink;
  const Error error = shop.fails(setup, setup.profile.model, sink);
  EXPECT_EQ(sink.lines.trace, Trace{"text Well"});
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_TRUE(error.retryable);
  EXPECT_THAT(error.what(), HasSubstr("upstream overloaded"));
}

INSTANTIATE_TEST_SUITE_P(Servers, OpenAiServer, ::testing::ValuesIn(servers()),
                         [](const auto& chosen) { return chosen.param.name; });

TEST(OpenAiConversation, continues_what_another_vendor_began) {
  fakes::FakeOpenAi server(fakes::shopping_model);
  net::HttpClient client;
  OpenAiProvider provider(
      ProviderConfig{{{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url()}},
                     {{"server", "openai"}},
                     &client});
  Shopper shopper(provider, kResponsesModel, false);
  // Two turns as another vendor's plugin leaves them: long ids, metadata of its own.
  shopper.history.push_back(Message::user("I need wireless headphones under $100"));
  const std::string long_id = "toolu/" + std::string(80, 'z');
  for (const char* name : {"create_intent", "get_intent_offers", "get_offer_details"}) {
    ToolCall call{long_id + name, name, {{"offer_id", "offer-b"}}, "", {{"vendor", "other"}}};
    Message said;
    said.role = Role::kAssistant;
    said.provider = "other";
    said.provider_metadata = {{"vendor", "other"}};
    said.parts.push_back(call);
    shopper.history.push_back(said);
    Message results;
    results.role = Role::kTool;
    results.parts.push_back(
        ToolResult{call.id, name, shop_answer(call), false, call.provider_metadata});
    shopper.history.push_back(results);
  }
  EXPECT_EQ(shopper.says("buy the cheapest"), "The total is 64.79 USD. Shall I buy it?");
  shopper.model = kChatModel;  // from Responses to Chat Completions in mid-conversation
  EXPECT_EQ(shopper.says("yes"), "Done: order ORD-77");
  EXPECT_THAT(server.violations(), IsEmpty());
  EXPECT_EQ(server.requests().back().target, "/v1/chat/completions");
}

TEST(OpenAiConversation, a_base_url_without_its_version_is_told_how_it_should_look) {
  fakes::FakeOpenAi server(fakes::shopping_model);
  net::HttpClient client;
  const std::string base = server.base_url().substr(0, server.base_url().size() - 3);
  OpenAiProvider provider(
      ProviderConfig{{{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", base}}, {}, &client});
  Shopper shopper(provider, kChatModel, false);
  try {
    shopper.says("Hi");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound);
    EXPECT_EQ(
        std::string(error.what()),
        "no API found at " + base + " (HTTP 404); check OPENAI_BASE_URL, try " + base + "/v1");
  }
}

}  // namespace
}  // namespace cartpilot::openai
