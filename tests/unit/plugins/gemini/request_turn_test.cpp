// What a request must be, Q13 to Q27, Q37, Q41 to Q43: the conversation and its signatures. The
// rules are those of https://ai.google.dev/gemini-api/docs/function-calling and
// https://ai.google.dev/gemini-api/docs/thought-signatures.
#include "request_checks.h"

namespace cartpilot::gemini::tests {
namespace {

const char* const kPlaceholder = "skip_thought_signature_validator";

/// The contents of the last request of a purchase: nine steps, three turns.
Json all_contents(const std::vector<Json>& bodies) { return bodies.back()["contents"]; }

TEST_F(GeminiRequestCheck, Q13_the_person_begins) {
  expect_refused("Q13", {contents({kModelText, kUserTurn}), contents({kResponseTurn})});

  Message late = foreign_calls({"create_intent"});
  const Json body = sent(
      {late, results_of({{"call_0", Json::object()}}), foreign_calls({}), Message::user("hello")});
  EXPECT_EQ(dump_json(body["contents"]), R"([{"role":"user","parts":[{"text":"hello"}]}])");
}

TEST_F(GeminiRequestCheck, Q14_calls_are_the_models_and_responses_the_persons) {
  expect_refused(
      "Q14",
      {contents({kUserTurn, R"({"role":"user","parts":[{"functionCall":{"name":"get_time"}}]})"}),
       contents({kUserTurn, kModelCall,
                 R"({"role":"model","parts":[{"functionResponse":{"name":"get_time",)"
                 R"("response":{}}}]})"})});

  for (const Json& content : all_contents(purchase())) {
    for (const Json& part : content["parts"]) {
      EXPECT_TRUE(!part.contains("functionCall") || content["role"] == "model");
      EXPECT_TRUE(!part.contains("functionResponse") || content["role"] == "user");
    }
  }
}

TEST_F(GeminiRequestCheck, Q15_calls_follow_the_person_or_responses) {
  expect_refused("Q15", {contents({kUserTurn, kModelText, kModelCall, kResponseTurn})});

  Message text = foreign_calls({});
  text.parts.push_back(TextPart{"Let me see.", nullptr});
  const Json body = sent({Message::user("socks"), text, foreign_calls({"create_intent"}),
                          results_of({{"call_0", Json::object()}})});
  EXPECT_EQ(body["contents"].size(), 3U) << "two answers in a row are one content";
}

TEST_F(GeminiRequestCheck, Q16_responses_follow_their_calls) {
  expect_refused("Q16", {contents({kUserTurn, kResponseTurn}),
                         contents({kUserTurn, kModelText, kResponseTurn})});

  const Json body =
      sent({Message::user("socks"), results_of({{"call_9", Json::object()}}),
            foreign_calls({"create_intent"}), results_of({{"call_0", Json{{"id", "i"}}}}),
            Message::user("and?"), results_of({{"call_0", Json::object()}})});
  EXPECT_EQ(dump_json(body["contents"]).find("call_9"), std::string::npos);
  ASSERT_EQ(body["contents"].size(), 4U);
  EXPECT_EQ(body["contents"][2]["parts"][0]["functionResponse"]["response"]["id"], "i");
}

TEST_F(GeminiRequestCheck, Q17_as_many_responses_as_calls) {
  expect_refused(
      "Q17",
      {contents({kUserTurn, kModelCall, kUserTurn}),
       contents(
           {kUserTurn, kModelCall,
            R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":{}}},)"
            R"({"functionResponse":{"name":"get_time","response":{}}}]})"})});

  const Json body = sent({Message::user("socks"), foreign_calls({"create_intent", "create_intent"}),
                          results_of({{"call_1", Json{{"id", "i"}}}, {"call_7", Json::object()}})});
  const Json& parts = body["contents"][2]["parts"];
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(dump_json(parts[0]["functionResponse"]["response"]),
            R"({"error":true,"error_code":"NO_RESULT",)"
            R"("message":"This call was not carried out."})");
  EXPECT_EQ(parts[1]["functionResponse"]["response"], (Json{{"id", "i"}}));
}

TEST_F(GeminiRequestCheck, Q18_ids_match) {
  for (const char* patch :
       {R"([{"op":"add","path":"/parts/0/functionResponse/id","value":"other"}])",
        R"([{"op":"remove","path":"/parts/0/functionResponse/id"}])"}) {
    Json all = issued_contents();
    all.push_back(response_to(all[1]).patch(Json::parse(patch)));
    const Reply reply = post_contents(all);
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.body["candidates"][0]["content"].contains("parts")) << "says nothing";
    expect_complaint("Q18");
  }

