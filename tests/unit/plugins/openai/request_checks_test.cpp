// Q1 to Q10, the rules of any request: the server refuses what breaks one, and the plugin's own
// requests break none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "turn_runner.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(OpenAiRequestCheck, Q01_method_and_path_are_exact) {
  ExchangeFixture desk(Api::kChat);
  EXPECT_EQ(desk.server.requests().back().method, "POST");
  EXPECT_EQ(desk.server.requests().back().target, "/v1/chat/completions");
  const std::string base = desk.server.base_url();
  HttpRequest wrong = desk.request(dump_json(desk.own()));
  for (const char* path : {"/v1/chat/completions", "/chat/completion", "/", ""}) {
    wrong.url = base + path;
    EXPECT_EQ(desk.verdict(wrong), "404 Q1") << path;
  }
  wrong.url = base + "/chat/completions";
  wrong.method = "PUT";
  EXPECT_EQ(desk.verdict(wrong), "404 Q1");

  ExchangeFixture responses(Api::kResponses);
  EXPECT_EQ(responses.server.requests().back().target, "/v1/responses");
  for (const char* written : {"/", "/chat/completions", "/responses"}) {
    fakes::FakeOpenAi server([](const fakes::ModelView&) { return fakes::ModelStep{"ok", {}}; });
    OpenAiProvider provider(
        {{{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url() + written}},
         {{"server", "openai"}, {"api", "chat"}},
         &desk.client});
    GenerateRequest request;
    request.model = kChatModel;
    request.messages = {Message::user("Hi")};
    MessageSink sink;
    provider.generate(request, sink, desk.context);
    EXPECT_EQ(server.requests().back().target, "/v1/chat/completions") << written;
    EXPECT_THAT(server.violations(), IsEmpty()) << written;
  }
}

TEST(OpenAiRequestCheck, Q02_the_key_comes_as_a_bearer_token) {
  ExchangeFixture desk(Api::kChat);
  const std::string text = dump_json(desk.own());
  for (const char* wrong : {"Bearer", "Bearer ", "sk-test-0123456789abcdef", "Basic abc"}) {
    HttpRequest request = desk.request(text);
    request.headers[0].second = wrong;
    EXPECT_EQ(desk.verdict(request), "401 Q2") << wrong;
  }
  HttpRequest without = desk.request(text);
  without.headers.erase(without.headers.begin());
  EXPECT_EQ(desk.verdict(without), "401 Q2");
  EXPECT_EQ(header_value(desk.server.requests().front().headers, "authorization"),
            "Bearer " + desk.server.key());
}

TEST(OpenAiRequestCheck, Q03_the_content_is_json) {
  for (const Api api : {Api::kChat, Api::kResponses}) {
    ExchangeFixture desk(api);
    HttpRequest request = desk.request(dump_json(desk.own()));
    for (const char* wrong : {"text/plain", "application/x-www-form-urlencoded"}) {
      request.headers[1].second = wrong;
      EXPECT_EQ(desk.verdict(request), "400 Q3") << wrong;
    }
    request.headers.pop_back();
    EXPECT_EQ(desk.verdict(request), "400 Q3");
    EXPECT_EQ(header_value(desk.server.requests().front().headers, "content-type"),
              "application/json");
  }
}

