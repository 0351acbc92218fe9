// What a request must be, Q1 to Q12, Q44 to Q48: transport, JSON, keys and manners. The rules are
// those of https://ai.google.dev/api/generate-content and what the service answers to breaking
// them.
#include <atomic>
#include <thread>

#include "request_checks.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::GivenAnswer;

const HttpHeaders kJson = {{"Content-Type", "application/json"}};

TEST_F(GeminiRequestCheck, Q01_method_and_path) {
  EXPECT_EQ(post("{}", "/v1/models/gemini-3.8-flash:generateContent").status, 404);
  expect_complaint("Q1");
  EXPECT_EQ(post("{}", "/v1beta/models/gemini-3.8-flash%3AgenerateContent").status, 404);
  EXPECT_EQ(post("{}", "/v1beta/models/../x:generateContent").status, 404);
  EXPECT_EQ(post("{}", "/v1beta/models/gemini-3.8-flash:countTokens").status, 404);
  expect_complaint("Q1");

  sent({Message::user("hello")}, {}, "models/gemini-4-argon");
  EXPECT_EQ(newest().method, "POST");
  EXPECT_EQ(newest().target, "/v1beta/models/gemini-4-argon:streamGenerateContent?alt=sse");
}

TEST_F(GeminiRequestCheck, Q02_streams_ask_for_events) {
  const Reply reply =
      post(dump_json(valid_body()), "/v1beta/models/gemini-3.8-flash:streamGenerateContent");
  EXPECT_TRUE(reply.body.is_array());
  expect_complaint("Q2");

  sent({Message::user("hello")});
  EXPECT_EQ(newest().target, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse");
  Conversation whole(service_, {}, false);
  EXPECT_EQ(whole.say("yes"), "There is nothing to buy yet.");
  EXPECT_EQ(newest().target, kGeneratePath);
}

TEST_F(GeminiRequestCheck, Q03_exactly_one_credential) {
  EXPECT_EQ(post("{}", kGeneratePath, kJson).status, 403);
  expect_complaint("Q3");
  HttpHeaders two = kJson;
  two.emplace_back("x-goog-api-key", "test-key");
  two.emplace_back("Authorization", "Bearer test-key");
  EXPECT_EQ(post("{}", kGeneratePath, two).status, 400);
  expect_complaint("Q3");

  sent({Message::user("hello")});
  EXPECT_EQ(header_value(newest().headers, "x-goog-api-key"), "test-key");
  EXPECT_EQ(header_value(newest().headers, "authorization"), "");
  EXPECT_EQ(newest().target.find("key="), std::string::npos);
}

TEST_F(GeminiRequestCheck, Q04_the_expected_key) {
  HttpHeaders wrong = kJson;
  wrong.emplace_back("x-goog-api-key", "other");
  const Reply reply = post("{}", kGeneratePath, wrong);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body["error"]["details"][0]["reason"], "API_KEY_INVALID");
  expect_complaint("Q4");

  Conversation good(service_, {}, true, " test-key\n");
  EXPECT_EQ(good.say("yes"), "There is nothing to buy yet.");
  Conversation bad(strict_, {}, true, "wrong");
  EXPECT_EQ(bad.say("hello"), "error unauthenticated api_key_invalid final");
}

TEST_F(GeminiRequestCheck, Q05_the_key_stands_in_the_header_only) {
  Json body = valid_body();
  body["contents"][0]["parts"][0]["text"] = "my key is test-key";
  post(dump_json(body));
  expect_complaint("Q5");
  post("{}", kGeneratePath + "?key=test-key", kJson);
  EXPECT_EQ(strict_.violations().at(1), "Q5 the key stands in the URL");

  const std::string sent_text = dump_json(sent({Message::user("hello")}));
  EXPECT_EQ(sent_text.find("test-key"), std::string::npos);
  EXPECT_EQ(newest().target.find("test-key"), std::string::npos);
}