  const Json contents = all_contents(purchase());
  int pairs = 0;
  for (std::size_t i = 1; i < contents.size(); ++i) {
    const Json calls = fakes::gemini_rules::calls_of(contents[i - 1]);
    for (std::size_t j = 0; j < calls.size(); ++j, ++pairs) {
      EXPECT_EQ(contents[i]["parts"][j]["functionResponse"]["id"], calls[j]["id"]);
    }
  }
  EXPECT_EQ(pairs, 10);
}

TEST_F(GeminiRequestCheck, Q19_names_match) {
  Json all = issued_contents();
  all.push_back(response_to(all[1]));
  all[2]["parts"][0]["functionResponse"]["name"] = "get_time";
  EXPECT_FALSE(post_contents(all).body["candidates"][0]["content"].contains("parts"));
  expect_complaint("Q19");
  expect_refused("Q19", {contents({kUserTurn, kModelCall,
                                   R"({"role":"user","parts":[{"functionResponse":{"name":"",)"
                                   R"("response":{}}}]})"})});

  // A name that has to be cleaned is cleaned the same way in all three places.
  Conversation conversation(service_);
  conversation.request().tools = {plain_tool("shop/find it", R"({"type":"object"})")};
  conversation.request().messages = {Message::user("socks"), foreign_calls({"shop/find it"}),
                                     results_of({{"call_0", Json::object()}})};
  EXPECT_FALSE(conversation.answer().error);
  const Json body = service_.bodies().back();
  const Json& name = body["tools"][0]["functionDeclarations"][0]["name"];
  EXPECT_EQ(body["contents"][1]["parts"][0]["functionCall"]["name"], name);
  EXPECT_EQ(body["contents"][2]["parts"][0]["functionResponse"]["name"], name);
}

TEST_F(GeminiRequestCheck, Q20_nothing_beside_responses) {
  expect_refused(
      "Q20",
      {contents(
          {kUserTurn, kModelCall,
           R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":{}}},)"
           R"({"text":"x"}]})"})});

  const Json body = sent({Message::user("socks"), foreign_calls({"create_intent"}),
                          results_of({{"call_0", Json::object()}}), Message::user("hurry"),
                          Message::user("please")});
  ASSERT_EQ(body["contents"].size(), 4U);
  EXPECT_EQ(body["contents"][2]["parts"].size(), 1U);
  EXPECT_EQ(body["contents"][3]["parts"], Json::parse(R"([{"text":"hurry"},{"text":"please"}])"));
}

TEST_F(GeminiRequestCheck, Q21_responses_are_objects) {
  for (const char* response : {"[]", "7", R"("x")", "null"}) {
    expect_refused("Q21",
                   {contents({kUserTurn, kModelCall,
                              R"({"role":"user","parts":[{"functionResponse":{"name":"get_time",)"
                              R"("response":)" +
                                  std::string(response) + "}}]}"})});
  }

  const Json body =
      sent({Message::user("socks"),
            foreign_calls({"create_intent", "create_intent", "create_intent", "create_intent"}),
            results_of({{"call_0", Json::array({1, 2})},
                        {"call_1", "text"},
                        {"call_2", nullptr},
                        {"call_3", Json{{"schema", {{"$ref", "#/x"}}}}}})});
  Json responses = Json::array();
  for (const Json& part : body["contents"][2]["parts"]) {
    responses.push_back(part["functionResponse"]["response"]);
  }
  EXPECT_EQ(responses, Json::parse(R"([{"output":[1,2]},{"output":"text"},{"output":null},)"
                                   R"({"output":"{\"schema\":{\"$ref\":\"#/x\"}}"}])"));
}

TEST_F(GeminiRequestCheck, Q22_the_person_has_the_last_word) {
  expect_refused("Q22", {contents({kUserTurn, kModelText})});

  Message half = foreign_calls({});
  half.parts.push_back(TextPart{"Half an ans", nullptr});
  const Json body = sent({Message::user("hello"), half});
  EXPECT_EQ(dump_json(body["contents"].back()),
            R"({"role":"user","parts":[{"text":"Continue."}]})");
}

TEST_F(GeminiRequestCheck, Q23_every_step_of_the_turn_is_signed) {
  EXPECT_EQ(post_issued("[]").status, 200);
  EXPECT_EQ(strict_.violations(), Lines{});
  const Reply missing = post_issued(R"([{"op":"remove","path":"/parts/0/thoughtSignature"}])");
  EXPECT_EQ(missing.status, 400);
  EXPECT_NE(missing.body["error"]["message"].get<std::string>().find("thought_signature"),
            std::string::npos);
  expect_complaint("Q23");
  const Reply foreign = post_issued(put("/parts/0/thoughtSignature", R"("QUJD")"));
  EXPECT_EQ(foreign.body["error"]["message"], "Corrupted thought signature.");
  expect_complaint("Q23");
  EXPECT_EQ(post_issued(put("/parts/0", R"({"text":"moved"})")).status, 200);
  expect_complaint("Q23");
  EXPECT_EQ(post_issued(put("/parts/0/functionCall/name", R"("get_time")")).status, 200);
  expect_complaint("Q23");

  int signed_steps = 0;
  for (const Json& content : all_contents(purchase())) {
    for (const Json& part : content["parts"]) {
      if (!part.contains("functionCall")) continue;
      EXPECT_EQ(part["thoughtSignature"].get<std::string>().substr(0, 8), "EpwICpkI");
      ++signed_steps;
      break;
    }
  }
  EXPECT_EQ(signed_steps, 9);
}

TEST_F(GeminiRequestCheck, Q24_unsigned_siblings_stay_unsigned) {
  EXPECT_EQ(
      post_issued(put("/parts/-", R"({"functionCall":{"id":"x","name":"get_time"},)"
                                  R"("thoughtSignature":"skip_thought_signature_validator"})"))
          .status,
      200);
  const Lines all = strict_.violations();
  EXPECT_EQ(all.at(all.size() - 2).substr(0, 4), "Q24 ");

  // The second step of the purchase reads two offers at once.
  const Json parts = all_contents(purchase())[5]["parts"];
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(parts[0].contains("thoughtSignature"));
  EXPECT_FALSE(parts[1].contains("thoughtSignature"));
  // Nor do siblings of a call that gets the placeholder.
  const Json body =
      sent({Message::user("socks"), foreign_calls({"create_intent", "create_intent"})});
  EXPECT_EQ(body["contents"][1]["parts"][0]["thoughtSignature"], kPlaceholder);
  EXPECT_FALSE(body["contents"][1]["parts"][1].contains("thoughtSignature"));
}

TEST_F(GeminiRequestCheck, Q25_the_placeholder_replaces_no_signature) {
  EXPECT_EQ(
      post_issued(put("/parts/0/thoughtSignature", R"("skip_thought_signature_validator")")).status,
      200);
  expect_complaint("Q25");

  EXPECT_EQ(dump_json(all_contents(purchase())).find(kPlaceholder), std::string::npos);
  const Json old = sent({Message::user("socks"), foreign_calls({"create_intent"}),
                         results_of({{"call_0", Json::object()}})},
                        {}, "gemini-4-argon");
  EXPECT_EQ(old["contents"][1]["parts"][0]["thoughtSignature"], kPlaceholder);
}

TEST_F(GeminiRequestCheck, Q26_parallel_calls_stay_together) {
  fakes::FakeGemini pair([](const fakes::ModelView&) {
    return fakes::ModelStep{"", {{"get_time", Json::object()}, {"get_time", {{"a", 1}}}}};
  });
  net::HttpClient client;
  HttpRequest request;
  request.url = pair.url() + kGeneratePath;
  request.headers = {{"x-goog-api-key", "test-key"}, {"Content-Type", "application/json"}};
  request.body = dump_json(valid_body());
  const Json content =
      Json::parse(net::fetch(client, request, CallContext()).body)["candidates"][0]["content"];
  Json body = valid_body();
  for (const Json& part : content["parts"]) {
    const Json single{{"role", "model"}, {"parts", Json::array({part})}};
    body["contents"].push_back(single);
    body["contents"].push_back(response_to(single));
  }
  request.body = dump_json(body);
  EXPECT_EQ(net::fetch(client, request, CallContext()).head.status, 400);
  EXPECT_EQ(pair.violations().at(0).substr(0, 4), "Q26 ");

  const Json contents = all_contents(purchase());
  EXPECT_EQ(contents[5]["parts"].size(), 2U);
  EXPECT_EQ(contents[6]["parts"].size(), 2U);
}

TEST_F(GeminiRequestCheck, Q27_arguments_come_back_as_they_were) {
  EXPECT_EQ(post_issued(put("/parts/0/functionCall/args/query", R"("other")")).status, 200);
  expect_complaint("Q27");
  EXPECT_EQ(post_issued(put("/parts/0/functionCall/args", R"("{}")")).status, 400);
  expect_complaint("Q27");

  service_.play(bytes_of_stream(
      {framed(chunk(R"([{"functionCall":{"id":"a","name":"get_time","args":"{\"zone\":\"UTC\"}"},)"
                    R"("thoughtSignature":"S="}])",
                    kStop))}));
  Conversation conversation(service_);
  conversation.request().messages = {Message::user("hello")};
  conversation.keep(conversation.answer());
  service_.issue(Json::parse(R"([{"functionCall":{"id":"a","name":"get_time",)"
                             R"("args":{"zone":"UTC"}},"thoughtSignature":"S="}])"));
  EXPECT_FALSE(conversation.answer().error);
  EXPECT_EQ(service_.bodies().back()["contents"][1]["parts"][0]["functionCall"]["args"],
            (Json{{"zone", "UTC"}}));
  purchase({{"include-thoughts", "true"}});
}

