// What a request must be, Q11 to Q23, Q29 and Q30: calls, results, and what stays the same in a
// conversation. The rules are those of the public API reference and its pages on tools and
// thinking.
#include "request_checks.h"
#include "streams.h"
#include "unit/chat/scripted_provider.h"

namespace cartpilot::anthropic::tests {
namespace {

using fakes::FakeAnthropic;

ToolCall call_to(const std::string& id, const std::string& name = "get_time",
                 Json arguments = Json::object()) {
  return {id, name, std::move(arguments), "", nullptr};
}

ToolResult result_of(const std::string& id, const std::string& name = "get_time") {
  return {id, name, Json{{"of", id}}, false, nullptr};
}

TEST_F(AnthropicRequestCheck, Q11_every_call_has_one_result) {
  const std::string twice =
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"{}"},)"
      R"({"type":"tool_result","tool_use_id":"t1","content":"{}"}]})";
  expect_refused("Q11", {messages({kUser, kCall, kUser}), messages({kUser, kCall, twice})});

  const Json body =
      sent({Message::user("x"), assistant({call_to("a"), call_to("b"), call_to("c")}),
            results({result_of("b"), result_of("b"), result_of("a")}), Message::user("y")});
  const Json content = body["messages"][2]["content"];
  ASSERT_EQ(content.size(), 4U);
  EXPECT_EQ(content[0]["content"], R"({"of":"a"})");
  EXPECT_EQ(content[1]["content"], R"({"of":"b"})");
  EXPECT_EQ(content[2]["tool_use_id"], "c");
  EXPECT_EQ(content[2]["is_error"], true) << "nobody answered it";
}

TEST_F(AnthropicRequestCheck, Q12_every_result_answers_a_call) {
  expect_refused("Q12", {messages({kUser, kSaid, kResult}), messages({kResult}),
                         put("/messages/2/content/0/tool_use_id", R"("t2")")});

  const Json body = sent(
      {Message::user("x"), assistant({call_to("a")}), results({result_of("a"), result_of("other")}),
       assistant({TextPart{"Done.", nullptr}}), results({result_of("a")}), Message::user("y")});
  EXPECT_EQ(body["messages"].size(), 5U);
  EXPECT_EQ(body["messages"][2]["content"].size(), 1U);
  EXPECT_EQ(body["messages"][4]["content"].size(), 1U);
}

TEST_F(AnthropicRequestCheck, Q13_all_results_come_first_in_one_message) {
  const std::string late = R"({"role":"user","content":[{"type":"text","text":"x"},)"
                           R"({"type":"tool_result","tool_use_id":"t1","content":"{}"}]})";
  expect_refused("Q13", {messages({kUser, kCall, late})});

  const Json body =
      sent({Message::user("x"), assistant({call_to("a"), call_to("b")}), results({result_of("b")}),
            Message::user("hurry"), results({result_of("a")})});
  ASSERT_EQ(body["messages"].size(), 3U);
  const Json content = body["messages"][2]["content"];
  ASSERT_EQ(content.size(), 3U);
  EXPECT_EQ(content[0]["tool_use_id"], "a");
  EXPECT_EQ(content[1]["tool_use_id"], "b");
  EXPECT_EQ(content[2]["text"], "hurry");
  // Two calls of one answer, as the model of the purchase makes them.
  const Json parallel = purchase().at(3)["messages"].back()["content"];
  ASSERT_EQ(parallel.size(), 2U);
  EXPECT_EQ(parallel[0]["type"], "tool_result");
  EXPECT_EQ(parallel[1]["type"], "tool_result");
}

TEST_F(AnthropicRequestCheck, Q14_ids_of_calls) {
  const std::string two =
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"get_time","input":{}},)"
      R"({"type":"tool_use","id":"t1","name":"get_time","input":{}}]})";
  expect_refused("Q14", {messages({kUser, two, kResult}),
                         put("/messages/1/content/0/id", R"("functions.get_time:0")"),
                         put("/messages/1/content/0/id", R"("")")});

  const std::vector<Message> history = {
      Message::user("x"),
      assistant({call_to("functions.get_time:0"), call_to("fits_1")}),
      results({result_of("functions.get_time:0"), result_of("fits_1")}),
      Message::user("y"),
      assistant({call_to("functions.get_time:0"), call_to(std::string(200, 'z'))}),
      results({result_of("functions.get_time:0"), result_of(std::string(200, 'z'))})};
  const Json body = sent(history);
  EXPECT_EQ(body["messages"][1]["content"][1]["id"], "fits_1");
  EXPECT_EQ(string_or(body["messages"][1]["content"][0], "id"),
            string_or(body["messages"][2]["content"][0], "tool_use_id"));
  EXPECT_EQ(string_or(body["messages"][3]["content"][1], "id"),
            string_or(body["messages"][4]["content"][1], "tool_use_id"));
  EXPECT_EQ(dump_json(sent(history)), dump_json(body)) << "the same ids every time";
}