TEST_F(GeminiRequestCheck, Q06_clean_json) {
  const HttpHeaders text = {{"x-goog-api-key", "test-key"}, {"Content-Type", "text/plain"}};
  EXPECT_EQ(post(dump_json(valid_body()), kGeneratePath, text).status, 400);
  expect_complaint("Q6");
  for (const char* body :
       {"{", "[]", R"({"contents":[],"contents":[]})", "{\"a\":\"\xFF\"}", R"({"contents":NaN})"}) {
    EXPECT_EQ(post(body).status, 400) << body;
    expect_complaint("Q6");
  }

  const Json body =
      sent({Message::user("half a \xC3 character"), foreign_calls({"create_intent"}),
            results_of({{"call_0", Json{{"n", std::numeric_limits<double>::quiet_NaN()}}}})});
  EXPECT_EQ(body["contents"][0]["parts"][0]["text"], "half a \xEF\xBF\xBD character");
  EXPECT_EQ(body["contents"][2]["parts"][0]["functionResponse"]["response"]["n"], nullptr);
  EXPECT_EQ(header_value(newest().headers, "content-type"), "application/json");
}

TEST_F(GeminiRequestCheck, Q07_no_unknown_key_at_any_level) {
  expect_refused(
      "Q7", {put("/colour", "1"), put("/tool_config", "{}"), put("/contents/0/name", R"("x")"),
             put("/contents/0/parts/0/colour", "1"), put("/systemInstruction/x", "1"),
             put("/tools/0/function", "{}"), put("/tools/0/functionDeclarations/0/strict", "true"),
             put("/toolConfig", R"({"functionCallingConfig":{"mode":"ANY","x":1}})"),
             put("/generationConfig", R"({"maxTokens":1})"),
             put("/generationConfig", R"({"thinkingConfig":{"level":"LOW"}})"),
             put("/safetySettings",
                 R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF","x":1}])"),
             contents({kUserTurn,
                       R"({"role":"model","parts":[{"functionCall":{"name":"get_time",)"
                       R"("arguments":{}}}]})",
                       kResponseTurn})});
  const Reply reply = post(dump_json(valid_body().patch(Json::parse(put("/colour", "2")))));
  EXPECT_EQ(reply.body["error"]["message"],
            "Invalid JSON payload received. Unknown name \"colour\": Cannot find field.");
  EXPECT_EQ(reply.body["error"]["details"][0]["@type"],
            "type.googleapis.com/google.rpc.BadRequest");

  purchase({{"include-thoughts", "true"},
            {"thinking", "high"},
            {"tool-mode", "VALIDATED"},
            {"allowed-functions",
             "create_intent,get_intent_offers,get_offer_details,create_checkout,quote_checkout,"
             "request_approval,approve_checkout,confirm_checkout,get_order_status"},
            {"safety", "BLOCK_NONE"},
            {"store", "false"},
            {"max-output-tokens", "4096"}});
}

TEST_F(GeminiRequestCheck, Q08_known_models) {
  const Reply reply = post(dump_json(valid_body()), "/v1beta/models/gemini-9:generateContent");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body["error"]["status"], "NOT_FOUND");
  expect_complaint("Q8");

  sent({Message::user("hello")});  // the plugin's own default
  Conversation unknown(strict_);
  unknown.request().model = "gemini-9";
  EXPECT_EQ(unknown.say("hello"), "error not_found model final");
}

TEST_F(GeminiRequestCheck, Q09_contents_and_parts_are_not_empty) {
  expect_refused("Q9", {contents({}), contents({R"({"role":"user","parts":[]})"}),
                        contents({R"({"role":"user"})"})});

  const Json body = sent({Message::user("hello"), Message{}, Message::user("")});
  EXPECT_EQ(dump_json(body["contents"]), R"([{"role":"user","parts":[{"text":"hello"}]}])");
}