TEST(OpenAiRequestCheck, Q04_the_body_is_one_clean_json_object) {
  ExchangeFixture desk(Api::kChat);
  const std::string text = dump_json(desk.own());
  const auto with = [&text](const std::string& member) {
    return "{" + member + "," + text.substr(1);
  };
  for (const std::string& wrong :
       {std::string("[]"), std::string(), text + "}", text.substr(0, text.size() - 1),
        with(R"("model":"gpt-4.1-mini")"), with("\"user\":\"\xFF\""), with(R"("user":"\ud83c")"),
        with(R"("temperature":NaN)"), with(R"("temperature":Infinity)")}) {
    EXPECT_EQ(desk.when_sent(wrong), "400 Q4") << wrong.substr(0, 60);
  }
  // What people and tools say may be broken; what is sent is not.
  RequestFixture counter(kChatModel);
  counter.request.messages = {Message::user("half \xF0\x9F\x8E and \xED\xA0\xBC")};
  EXPECT_EQ(counter.hears(sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"})).at(0),
            "text ok");
  EXPECT_THAT(counter.server.violations(), IsEmpty());
}

TEST(OpenAiRequestCheck, Q05_a_model_is_named) {
  for (const Api api : {Api::kChat, Api::kResponses}) {
    ExchangeFixture desk(api);
    EXPECT_EQ(desk.when([](Json& body) { body["model"] = ""; }), "400 Q5");
    EXPECT_EQ(desk.when([](Json& body) { body["model"] = 4; }), "400 Q5");
    EXPECT_EQ(desk.when([](Json& body) { body.erase("model"); }), "400 Q5");
  }
}

TEST(OpenAiRequestCheck, Q06_no_unknown_member) {
  for (const Api api : {Api::kChat, Api::kResponses}) {
    ExchangeFixture desk(api);
    EXPECT_EQ(desk.when([](Json& body) { body["thinking"] = true; }), "400 Q6");
    EXPECT_EQ(desk.when([](Json& body) { body["Tools"] = Json::array(); }), "400 Q6");
  }
}

TEST(OpenAiRequestCheck, Q07_no_null_where_none_may_stand) {
  ExchangeFixture chat(Api::kChat);
  EXPECT_EQ(chat.when([](Json& body) { body["temperature"] = nullptr; }), "400 Q7");
  EXPECT_EQ(chat.when([](Json& body) { body["tools"] = nullptr; }), "400 Q7");
  EXPECT_EQ(chat.when([](Json& body) { body["tools"][0]["function"]["description"] = nullptr; }),
            "400 Q7");
  ExchangeFixture responses(Api::kResponses);
  EXPECT_EQ(responses.when([](Json& body) { body["instructions"] = nullptr; }), "400 Q7");
  EXPECT_EQ(responses.when([](Json& body) { body["reasoning"]["effort"] = nullptr; }), "400 Q7");
}

TEST(OpenAiRequestCheck, Q08_the_key_is_in_no_address_and_in_no_text_for_people) {
  ExchangeFixture desk(Api::kChat);
  HttpRequest leaking = desk.request(dump_json(desk.own()));
  leaking.url += "?key=" + desk.server.key();
  EXPECT_EQ(desk.verdict(leaking), "404 Q1");
  EXPECT_THAT(desk.server.violations(), ::testing::Contains("Q8: the key is in the address"));

  // The server quotes the key in every way it can; nothing of it reaches a person.
  RequestFixture counter(kChatModel);
  const std::string key = counter.server.key();
  const std::string quote = "no: Bearer " + key;
  Trace told = counter.refused(400, R"({"error":{"message":")" + quote + R"("}})");
  for (const Trace& more :
       {counter.refused(401, quote), counter.refused(500, quote),
        counter.hears(sse({R"({"error":{"message":")" + quote + R"("}})"})),
        counter.hears("event: error\ndata: " + quote + "\n\n"), counter.hears_body(quote)}) {
    told.insert(told.end(), more.begin(), more.end());
  }
  EXPECT_THAT(told, AllOf(Each(HasSubstr("error ")), Each(Not(HasSubstr(key)))));
  for (const auto& request : counter.server.requests()) {
    EXPECT_THAT(request.target, Not(HasSubstr(key)));
    EXPECT_THAT(request.body, Not(HasSubstr(key)));
    for (const auto& [name, value] : request.headers) {
      EXPECT_EQ(value.find(key) != std::string::npos, name == "Authorization") << name;
    }
  }
}

TEST(OpenAiRequestCheck, Q09_no_redirect_is_followed_with_the_key) {
  fakes::FakeOpenAiOptions trap;
  trap.redirected_to = true;
  fakes::FakeOpenAi elsewhere(fakes::shopping_model, trap);
  for (const int status : {301, 302, 303, 307, 308}) {
    RequestFixture counter(kChatModel);
    EXPECT_THAT(
        counter.refused(status, "", {{"Location", elsewhere.base_url() + "/chat/completions"}}),
        ElementsAre(AllOf(HasSubstr("redirects elsewhere"), HasSubstr("final redirect"))))
        << status;
    EXPECT_EQ(counter.server.requests().size(), 1U);
  }
  EXPECT_THAT(elsewhere.requests(), IsEmpty());
  ExchangeFixture desk(Api::kChat);
  HttpRequest followed = desk.request(dump_json(desk.own()));
  followed.url = elsewhere.base_url() + "/chat/completions";
  net::fetch(desk.client, followed, desk.context);
  EXPECT_THAT(elsewhere.violations(), ElementsAre("Q9: the key was sent to where a redirect led"));
}

TEST(OpenAiRequestCheck, Q10_nothing_is_repeated_too_soon_or_in_vain) {
  struct Case {
    const char* name;
    int status;
    HttpHeaders headers;
    std::string body;
    std::size_t requests;
    std::int64_t least_wait;
  };
  const std::string quota =
      R"({"error":{"message":"no credit","type":"insufficient_quota","code":"insufficient_quota"}})";
  const std::string limit =
      R"({"error":{"message":"slower","type":"requests","code":"rate_limit_exceeded"}})";
  const std::vector<Case> cases = {
      {"seconds", 429, {{"Retry-After", "1"}}, limit, 2, 1000},
      {"milliseconds", 429, {{"retry-after-ms", "250"}, {"Retry-After", "9"}}, limit, 2, 250},
      {"overloaded", 503, {}, "", 2, 10},
      {"told not to", 503, {{"x-should-retry", "false"}}, "", 1, 0},
      {"told to", 403, {{"x-should-retry", "true"}, {"retry-after-ms", "30"}}, "", 2, 30},
      {"spent quota", 429, {}, quota, 1, 0},
      {"spent quota that should be retried", 429, {{"x-should-retry", "true"}}, quota, 1, 0},
      {"bad request", 400, {}, R"({"error":{"message":"messages: bad"}})", 1, 0},
      {"much too long", 429, {{"Retry-After", "9999"}}, limit, 1, 0},
  };
  for (const Case& c : cases) {
    RequestFixture counter(kChatModel);
    TurnRunner runner(counter);
    Played answer;
    answer.status = c.status;
    answer.headers = c.headers;
    answer.body = c.body;
    counter.server.play(answer);
    EXPECT_EQ(runner.turn(), c.requests == 2 ? "stop ok" : "error") << c.name;
    EXPECT_EQ(counter.server.requests().size(), c.requests) << c.name;
    ASSERT_EQ(runner.waits.size(), c.requests - 1) << c.name;
    EXPECT_GE(c.requests == 2 ? runner.waits[0] : 0, c.least_wait) << c.name;
    EXPECT_THAT(counter.server.violations(), IsEmpty()) << c.name;
  }
  // The server sees it when somebody does not wait, or asks again in vain.
  for (const char* header : {"30", ""}) {
    ExchangeFixture desk(Api::kChat);
    Played answer;
    answer.status = header[0] == '\0' ? 400 : 429;
    answer.headers = {{"Retry-After", header}};
    desk.server.play(answer);
    const std::string text = dump_json(desk.own()) + " ";
    desk.when_sent(text);
    desk.when_sent(text);
    EXPECT_THAT(desk.server.violations(), ElementsAre(HasSubstr("Q10: the same request again")));
  }
}

}  // namespace
}  // namespace cartpilot::openai