TEST_F(GeminiRequestCheck, Q37_functions_stay_declared) {
  Json body = valid_body();
  body["contents"] = issued_contents();
  body["contents"].push_back(response_to(body["contents"][1]));
  body.erase("tools");
  EXPECT_EQ(post(dump_json(body)).status, 200);
  expect_complaint("Q37");

  Conversation conversation(service_);
  conversation.request().tool_choice = "none";
  conversation.request().messages = {Message::user("socks"), foreign_calls({"create_intent"}),
                                     results_of({{"call_0", Json::object()}})};
  EXPECT_FALSE(conversation.answer().error);
  EXPECT_EQ(service_.bodies().back()["tools"][0]["functionDeclarations"].size(), 9U);
  EXPECT_EQ(service_.bodies().back()["toolConfig"]["functionCallingConfig"]["mode"], "NONE");
}

TEST_F(GeminiRequestCheck, Q41_bytes_are_base64) {
  expect_refused(
      "Q41",
      {put("/contents/0/parts/0/thoughtSignature", R"("a b")"),
       put("/contents/0/parts/0/thoughtSignature", "7"), put("/continuationToken", R"("a b")"),
       put("/contents/0/parts/-", R"({"inlineData":{"mimeType":"image/png","data":"%%"}})")});

  purchase();  // signatures of both alphabets, with and without padding
  sent({Message::user("socks"), foreign_calls({"create_intent"})});  // the placeholder
}