TEST_F(AnthropicRequestCheck, Q15_input_is_an_object) {
  expect_refused("Q15", {put("/messages/1/content/0/input", R"("{}")"),
                         put("/messages/1/content/0/input", "null"),
                         put("/messages/1/content/0/input", "[]")});

  ToolCall broken = call_to("a", "get_time", Json("text"));
  broken.arguments_error = "the arguments are not valid JSON";
  const Json body = sent({Message::user("x"), assistant({broken, call_to("b")}),
                          results({result_of("a"), result_of("b")})});
  EXPECT_EQ(body["messages"][1]["content"][0]["input"], Json::object());
  EXPECT_EQ(body["messages"][1]["content"][1]["input"], Json::object());
}

TEST_F(AnthropicRequestCheck, Q16_content_of_results) {
  expect_refused(
      "Q16", {put("/messages/2/content/0/content", "{}"), put("/messages/2/content/0/content", "5"),
              put("/messages/2/content/0/content", R"("{\"error\":true,\"message\":\"no\"}")")});

  ToolResult failed{"a", "get_time", tool_error("DECLINED", "The person said no.").content, true,
                    nullptr};
  const Json body = sent({Message::user("x"), assistant({call_to("a"), call_to("b")}),
                          results({failed, result_of("b")})});
  const Json content = body["messages"][2]["content"];
  EXPECT_EQ(
      dump_json(content[0]),
      R"({"type":"tool_result","tool_use_id":"a","content":"{\"error\":true,)"
      R"(\"error_code\":\"DECLINED\",\"message\":\"The person said no.\"}","is_error":true})");
  EXPECT_FALSE(content[1].contains("is_error"));
}

TEST_F(AnthropicRequestCheck, Q17_names_of_functions) {
  const std::string tool =
      R"({"name":"get_time","description":"d","input_schema":{"type":"object"}})";
  expect_refused("Q17", {put("/tools/0/name", R"("get time")"), put("/tools/0/name", R"("")"),
                         put("/tools/0/name", "\"" + std::string(65, 'x') + "\""),
                         put("/tools", "[" + tool + "," + tool + "]")});

  Talk talk(service_);
  ToolSpec odd = talk.request.tools[0];
  odd.name = "odd name.1";
  talk.request.tools.push_back(odd);
  odd.name = "odd name_1";
  talk.request.tools.push_back(odd);
  talk.request.tools.push_back(talk.request.tools[0]);
  talk.say("yes");
  const Json tools = service_.bodies().back()["tools"];
  ASSERT_EQ(tools.size(), 11U) << "the same name once";
  EXPECT_NE(tools[9]["name"], tools[10]["name"]);
}

TEST_F(AnthropicRequestCheck, Q18_schemas_describe_an_object) {
  expect_refused("Q18", {put("/tools/0/input_schema", "{}"),
                         put("/tools/0/input_schema", R"({"type":"string"})"),
                         put("/tools/0/input_schema", R"({"type":"object","anyOf":[]})"),
                         put("/tools/0/input_schema", R"({"type":"object","oneOf":[]})"),
                         put("/tools/0/input_schema",
                             R"({"type":"object","properties":{"a":{"$ref":"http://x/y"}}})")});

  const auto schema_of = [this](const char* parameters) {
    Talk talk(service_);
    talk.request.tools.resize(1);
    talk.request.tools[0].parameters = Json::parse(parameters);
    talk.say("yes");
    return dump_json(service_.bodies().back()["tools"][0]["input_schema"]);
  };
  EXPECT_EQ(schema_of("{}"), R"({"type":"object","properties":{}})");
  EXPECT_EQ(schema_of("null"), R"({"type":"object","properties":{}})");
  EXPECT_EQ(schema_of(R"({"anyOf":[{"properties":{"a":{"type":"string"}}},)"
                      R"({"properties":{"b":{}},"required":["b"]}]})"),
            R"({"type":"object","properties":{"a":{"type":"string"},"b":{}}})");
  EXPECT_EQ(schema_of(R"({"type":"object","properties":{"a":{"$ref":"http://x/y"},)"
                      R"("b":{"$ref":"#/$defs/c"}},"$defs":{"c":{"minimum":1,"oneOf":[{}]}}})"),
            R"({"type":"object","properties":{"a":{},"b":{"$ref":"#/$defs/c"}},)"
            R"("$defs":{"c":{"minimum":1,"oneOf":[{}]}}})");
}

TEST_F(AnthropicRequestCheck, Q19_functions_stay_as_they_are) {
  const std::string body = dump_json(valid_body());
  EXPECT_EQ(post(body), 200);
  EXPECT_EQ(strict_.violations(), Lines{});
  EXPECT_EQ(
      post(dump_json(valid_body().patch(Json::parse(put("/tools/0/description", R"("another")"))))),
      200);
  expect_complaint("Q19");

  const std::vector<Json> bodies = purchase();
  for (const Json& request : bodies)
    EXPECT_EQ(dump_json(request["tools"]), dump_json(bodies[0]["tools"]));
}

TEST_F(AnthropicRequestCheck, Q20_system_text_stays_as_it_is) {
  EXPECT_EQ(post(dump_json(valid_body())), 200);
  EXPECT_EQ(post(dump_json(
                valid_body().patch(Json::parse(put("/system/0/text", R"("it is 5 o'clock")"))))),
            200);
  expect_complaint("Q20");

  const std::vector<Json> bodies = purchase();
  for (const Json& request : bodies) {
    EXPECT_EQ(dump_json(request["system"]), dump_json(bodies[0]["system"]));
  }
}

TEST_F(AnthropicRequestCheck, Q21_messages_are_only_appended) {
  const std::string more = messages({kUser, kSaid, kUser});
  EXPECT_EQ(post(dump_json(valid_body().patch(Json::parse(more)))), 200);
  EXPECT_EQ(post(dump_json(valid_body().patch(Json::parse(messages({kUser, kCall, kResult}))))),
            200);
  expect_complaint("Q21");

  const std::vector<Json> bodies = purchase();
  for (std::size_t i = 1; i < bodies.size(); ++i) {
    const Json& earlier = bodies[i - 1]["messages"];
    const Json& now = bodies[i]["messages"];
    ASSERT_EQ(now.size(), earlier.size() + 2);
    for (std::size_t j = 0; j + 1 < earlier.size(); ++j) {
      ASSERT_EQ(dump_json(now[j]), dump_json(earlier[j]));
    }
  }
}

TEST_F(AnthropicRequestCheck, Q22_thinking_goes_back_as_it_came) {
  const Json issued = Json::parse(
      R"([{"type":"thinking","thinking":"","signature":"S+/="},{"type":"redacted_thinking",)"
      R"("data":"D"},{"type":"tool_use","id":"t1","name":"get_time","input":{}}])");
  strict_.issue(issued);
  Json body = valid_body();
  body["messages"][1]["content"] = issued;
  EXPECT_EQ(post(dump_json(body)), 200);
  EXPECT_EQ(strict_.violations(), Lines{});
  std::swap(body["messages"][1]["content"][0], body["messages"][1]["content"][1]);
  body["messages"][0]["content"][0]["text"] = "another conversation";
  EXPECT_EQ(post(dump_json(body)), 200);
  expect_complaint("Q22");

  // The fake signs all thinking of the purchase and compares it.
  const Json last = purchase().back()["messages"];
  std::size_t blocks = 0;
  for (const Json& message : last) {
    for (const Json& block : message["content"]) blocks += string_or(block, "type") == "thinking";
  }
  EXPECT_EQ(blocks, 11U);
  purchase({{"display", "omitted"}});
  EXPECT_EQ(service_.bodies().back()["messages"][1]["content"][0]["thinking"], "")
      << "an empty text with a signature is a block";
}

TEST_F(AnthropicRequestCheck, Q23_no_foreign_thinking) {
  Json body = valid_body();
  for (const char* thinking : {R"({"type":"thinking","thinking":"x"})",
                               R"({"type":"thinking","thinking":"x","signature":"made up"})"}) {
    body["messages"][1]["content"].insert(body["messages"][1]["content"].begin(),
                                          Json::parse(thinking));
    EXPECT_EQ(post(dump_json(body)), 400);
    expect_complaint("Q23");
    body = valid_body();
  }

  // Another model in the middle: its own thinking only.
  Talk talk(service_);
  talk.say("I need wireless headphones under $100");
  talk.request.model = "claude-opus-5-5";
  EXPECT_EQ(talk.say("buy the cheapest"), "The total is 86.38 USD. Shall I buy it?");
  talk.request.model = "claude-sonnet-5-5";
  EXPECT_EQ(talk.say("yes"), "Done: order ORD-7");
  // Another server's answers: words and calls, no thinking.
  FakeAnthropic other;
  Talk moved(other);
  moved.request.messages = talk.request.messages;
  EXPECT_EQ(moved.say("yes"), "Done: order ORD-7");
  EXPECT_EQ(other.violations(), Lines{});
  const std::string first = dump_json(other.bodies().front());
  EXPECT_EQ(first.find(R"("type":"thinking")"), std::string::npos);
}

/// Plays `raw` to a conversation that goes on afterwards.
Lines after(FakeAnthropic& service, const FakeAnthropic::RawAnswer& raw) {
  Talk talk(service);
  talk.say("I need wireless headphones under $100");
  service.play(raw);
  talk.request.messages.push_back(Message::user("yes"));
  const Log log = talk.answer();
  if (!log.error) talk.request.messages.push_back(log.message);
  const std::string text = text_of(log.message);
  if (log.error && !text.empty()) {
    // What the host keeps of an answer that broke off.
    Message unfinished = Message::user(text + " [interrupted]");
    unfinished.role = Role::kAssistant;
    talk.request.messages.push_back(unfinished);
  }
  talk.say("buy the cheapest");
  Lines texts;
  const Json sent = service.bodies().back()["messages"];
  for (std::size_t i = 8; i < sent.size() && i < 12; ++i) {
    for (const Json& block : sent[i]["content"]) {
      texts.push_back(string_or(sent[i], "role") + " " + string_or(block, "type") + " " +
                      string_or(block, "text"));
    }
  }
  return texts;
}

TEST_F(AnthropicRequestCheck, Q29_broken_answers_leave_a_valid_conversation) {
  // The fake checks every request behind these answers by Q8 to Q16.
  const std::string half = begun() + thinking(0, "Hm", "S=") + text_block(1, "Well") +
                           call_begun(2, "t9", "confirm_checkout") + arguments(2, "{\"check");
  const Lines kept = after(service_, played(half));
  EXPECT_EQ(kept,
            (Lines{"user text yes", "assistant text Well [interrupted]",
                   "user text buy the cheapest", "assistant thinking ", "assistant tool_use "}));
  EXPECT_EQ(after(service_, played(half + ended("max_tokens"))),
            (Lines{"user text yes", "assistant text Well", "user text buy the cheapest",
                   "assistant thinking ", "assistant tool_use "}));
  EXPECT_EQ(after(service_, played(begun() + thinking(0, "Hm", "S=") + ended("max_tokens"))),
            (Lines{"user text yes", "user text buy the cheapest", "assistant thinking ",
                   "assistant tool_use ", "user tool_result ", "assistant thinking ",
                   "assistant tool_use "}));
  // A refused answer goes, and so do the words it was given to.
  EXPECT_EQ(after(service_, played(half + ended("refusal"))),
            (Lines{"user text buy the cheapest", "assistant thinking ", "assistant tool_use ",
                   "user tool_result ", "assistant thinking ", "assistant tool_use "}));
}

TEST_F(AnthropicRequestCheck, Q30_going_on_and_trying_again) {
  const std::string body = dump_json(valid_body());
  const std::string refused = dump_json(valid_body().patch(Json::parse(put("/colour", "1"))));
  post(refused);
  post(refused);
  EXPECT_EQ(strict_.violations().back(), "Q30: a refused request was sent again unchanged");
  for (int i = 0; i < 7; ++i) {
    strict_.play(status(529, R"({"type":"error","error":{"type":"overloaded_error"}})"));
    post(body);
  }
  expect_complaint("Q30");
  strict_.play(status(500, "{}"));
  post(dump_json(valid_body().patch(Json::parse(put("/max_tokens", "50")))));
  post(dump_json(valid_body().patch(Json::parse(put("/max_tokens", "51")))));
  EXPECT_EQ(strict_.violations().back(), "Q30: the request was changed before it was tried again");

  // An interrupted answer goes back unchanged, as the last message.
  const std::string search =
      R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"x"}})";
  Talk talk(service_);
  talk.request.messages = {Message::user("hello")};
  service_.play(
      played(begun() + block(0, search) + text_block(1, "Looking.") + ended("pause_turn")));
  service_.play(played(begun() + text_block(0, " Found.") + ended("end_turn")));
  const Log log = talk.answer();
  EXPECT_EQ(log.lines, (Lines{"text Looking.", "text  Found.", kStop}));
  const Json echoed = Json::parse("[" + search + R"(,{"type":"text","text":"Looking."}])");
  EXPECT_EQ(service_.bodies().back()["messages"].back(),
            (Json{{"role", "assistant"}, {"content", echoed}}));
  EXPECT_EQ(log.content().size(), 3U);

  // The program's own retries send the same bytes, three times at most.
  HostedChat patient(service_);
  for (int i = 0; i < 2; ++i) service_.play(status(529, ""));
  EXPECT_EQ(patient.say("yes").text, "There is nothing to buy yet.");
  const auto requests = service_.requests();
  EXPECT_EQ(requests[requests.size() - 1].body, requests[requests.size() - 3].body);
  HostedChat bounded(service_);
  for (int i = 0; i < 3; ++i) service_.play(status(503, ""));
  EXPECT_TRUE(bounded.say("is anybody there").error);
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