TEST_F(GeminiRequestCheck, Q10_only_two_roles) {
  expect_refused(
      "Q10", {put("/contents/0/role", R"("function")"), put("/contents/0/role", R"("tool")"),
              put("/contents/0/role", R"("system")"), put("/contents/0/role", R"("assistant")")});

  for (const Json& body : purchase()) {
    for (const Json& content : body["contents"]) {
      EXPECT_TRUE(content["role"] == "user" || content["role"] == "model");
    }
  }
}

TEST_F(GeminiRequestCheck, Q11_every_part_holds_one_thing) {
  expect_refused(
      "Q11", {put("/contents/0/parts/0", "{}"), put("/contents/0/parts/0", R"({"thought":true})"),
              put("/contents/0/parts/0/functionCall", R"({"name":"get_time"})")});

  service_.play(bytes_of_stream({framed(
      chunk(R"([{},{"text":"a"},null,{"thought":true},{"thoughtSignature":"S="}])", kStop))}));
  Conversation conversation(service_);
  EXPECT_EQ(conversation.say("hello"), "a");
  service_.issue(Json::parse(R"([{"text":"a"},{"text":"","thoughtSignature":"S="}])"));
  conversation.say("and?");
  EXPECT_EQ(service_.bodies().back()["contents"][1]["parts"],
            Json::parse(R"([{"text":"a"},{"text":"","thoughtSignature":"S="}])"));
}

TEST_F(GeminiRequestCheck, Q12_no_unsigned_empty_text) {
  Json body = valid_body();
  body["contents"][0]["parts"].push_back({{"text", ""}});
  EXPECT_EQ(post(dump_json(body)).status, 200);
  expect_complaint("Q12");

  Message empty = foreign_calls({});
  empty.parts.push_back(TextPart{"", nullptr});
  const Json sent_body = sent({Message::user("hello"), empty, Message::user("")});
  EXPECT_EQ(dump_json(sent_body["contents"]).find(R"("text":"")"), std::string::npos);
}

TEST_F(GeminiRequestCheck, Q44_no_words_of_other_vendors) {
  expect_refused("Q44", {put("/messages", "[]"), put("/tool_choice", R"("auto")"),
                         put("/max_tokens", "5"), put("/contents/0/tool_calls", "[]"),
                         put("/contents/0/parts/0/tool_call_id", R"("x")"),
                         put("/tools/0/functionDeclarations/0/input_schema", "{}")});

  sent({Message::user("socks"), foreign_calls({"create_intent"}),
        results_of({{"call_0", Json{{"id", "intent-0"}}}}), Message::user("hello")},
       {{"max-output-tokens", "100"}});
}

TEST_F(GeminiRequestCheck, Q45_model_and_stream_stay_out_of_the_body) {
  expect_refused("Q45", {put("/stream", "true")});
  EXPECT_EQ(post(dump_json(valid_body().patch(Json::parse(put("/model", R"("x")"))))).status, 200);
  expect_complaint("Q45");

  const Json body = sent({Message::user("hello")}, {}, "gemini-3.6-flash");
  EXPECT_FALSE(body.contains("model"));
  EXPECT_FALSE(body.contains("stream"));
}