TEST_F(GeminiRequestCheck, Q42_images_have_a_type_and_a_place) {
  const std::string image = R"({"inlineData":{"mimeType":"image/png","data":"QUJD"}})";
  expect_refused("Q42", {put("/contents/0/parts/-", R"({"inlineData":{"data":"QUJD"}})"),
                         put("/contents/0/parts/-", R"({"inlineData":{"mimeType":"image/png"}})")});
  Json all = issued_contents();
  all.push_back(response_to(all[1]));
  all.push_back(Json::parse(R"({"role":"user","parts":[)" + image + "]}"));
  EXPECT_EQ(post_contents(all).status, 200);
  expect_complaint("Q42");

  // The plugin makes none; one that the model drew goes back as it came.
  const std::string parts = list({R"({"text":"Look:"})", image});
  service_.play(bytes_of_stream({framed(chunk(parts, kStop))}));
  Conversation conversation(service_);
  EXPECT_EQ(conversation.say("draw it"), "Look:");
  conversation.say("thanks");
  EXPECT_EQ(dump_json(service_.bodies().back()["contents"][1]["parts"]), parts);
}

TEST_F(GeminiRequestCheck, Q43_thoughts_stay_thoughts) {
  Json body = valid_body();
  body["generationConfig"] = Json::parse(R"({"thinkingConfig":{"includeThoughts":true}})");
  const Json content = post(dump_json(body)).body["candidates"][0]["content"];
  ASSERT_TRUE(content["parts"][0].contains("thought"));
  body["contents"].push_back(content);
  body["contents"].push_back(response_to(content));
  EXPECT_EQ(post(dump_json(body)).status, 200);
  EXPECT_EQ(strict_.violations(), Lines{});
  body["contents"][1]["parts"][0].erase("thought");
  EXPECT_EQ(post(dump_json(body)).status, 200);
  expect_complaint("Q43");

  int thoughts = 0;
  for (const Json& turn : all_contents(purchase({{"include-thoughts", "true"}}))) {
    for (const Json& part : turn["parts"]) thoughts += part.value("thought", false) ? 1 : 0;
  }
  EXPECT_EQ(thoughts, 11) << "one in every answer that went back";
}

}  // namespace
}  // namespace cartpilot::gemini::tests
