// The order and shape in which a conversation goes to the service.
#include "gemini/history.h"

#include <gtest/gtest.h>

#include "answer_log.h"
#include "cartpilot/error.h"

namespace cartpilot::gemini::tests {
namespace {

HistoryContext context_for(const std::string& model = "gemini-3.8-flash") {
  HistoryContext context;
  context.backend = "generativelanguage.googleapis.com";
  context.model = model;
  return context;
}

Message assistant(const std::vector<Part>& parts, const std::string& provider = "openai") {
  Message message;
  message.role = Role::kAssistant;
  message.parts = parts;
  message.provider = provider;
  return message;
}

ToolCall call(const std::string& id, const std::string& city) {
  ToolCall result;
  result.id = id;
  result.name = "get_weather";
  result.arguments = Json{{"city", city}};
  return result;
}

Message results(const std::vector<std::pair<std::string, Json>>& answers) {
  Message message;
  message.role = Role::kTool;
  for (const auto& [id, content] : answers) {
    ToolResult result;
    result.call_id = id;
    result.name = "get_weather";
    result.content = content;
    message.parts.push_back(result);
  }
  return message;
}

/// A message as this plugin's own decoder left it.
Message own(const std::string& parts, const std::string& model = "gemini-3.8-flash") {
  Message message = decode_body(chunk(parts, kStop)).message(model);
  message.provider_metadata["model"] = model;
  return message;
}

Json contents_of(const std::vector<Message>& messages,
                 const HistoryContext& context = context_for()) {
  vendor::Notices notices;
  return encode_contents(messages, context, notices);
}

const std::string kPlaceholderMember = R"("thoughtSignature":"skip_thought_signature_validator")";

TEST(GeminiHistory, own_parts_go_back_verbatim_and_results_stand_in_one_content) {
  const std::string parts =
      list({R"({"text":"Hm.","thought":true})", R"({"text":"Two."})", call_part("a", "Oslo", "S1="),
            call_part("b", "Rome"), R"({"fooBar":{"x":1}})"});
  EXPECT_EQ(
      contents_of({Message::user("Weather?"), own(parts),
                   results({{"b", Json{{"c", 20}}}, {"a", Json{{"c", 3}}}})}),
      Json::parse(
          R"([{"role":"user","parts":[{"text":"Weather?"}]},{"role":"model","parts":)" + parts +
          R"(},{"role":"user","parts":[)"
          R"({"functionResponse":{"id":"a","name":"get_weather","response":{"c":3}}},)"
          R"({"functionResponse":{"id":"b","name":"get_weather","response":{"c":20}}}]}])"));
}

TEST(GeminiHistory, the_response_carries_the_name_as_the_model_wrote_it) {
  const Message message = own(
      R"([{"functionCall":{"id":"a","name":"default_api:get_weather"},"thoughtSignature":"S="}])");
  const Json contents =
      contents_of({Message::user("x"), message, results({{"a", Json::object()}})});
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["name"], "default_api:get_weather");
}

TEST(GeminiHistory, foreign_calls_get_the_placeholder_on_the_first_call_only_and_no_ids) {
  const Json contents =
      contents_of({Message::user("x"),
                   assistant({TextPart{"Sure.", nullptr}, call("c1", "Oslo"), call("c2", "Rome")}),
                   results({{"c1", Json{{"c", 3}}}, {"c2", Json{{"c", 20}}}})});
  EXPECT_EQ(contents[1]["parts"],
            Json::parse(R"([{"text":"Sure."},)"
                        R"({"functionCall":{"name":"get_weather","args":{"city":"Oslo"}},)" +
                        kPlaceholderMember +
                        R"(},{"functionCall":{"name":"get_weather","args":{"city":"Rome"}}}])"));
  EXPECT_EQ(contents[2]["parts"],
            Json::parse(R"([{"functionResponse":{"name":"get_weather","response":{"c":3}}},)"
                        R"({"functionResponse":{"name":"get_weather","response":{"c":20}}}])"));
}

TEST(GeminiHistory, models_before_generation_3_get_no_placeholder) {
  const Json contents = contents_of({Message::user("x"), assistant({call("c1", "Oslo")})},
                                    context_for("gemini-2.5-flash"));
  EXPECT_FALSE(contents[1]["parts"][0].contains("thoughtSignature"));
}

TEST(GeminiHistory, results_that_come_after_a_text_still_follow_their_call) {
  const Json contents = contents_of({Message::user("x"), own(list({call_part("a", "Oslo", "S=")})),
                                     Message::user("wait"), results({{"a", Json{{"c", 3}}}})});
  EXPECT_EQ(contents[2]["parts"][0]["functionResponse"]["response"], (Json{{"c", 3}}));
  EXPECT_EQ(contents[3]["parts"][0]["text"], "wait");
}

TEST(GeminiHistory, nothing_to_send_is_an_error) {
  try {
    contents_of({Message::user(""), own(R"([{"text":"Hello."}])")});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_STREQ(error.what(), "there is no user message to send to Gemini");
  }
}

TEST(GeminiHistory, signatures_stay_within_a_model_generation) {
  vendor::Notices notices;
  const std::vector<Message> messages = {
      Message::user("x"), own(list({call_part("a", "Oslo", "S=")}), "gemini-3.8-flash"),
      results({{"a", Json::object()}})};
  const Json same = encode_contents(messages, context_for("gemini-3.6-flash"), notices);
  EXPECT_EQ(same[1]["parts"][0]["thoughtSignature"], "S=");
  EXPECT_TRUE(shown(notices).empty());
}

TEST(GeminiHistory, signatures_stay_with_their_backend) {
  HistoryContext context = context_for();
  context.backend = "aiplatform.googleapis.com";
  const Json contents =
      contents_of({Message::user("x"), own(list({call_part("a", "Oslo", "S=")}))}, context);
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], kPlaceholderSignature);
}

