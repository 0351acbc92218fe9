// What a request must be, Q1 to Q10 and Q24 to Q28: transport, members, settings. The rules are
// those of the public API reference.
#include "request_checks.h"

namespace cartpilot::anthropic::tests {
namespace {

using fakes::FakeAnthropic;

TEST_F(AnthropicRequestCheck, Q01_method_and_path) {
  Json body = valid_body();
  for (const char* path : {"/v1/v1/messages", "/messages", "/v1/messages/", "/v1/complete"}) {
    body["max_tokens"] = integer_or(body, "max_tokens") + 1;
    EXPECT_EQ(post(dump_json(body), path), 404) << path;
    expect_complaint("Q1");
  }

  for (const char* suffix : {"", "/", "/v1", "/v1/", "/v1/messages"}) {
    ProviderConfig config;
    net::HttpClient client;
    config.environment = {{"ANTHROPIC_API_KEY", service_.key()},
                          {"ANTHROPIC_BASE_URL", service_.base_url() + suffix}};
    config.transport = &client;
    AnthropicProvider provider(config);
    GenerateRequest request;
    request.model = "claude-sonnet-5-5";
    request.messages = {Message::user("hello")};
    Log log;
    provider.generate(request, log, CallContext());
    EXPECT_EQ(newest().method, "POST");
    EXPECT_EQ(newest().target, "/v1/messages") << suffix;
  }
}

TEST_F(AnthropicRequestCheck, Q02_exactly_one_credential) {
  const std::string body = dump_json(valid_body());
  const std::string another = dump_json(valid_body().patch(Json::parse(put("/max_tokens", "99"))));
  HttpHeaders headers = {{"anthropic-version", "2023-06-01"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(post(body, "/v1/messages", headers), 401);
  expect_complaint("Q2");
  headers.emplace_back("x-api-key", strict_.key());
  headers.emplace_back("Authorization", "Bearer " + strict_.key());
  EXPECT_EQ(post(another, "/v1/messages", headers), 400);
  expect_complaint("Q2");
  Json leaking = valid_body();
  leaking["messages"][0]["content"][0]["text"] = "my key is " + strict_.key();
  post(dump_json(leaking));
  expect_complaint("Q2");

  sent({Message::user("hello")});
  EXPECT_EQ(header_value(newest().headers, "x-api-key"), service_.key());
  EXPECT_EQ(header_value(newest().headers, "authorization"), "");
  EXPECT_EQ(newest().body.find(service_.key()), std::string::npos);
  EXPECT_EQ(newest().target.find(service_.key()), std::string::npos);

  fakes::FakeAnthropicOptions options;
  options.bearer = true;
  FakeAnthropic bearer(fakes::shopping_model, options);
  Talk by_token(bearer, {}, "", "ANTHROPIC_AUTH_TOKEN");
  EXPECT_EQ(by_token.say("yes"), "There is nothing to buy yet.");
  Talk by_option(bearer, {{"auth", "bearer"}});
  EXPECT_EQ(by_option.say("yes"), "There is nothing to buy yet.");
  EXPECT_EQ(bearer.violations(), Lines{});

  options.key.clear();
  FakeAnthropic local(fakes::shopping_model, options);
  Talk without(local);
  EXPECT_EQ(without.say("yes"), "There is nothing to buy yet.");
  const HttpHeaders last = local.requests().back().headers;
  for (const auto& [name, value] : last) {
    EXPECT_NE(name, "x-api-key");
    EXPECT_NE(name, "Authorization");
  }
}

TEST_F(AnthropicRequestCheck, Q03_version_and_betas) {
  const std::string body = dump_json(valid_body());
  HttpHeaders headers = {{"x-api-key", strict_.key()}, {"Content-Type", "application/json"}};
  EXPECT_EQ(post(body, "/v1/messages", headers), 400);
  expect_complaint("Q3");
  headers.emplace_back("anthropic-version", "2026-10-21");
  headers.emplace_back("anthropic-beta", "one,,two");
  EXPECT_EQ(post(dump_json(valid_body().patch(Json::parse(put("/max_tokens", "99")))),
                 "/v1/messages", headers),
            400);
  expect_complaint("Q3");
  headers.pop_back();
  Json warm = valid_body();
  warm["model"] = "claude-haiku-4-5";
  warm["temperature"] = 0.5;
  EXPECT_EQ(post(dump_json(warm), "/v1/messages", headers), 400);
  expect_complaint("Q3");

  sent({Message::user("hello")});
  EXPECT_EQ(header_value(newest().headers, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(header_value(newest().headers, "anthropic-beta"), "");
  const Json newer =
      sent({Message::user("hello")},
           {{"api-version", "2026-10-21"}, {"beta", " one , two"}, {"temperature", "0.5"}},
           "claude-haiku-4-5");
  EXPECT_EQ(header_value(newest().headers, "anthropic-version"), "2026-10-21");
  EXPECT_EQ(header_value(newest().headers, "anthropic-beta"), "one,two");
  EXPECT_FALSE(newer.contains("temperature"));
  purchase({{"api-version", "2026-10-21"}});
}

TEST_F(AnthropicRequestCheck, Q04_clean_json) {
  const HttpHeaders text = {{"x-api-key", strict_.key()},
                            {"anthropic-version", "2023-06-01"},
                            {"Content-Type", "text/plain"}};
  EXPECT_EQ(post(dump_json(valid_body()), "/v1/messages", text), 400);
  expect_complaint("Q4");
  for (const char* body : {"{", "[]", R"({"model":"x","model":"y"})", "{\"model\":\"\xFF\"}",
                           R"({"model":"\ud800"})"}) {
    EXPECT_EQ(post(body), 400) << body;
    expect_complaint("Q4");
  }

  ToolResult result{"c", "get_time", Json{{"text", "half \xED\xA0\x80 pair"}}, false, nullptr};
  const Json body = sent({Message::user("half a \xC3 character"),
                          assistant({ToolCall{"c", "get_time", Json::object(), "", nullptr}}),
                          results({result})});
  EXPECT_EQ(body["messages"][0]["content"][0]["text"], "half a \xEF\xBF\xBD character");
  const std::string content = string_or(body["messages"][2]["content"][0], "content");
  EXPECT_EQ(content.find("\xED\xA0\x80"), std::string::npos);
  EXPECT_EQ(parse_json(content)["text"].get<std::string>().substr(0, 5), "half ");
  EXPECT_EQ(header_value(newest().headers, "content-type"), "application/json");
}

TEST_F(AnthropicRequestCheck, Q05_model_limit_and_messages) {
  expect_refused(
      "Q5", {R"([{"op":"remove","path":"/model"}])", R"([{"op":"remove","path":"/max_tokens"}])",
             R"([{"op":"remove","path":"/messages"}])", put("/max_tokens", "0"),
             put("/max_tokens", "1.5"), put("/max_tokens", "128001")});

  EXPECT_EQ(sent({Message::user("hello")})["max_tokens"], 16000);
  EXPECT_EQ(sent({Message::user("hello")}, {{"max-output-tokens", "77"}})["max_tokens"], 77);
  Talk talk(service_, {{"max-output-tokens", "100000"}});
  talk.request.model = "claude-haiku-4-5";
  EXPECT_EQ(talk.say("yes"), "There is nothing to buy yet.");
  EXPECT_EQ(service_.bodies().back()["max_tokens"], 64000);
  EXPECT_EQ(talk.warnings,
            (Lines{"claude-haiku-4-5 writes at most 64000 tokens; the limit is lowered"}));
}

TEST_F(AnthropicRequestCheck, Q06_only_known_members) {
  expect_refused("Q6",
                 {put("/colour", "1"), put("/max_output_tokens", "5"), put("/functions", "[]"),
                  put("/tools/0/parameters", "{}"), put("/tools/0/eager_input_streaming", "true"),
                  put("/messages/2/content/0/name", R"("x")"),
                  put("/thinking", R"({"type":"adaptive","budget":5})")});

  purchase({{"effort", "high"},
            {"thinking", "adaptive"},
            {"display", "omitted"},
            {"parallel-tool-calls", "false"},
            {"cache", "1h"},
            {"max-output-tokens", "4096"}});
}

TEST_F(AnthropicRequestCheck, Q07_system_text) {
  expect_refused("Q7", {put("/system", R"("")"), put("/system", "[]"), put("/system", "{}"),
                        put("/system", R"([{"type":"text","text":""}])"),
                        messages({kUser, R"({"role":"system","content":"x"})", kUser})});

  EXPECT_EQ(sent({Message::user("hello")})["system"][0]["text"], "You help people shop.");
  EXPECT_EQ(sent({Message::user("hello")}, {{"cache", "off"}})["system"], "You help people shop.");
  Talk talk(service_);
  talk.request.system = " \n";
  EXPECT_EQ(talk.say("yes"), "There is nothing to buy yet.");
  EXPECT_FALSE(service_.bodies().back().contains("system"));
}

TEST_F(AnthropicRequestCheck, Q08_the_person_has_the_first_and_the_last_word) {
  expect_refused("Q8", {messages({kSaid, kUser}), messages({kUser, kSaid}),
                        messages({kUser, kSaid, kUser, kSaid})});

  const Json body = sent({assistant({TextPart{"Welcome.", nullptr}}), Message::user("hello"),
                          assistant({TextPart{"Half an ans [interrupted]", nullptr}})});
  EXPECT_EQ(
      dump_json(body["messages"]),
      R"([{"role":"user","content":[{"type":"text","text":"hello"}]},)"
      R"({"role":"assistant","content":[{"type":"text","text":"Half an ans [interrupted]"}]},)"
      R"({"role":"user","content":[{"type":"text","text":"Continue.",)"
      R"("cache_control":{"type":"ephemeral"}}]}])");
  const ToolCall call{"c", "get_time", Json::object(), "", nullptr};
  // The call of these results was cut away, and so are they.
  const Json cut = sent({assistant({call}),
                         results({ToolResult{"c", "get_time", Json::object(), false, nullptr}}),
                         Message::user("hello")});
  EXPECT_EQ(cut["messages"].size(), 1U);
}

TEST_F(AnthropicRequestCheck, Q09_roles_alternate) {
  expect_refused("Q9", {put("/messages", "[]"), messages({kUser, kUser}),
                        messages({kUser, kSaid, kSaid, kUser}), put("/messages/0/content", "[]"),
                        put("/messages/1/role", R"("human")")});

  const Json body = sent({Message::user("one"), Message::user("two"), assistant({}),
                          Message::user("three"), assistant({TextPart{"a", nullptr}}),
                          assistant({TextPart{"b", nullptr}}), Message::user("four")});
  ASSERT_EQ(body["messages"].size(), 3U);
  EXPECT_EQ(body["messages"][0]["content"].size(), 3U);
  EXPECT_EQ(body["messages"][1]["content"].size(), 2U);
}

TEST_F(AnthropicRequestCheck, Q10_no_blank_text) {
  expect_refused(
      "Q10", {put("/messages/0/content/0/text", R"("")"),
              put("/messages/0/content/0/text", R"(" \n")"), put("/messages/0/content", R"("")")});

  const Json body = sent({Message::user("hello"), assistant({TextPart{" \n", nullptr}}),
                          Message::user(""), Message::user("again")});
  ASSERT_EQ(body["messages"].size(), 1U);
  EXPECT_EQ(body["messages"][0]["content"].size(), 2U);
}

TEST_F(AnthropicRequestCheck, Q24_sampling_only_when_asked_for_and_taken) {
  expect_refused("Q24", {put("/temperature", "0.5"), put("/top_p", "0.5"), put("/top_k", "5")});

  EXPECT_FALSE(sent({Message::user("hello")}, {}, "claude-haiku-4-5").contains("temperature"));
  EXPECT_EQ(
      sent({Message::user("hello")}, {{"temperature", "0.5"}}, "claude-haiku-4-5")["temperature"],
      0.5);
  Talk newer(service_, {{"temperature", "0.5"}});
  newer.say("yes");
  EXPECT_EQ(newer.warnings, (Lines{"claude-sonnet-5-5 takes no temperature; left out"}));
  EXPECT_FALSE(service_.bodies().back().contains("temperature"));
  Talk thinking(service_, {{"temperature", "0.5"}, {"thinking", "2048"}});
  thinking.request.model = "claude-haiku-4-5";
  thinking.say("yes");
  EXPECT_EQ(thinking.warnings,
            (Lines{"claude-haiku-4-5 takes no temperature while it thinks; left out"}));
}

TEST_F(AnthropicRequestCheck, Q25_thinking_that_the_model_offers) {
  const auto of = [](const char* model, const std::string& thinking) {
    return R"([{"op":"add","path":"/model","value":")" + std::string(model) +
           R"("},{"op":"add","path":"/thinking","value":)" + thinking + "}]";
  };
  const std::string budget = R"({"type":"enabled","budget_tokens":2048})";
  const std::string off = R"({"type":"disabled"})";
  expect_refused("Q25", {of("claude-sonnet-5-5", budget), of("claude-sonnet-5-5", off),
                         of("claude-opus-5-5", off), of("claude-sonnet-5", budget),
                         of("claude-haiku-4-5", R"({"type":"adaptive"})"),
                         of("claude-haiku-4-5", R"({"type":"enabled","budget_tokens":100})"),
                         of("claude-haiku-4-5", R"({"type":"enabled","budget_tokens":5000})")});

  const auto thinking = [this](const std::string& model, const OptionMap& options) {
    const Json body = sent({Message::user("hello")}, options, model);
    return body.contains("thinking") ? dump_json(body["thinking"]) : "";
  };
  const std::string shown = R"({"type":"adaptive","display":"summarized"})";
  EXPECT_EQ(thinking("claude-sonnet-5-5", {}), shown);
  EXPECT_EQ(thinking("claude-opus-5-5", {}), shown);
  EXPECT_EQ(thinking("claude-haiku-4-5", {}), "");
  EXPECT_EQ(thinking("claude-opus-4-6", {}), "");
  EXPECT_EQ(thinking("claude-opus-4-6", {{"thinking", "adaptive"}}), shown);
  EXPECT_EQ(thinking("claude-opus-4-6", {{"thinking", "3000"}}),
            R"({"type":"enabled","budget_tokens":3000})");
  EXPECT_EQ(thinking("claude-haiku-4-5", {{"thinking", "adaptive"}}),
            R"({"type":"enabled","budget_tokens":8000})");
  EXPECT_EQ(thinking("claude-sonnet-5-5", {{"thinking", "3000"}}), shown);
  EXPECT_EQ(thinking("claude-sonnet-5", {{"thinking", "off"}}), off);
  EXPECT_EQ(thinking("claude-opus-5", {{"thinking", "off"}, {"effort", "max"}}), "");
  EXPECT_EQ(thinking("claude-sonnet-5-5", {{"thinking", "off"}}), R"({"type":"between_tools"})");
  EXPECT_EQ(thinking("claude-opus-5-5", {{"thinking", "off"}}), "");
  EXPECT_EQ(thinking("claude-haiku-4-5", {{"thinking", "off"}}), "");
  EXPECT_EQ(thinking("claude-sonnet-5-5", {{"thinking", "between-tools"}}),
            R"({"type":"between_tools"})");
  Talk greedy(service_, {{"thinking", "2000"}, {"max-output-tokens", "2000"}});
  greedy.request.model = "claude-haiku-4-5";
  EXPECT_EQ(greedy.say("hello"), "error invalid_argument  final");
  EXPECT_EQ(greedy.errors,
            (Lines{"anthropic option thinking=2000 leaves no room for an answer of 2000 tokens; "
                   "raise max-output-tokens or lower thinking"}));
  purchase({{"thinking", "2048"}}, "claude-haiku-4-5");
}

TEST_F(AnthropicRequestCheck, Q26_tool_choice) {
  expect_refused("Q26", {put("/tool_choice", R"({"type":"any"})"),
                         put("/tool_choice", R"({"type":"tool","name":"get_time"})"),
                         put("/tool_choice", R"({"type":"none","disable_parallel_tool_use":true})"),
                         put("/tool_choice", R"({"type":"required"})"),
                         R"([{"op":"remove","path":"/tools"},{"op":"add","path":"/tool_choice",)"
                         R"("value":{"type":"auto"}}])"});

  const auto choice = [this](const std::string& asked, const std::string& model,
                             const OptionMap& options = {}) {
    Talk talk(service_, options);
    talk.request.model = model;
    talk.request.tool_choice = asked;
    talk.request.messages = {Message::user("hello")};
    const Log log = talk.answer();
    EXPECT_FALSE(log.error) << log.error->what();
    const Json body = service_.bodies().back();
    return body.contains("tool_choice") ? dump_json(body["tool_choice"]) : log.lines.at(0);
  };
  EXPECT_EQ(choice("required", "claude-haiku-4-5"), R"({"type":"any"})");
  EXPECT_EQ(choice("get_intent_offers", "claude-haiku-4-5"),
            R"({"type":"tool","name":"get_intent_offers"})");
  EXPECT_EQ(choice("required", "claude-haiku-4-5", {{"thinking", "2048"}}), R"({"type":"any"})");
  EXPECT_EQ(choice("required", "claude-sonnet-5"), R"({"type":"any"})");
  EXPECT_EQ(service_.bodies().back()["thinking"], Json::parse(R"({"type":"disabled"})"));
  EXPECT_EQ(choice("required", "claude-opus-5-5"),
            "warning claude-opus-5-5 cannot be told to call a function while it thinks; left to "
            "the model");
  EXPECT_EQ(choice("none", "claude-sonnet-5-5", {{"parallel-tool-calls", "false"}}),
            R"({"type":"none"})");
  EXPECT_EQ(choice("auto", "claude-sonnet-5-5", {{"parallel-tool-calls", "false"}}),
            R"({"type":"auto","disable_parallel_tool_use":true})");
  EXPECT_FALSE(sent({Message::user("hello")}).contains("tool_choice"));
  Talk unknown(service_);
  unknown.request.tool_choice = "no_such";
  EXPECT_EQ(unknown.say("hello"), "error invalid_argument  final");
  Talk without(service_);
  without.request.tools.clear();
  without.request.tool_choice = "required";
  EXPECT_EQ(without.say("yes"), "There is nothing to buy yet.");
}

TEST_F(AnthropicRequestCheck, Q27_cache_marks) {
  const std::string mark = R"("cache_control":{"type":"ephemeral"})";
  std::string five;
  for (int i = 0; i < 5; ++i) {
    five += (i == 0 ? "" : ",") + (R"({"type":"text","text":"x",)" + mark + "}");
  }
  expect_refused("Q27", {put("/messages/0/content", "[" + five + "]"),
                         put("/system/0/cache_control", R"({"type":"for ever"})")});

  const Json body = sent({Message::user("hello")});
  const Json expected = Json::parse(R"({"type":"ephemeral"})");
  EXPECT_EQ(body["system"][0]["cache_control"], expected);
  EXPECT_EQ(body["messages"][0]["content"][0]["cache_control"], expected);
  EXPECT_FALSE(body["tools"].back().contains("cache_control"));
  Talk bare(service_, {{"cache", "1h"}});
  bare.request.system.clear();
  bare.say("yes");
  EXPECT_EQ(service_.bodies().back()["tools"].back()["cache_control"],
            Json::parse(R"({"type":"ephemeral","ttl":"1h"})"));
  EXPECT_EQ(dump_json(sent({Message::user("hello")}, {{"cache", "off"}})).find("cache_control"),
            std::string::npos);
  for (const Json& request : purchase()) {
    const std::string text = dump_json(request);
    std::size_t marks = 0;
    for (std::size_t at = text.find("cache_control"); at != std::string::npos;
         at = text.find("cache_control", at + 1)) {
      ++marks;
    }
    EXPECT_EQ(marks, 2U);
    EXPECT_TRUE(request["messages"].back()["content"].back().contains("cache_control"));
  }
}

TEST_F(AnthropicRequestCheck, Q28_no_strict_functions) {
  expect_refused("Q28", {put("/tools/0/strict", "true")});

  for (const Json& body : purchase()) {
    for (const Json& tool : body["tools"]) EXPECT_FALSE(tool.contains("strict"));
  }
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