TEST_F(GeminiRequestCheck, Q46_refusals_are_final_and_waits_are_kept) {
  const std::string body = dump_json(valid_body());
  strict_.play(GivenAnswer::json(403, Json::parse(R"({"error":{"code":403}})")));
  EXPECT_EQ(post(body).status, 403);
  EXPECT_EQ(strict_.violations(), Lines{});
  EXPECT_EQ(post(body).status, 200);
  expect_complaint("Q46");
  const auto busy = [](const std::string& delay) {
    return GivenAnswer::json(
        429, Json::parse(status_body(429, "RESOURCE_EXHAUSTED", "Quota.",
                                     R"([{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
                                     R"("retryDelay":")" +
                                         delay + "\"}]")));
  };
  fakes::FakeGemini hurried;
  hurried.play(busy("30s"));
  Conversation eager(hurried);
  eager.say("hello");
  eager.say("hello?");
  EXPECT_EQ(hurried.violations().at(0), "Q46 sent before the wait that was asked for was over");
  for (int i = 0; i < 6; ++i) {
    strict_.play(GivenAnswer::json(503, Json::object()));
    post(dump_json(valid_body().patch(Json::parse(put("/store", "false")))));
  }
  EXPECT_EQ(strict_.violations().back(), "Q46 the same request again and again");

  for (const int status : {400, 401, 403, 404}) {
    HostedChat chat(service_);
    service_.play(GivenAnswer::json(status, Json::parse(status_body(status, "", "No."))));
    const std::size_t before = service_.bodies().size();
    EXPECT_TRUE(chat.say("status " + std::to_string(status)).error);
    EXPECT_EQ(service_.bodies().size(), before + 1);
  }
  HostedChat patient(service_);
  service_.play(busy("0.05s"));
  service_.play(busy("60ms"));
  EXPECT_EQ(patient.say("yes").text, "There is nothing to buy yet.");
  ASSERT_EQ(patient.notebook.lines.size(), 4U) << "two waits, and an answer in two pieces";
  HostedChat bounded(service_);
  for (int i = 0; i < 3; ++i) service_.play(GivenAnswer::json(503, Json::object()));
  EXPECT_TRUE(bounded.say("is anybody there").error);
}

/// Asks to stop as soon as the first text arrived.
class StopAfterText final : public EventSink, public CallContext {
 public:
  explicit StopAfterText(const fakes::FakeGemini& service) : service_(service) {}
  void on_event(const StreamEvent& event) override {
    if (!std::holds_alternative<TextDelta>(event)) return;
    closed_before_ = service_.closed_by_client();
    seen_ = true;
  }
  bool cancelled() const noexcept override { return seen_; }
  std::size_t closed_before() const { return closed_before_; }

 private:
  const fakes::FakeGemini& service_;
  std::atomic<bool> seen_ = false;
  std::size_t closed_before_ = 99;
};

TEST_F(GeminiRequestCheck, Q47_cancelling_closes_the_connection) {
  GivenAnswer stall = GivenAnswer::events({Json::parse(chunk(R"([{"text":"Hm"}])"))});
  stall.end = GivenAnswer::End::kStall;
  service_.play(stall);
  Conversation conversation(service_);
  conversation.request().messages = {Message::user("x")};
  StopAfterText stop(service_);
  try {
    conversation.provider().generate(conversation.request(), stop, stop);
    ADD_FAILURE() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kCancelled);
  }
  EXPECT_EQ(stop.closed_before(), 0U) << "an open connection does not count";
  while (service_.closed_by_client() == 0) std::this_thread::yield();
  EXPECT_EQ(service_.closed_by_client(), 1U);
}

TEST_F(GeminiRequestCheck, Q48_safety_settings) {
  expect_refused(
      "Q48",
      {put("/safetySettings", R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"},)"
                              R"({"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}])"),
       put("/safetySettings", R"([{"category":"HARASSMENT","threshold":"OFF"}])"),
       put("/safetySettings", R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"LOW"}])")});

  EXPECT_FALSE(sent({Message::user("hello")}).contains("safetySettings"));
  EXPECT_EQ(sent({Message::user("hello")}, {{"safety", "BLOCK_NONE"}})["safetySettings"].size(),
            4U);
  EXPECT_EQ(
      sent({Message::user("hello")},
           {{"safety", "jailbreak:off,hate_speech:block_only_high"}})["safetySettings"],
      Json::parse(R"([{"category":"HARM_CATEGORY_JAILBREAK","threshold":"OFF"},)"
                  R"({"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"BLOCK_ONLY_HIGH"}])"));
}

}  // namespace
}  // namespace cartpilot::gemini::tests