TEST(GeminiHistory, an_alias_answers_for_the_model_behind_it) {
  Message message = own(list({call_part("a", "Oslo", "S=")}), "gemini-flash-latest");
  EXPECT_EQ(contents_of({Message::user("x"), message})[1]["parts"][0]["thoughtSignature"], "S=");
}

TEST(GeminiHistory, an_unsigned_step_of_its_own_gets_the_placeholder) {
  const Json contents = contents_of({Message::user("x"), own(list({call_part("a", "Oslo")}))});
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], kPlaceholderSignature);
}

TEST(GeminiHistory, refused_signatures_are_replaced_and_others_kept) {
  const std::set<std::string> refused = {"OLD=", "TEXT="};
  HistoryContext context = context_for();
  context.refused_signatures = &refused;
  const Json contents = contents_of(
      {Message::user("x"),
       own(list({R"({"text":"","thoughtSignature":"TEXT="})", call_part("a", "Oslo", "OLD=")})),
       results({{"a", Json::object()}}), own(list({call_part("b", "Rome", "NEW=")})),
       results({{"b", Json::object()}})},
      context);
  ASSERT_EQ(contents[1]["parts"].size(), 1U);
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], kPlaceholderSignature);
  EXPECT_EQ(contents[3]["parts"][0]["thoughtSignature"], "NEW=");
  EXPECT_EQ(signatures_in(contents), (std::set<std::string>{"NEW="}));
}

TEST(GeminiHistory, metadata_that_does_not_fit_the_message_is_not_trusted) {
  Message message = own(list({call_part("a", "Oslo", "S="), call_part("b", "Rome")}));
  message.parts.pop_back();
  const Json contents = contents_of({Message::user("x"), message});
  EXPECT_EQ(contents[1]["parts"].size(), 1U);
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], kPlaceholderSignature);

  for (const char* damaged : {R"({"backend":"generativelanguage.googleapis.com","parts":7})", "[]",
                              R"("text")", R"({"parts":[null,1]})"}) {
    message.provider_metadata = Json::parse(damaged);
    EXPECT_EQ(contents_of({Message::user("x"), message})[1]["parts"].size(), 1U) << damaged;
  }
}

}  // namespace
}  // namespace cartpilot::gemini::tests
