#include "plugin/runtime/provider_proxy.h"

#include <gmock/gmock.h>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using testing::error_of;
using testing::EventList;
using testing::FakeTransport;
using ::testing::HasSubstr;
using testing::only_files;
using testing::zoo;

/// Parrots with options.
class ProviderProxy : public ::testing::Test {
 protected:
  std::unique_ptr<PluginProvider> parrot(
      const std::map<std::string, std::string>& options,
      const std::map<std::string, std::string>& environment = {}) {
    return host_.make_provider("parrot", environment, options);
  }
  Json chat_error(const std::string& thrown) {
    const auto provider =
        parrot({{"where", "chat"}, {"throw", thrown}}, {{"PARROT_KEY", "sesame-open-1234"}});
    EventList sink;
    return error_of([&] { provider->generate({}, sink, CallContext()); });
  }

  FakeTransport transport_;
  PluginHost host_{only_files({zoo("parrot")}), transport_};
};

TEST_F(ProviderProxy, a_whole_answer_crosses_unchanged) {
  GenerateRequest request;
  request.model = "m";
  request.messages = {Message::user("hello "), Message::user("w\xC3\xB6rld")};
  EventList sink;
  parrot({})->generate(request, sink, CallContext());
  EXPECT_EQ(sink.events, parse_json(R"([
    {"type":"text_delta","text":"you said: "},
    {"type":"text_delta","text":"hello "},
    {"type":"text_delta","text":"wörld"},
    {"type":"tool_call","id":"call-1","name":"look","arguments":{"deep":[1,2]},
     "provider_metadata":{"signature":"c2ln"}},
    {"type":"usage","input_tokens":7,"output_tokens":5,"reasoning_tokens":3,"cached_tokens":1},
    {"type":"finish","reason":"tool_calls","raw_reason":"tool_use","model":"m",
     "provider_metadata":{"raw":null}}])"));
}

TEST_F(ProviderProxy, bytes_that_are_no_utf8_become_replacement_characters) {
  EventList sink;
  parrot({{"say", "bytes"}})->generate({}, sink, CallContext());
  EXPECT_EQ(sink.events[1]["text"], "\xEF\xBF\xBD(\xEF\xBF\xBD");
}

TEST_F(ProviderProxy, models_check_and_the_function_format_cross) {
  const auto provider = parrot({});
  const std::vector<ModelInfo> models = provider->models(CallContext());
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].id, "parrot-1");
  EXPECT_EQ(models[0].description, "grey");

  EXPECT_EQ(error_of([&] { provider->check(); }), parse_json(R"({"code":"unauthenticated",
                           "message":"PARROT_KEY is not set; set it and try again","retryable":false})"));
  EXPECT_NO_THROW(parrot({}, {{"PARROT_KEY", "k"}})->check());

  EXPECT_EQ(provider->function_declarations({{"a", "", Json::object(), EffectClass::kRead},
                                             {"b", "", Json::object(), EffectClass::kRead}}),
            parse_json(R"(["a","b"])"));
  const auto calls = provider->parse_function_calls(parse_json(R"({"name":"a","args":{"x":1}})"));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(tool_call_to_json(calls[0]),
            parse_json(R"({"id":"c1","name":"a","arguments":{"x":1}})"));
  EXPECT_EQ(error_of([&] { provider->parse_function_calls(7); })["code"], "invalid_argument");
  EXPECT_EQ(provider->function_responses({{"c1", "a", {{"ok", 1}}, false, nullptr}}),
            parse_json(R"([{"ok":1}])"));
}

TEST_F(ProviderProxy, an_error_crosses_with_all_its_members) {
  EXPECT_EQ(chat_error("error"),
            parse_json(R"({"code":"rate_limited","message":"slow down","retryable":true,
                           "retry_after_ms":1500,"http_status":429,"request_id":"req-7",
                           "reason":"quota"})"));
}

TEST_F(ProviderProxy, exceptions_of_every_type_become_errors) {
  const auto code_and_text = [&](const std::string& thrown) {
    const Json error = chat_error(thrown);
    return error["code"].get<std::string>() + ": " + error["message"].get<std::string>();
  };
  EXPECT_EQ(code_and_text("runtime_error"), "internal: parrot fell off");
  EXPECT_EQ(code_and_text("bad_alloc"), "internal: out of memory");
  EXPECT_EQ(code_and_text("json"), "protocol: it is not valid JSON");
  EXPECT_EQ(code_and_text("wordless"), "internal: unnamed exception");
  EXPECT_EQ(code_and_text("nameless"), "internal: unknown exception");
  EXPECT_EQ(code_and_text("int"), "internal: unknown exception");
  EXPECT_EQ(code_and_text("success"), "internal: fine, really");
}

TEST_F(ProviderProxy, a_very_long_message_is_cut_to_fit_even_when_escaping_doubles_it) {
  const Json error = chat_error("chatterbox");
  EXPECT_EQ(error["code"], "internal");
  EXPECT_GT(error["message"].get<std::string>().size(), 1000U);
  EXPECT_LE(dump_json(error).size(), 8192U);
}

TEST_F(ProviderProxy, a_key_in_an_exception_does_not_cross) {
  EXPECT_EQ(chat_error("secret")["message"], "bad key [PARROT_KEY].");
}

TEST_F(ProviderProxy, a_constructor_that_throws_is_an_error_and_nothing_else_breaks) {
  for (const char* thrown :
       {"error", "runtime_error", "bad_alloc", "nameless", "int", "wordless"}) {
    const Json error = error_of([&] { parrot({{"where", "create"}, {"throw", thrown}}); });
    EXPECT_FALSE(error.is_null()) << thrown;
  }
  EXPECT_EQ(error_of([&] {
              parrot({{"where", "create"}, {"throw", "int"}});
            })["message"],
            "unknown exception");
  EXPECT_EQ(error_of([&] {
              parrot({{"where", "create"}, {"throw", "secret"}}, {{"PARROT_KEY", "sesame-99"}});
            })["message"],
            "bad key [PARROT_KEY].");
  EXPECT_NO_THROW(parrot({}));
}

TEST_F(ProviderProxy, an_exception_of_the_event_sink_passes_through_the_plugin) {
  struct Picky final : EventSink {
    void on_event(const StreamEvent&) override {
      ++seen;
      throw Error(ErrorCode::kDeadline, "enough");
    }
    int seen = 0;
  } sink;
  EXPECT_EQ(error_of([&] { parrot({})->generate({}, sink, CallContext()); })["code"], "deadline");
  EXPECT_EQ(sink.seen, 1);
}

TEST_F(ProviderProxy, a_call_from_inside_a_call_throws_instead_of_waiting_for_ever) {
  const auto provider = parrot({});
  struct Curious final : EventSink {
    explicit Curious(LLMProvider& asked) : provider(asked) {}
    void on_event(const StreamEvent&) override { provider.models(CallContext()); }
    LLMProvider& provider;
  } sink(*provider);
  EXPECT_THAT(error_of([&] { provider->generate({}, sink, CallContext()); })["message"].dump(),
              HasSubstr("from inside one of its own calls"));
  EXPECT_EQ(provider->models(CallContext()).size(), 2U);
}

TEST_F(ProviderProxy, deep_metadata_below_the_limit_crosses_both_ways) {
  Json deep = 1;
  for (int i = 0; i < 60; ++i) deep = Json::array({deep});
  GenerateRequest request;
  request.messages = {Message::user("x")};
  request.messages[0].provider_metadata = deep;
  EventList sink;
  EXPECT_NO_THROW(parrot({})->generate(request, sink, CallContext()));
}

}  // namespace
}  // namespace cartpilot::plugin
