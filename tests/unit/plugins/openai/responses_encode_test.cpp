// Bodies of Responses requests, byte for byte.
#include "openai/responses_encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"
#include "encode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

constexpr const char* kBase = "https://api.openai.com/v1";

GenerateRequest request(std::vector<Message> messages) {
  GenerateRequest result;
  result.model = "gpt-6.1-terra";
  result.messages = std::move(messages);
  return result;
}

Json encode(const GenerateRequest& asked, const std::map<std::string, std::string>& options = {}) {
  return responses_request(asked, plan_at(kBase, asked, options));
}

Json metadata(const std::string& output, const std::string& endpoint = kBase) {
  return {{"api", "responses"}, {"endpoint", endpoint}, {"output", parse_json(output)}};
}

TEST(ResponsesEncode, a_whole_request_with_neutral_history) {
  GenerateRequest asked = request(mixer_conversation());
  asked.system = "You operate a mixing desk.";
  asked.tools = mixer_tools();
  asked.tool_choice = "mixer_level";
  asked.max_output_tokens = 4096;
  EXPECT_EQ(
      dump_json(encode(asked, {{"reasoning-effort", "low"}, {"reasoning-summary", "auto"}})),
      R"({"model":"gpt-6.1-terra","instructions":"You operate a mixing desk.","input":[)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"Mute 3"}]},)"
      R"({"type":"message","role":"assistant","content":"Muting."},)"
      R"({"type":"function_call","call_id":"call_a1","name":"mixer_set_mute","arguments":"{\"channel\":3,\"muted\":true}"},)"
      R"({"type":"function_call","call_id":"call_a2","name":"mixer_level","arguments":"{\"channel\":3}"},)"
      R"({"type":"function_call_output","call_id":"call_a1","output":"{\"ok\":true}"},)"
      R"({"type":"function_call_output","call_id":"call_a2","output":"{\"db\":-12.5}"}],"tools":[)"
      R"({"type":"function","name":"mixer_level","description":"Reads a level.","parameters":{"type":"object",)"
      R"("properties":{"channel":{"type":"integer"},"unit":{"type":["string","null"],"description":"null means not given."}},)"
      R"("required":["channel","unit"],"additionalProperties":false},"strict":true},)"
      R"({"type":"function","name":"mixer_set_mute","description":"Mutes.","parameters":{"type":"object",)"
      R"("properties":{"channel":{"type":"integer"},"muted":{"type":"boolean"}},"required":["channel","muted"],)"
      R"("additionalProperties":false},"strict":true}],"tool_choice":{"type":"function","name":"mixer_level"},)"
      R"("max_output_tokens":4096,"reasoning":{"effort":"low","summary":"auto"},"store":false,)"
      R"("include":["reasoning.encrypted_content"],"stream":true})");
}

const std::string kRawItems =
    R"([{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA==","status":"completed"},)"
    R"({"type":"message","id":"msg_1","role":"assistant","phase":"commentary","status":"completed",)"
    R"("content":[{"type":"output_text","text":"Muting.","annotations":[]}]},)"
    R"({"type":"function_call","id":"fc_1","call_id":"call_a1","name":"mixer_set_mute","namespace":"n",)"
    R"("caller":{"type":"direct"},"arguments":"{\"channel\": 3,\"muted\":true}","status":"completed"},)"
    R"({"type":"function_call","id":"fc_2","call_id":"call_a2","name":"mixer_level","arguments":"{}","created_by":"x"},)"
    R"({"type":"hologram","id":"h_1","status":"kept"}])";

TEST(ResponsesEncode, raw_items_go_back_whole_and_in_order) {
  std::vector<Message> history = mixer_conversation();
  history[1].provider_metadata = metadata(kRawItems);
  EXPECT_EQ(
      dump_json(encode(request(history))["input"]),
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"Mute 3"}]},)"
      R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA==","status":"completed"},)"
      R"({"type":"message","id":"msg_1","role":"assistant","phase":"commentary","status":"completed",)"
      R"("content":[{"type":"output_text","text":"Muting.","annotations":[]}]},)"
      R"({"type":"function_call","id":"fc_1","call_id":"call_a1","name":"mixer_set_mute","namespace":"n",)"
      R"("caller":{"type":"direct"},"arguments":"{\"channel\": 3,\"muted\":true}","status":"completed"},)"
      R"({"type":"function_call","id":"fc_2","call_id":"call_a2","name":"mixer_level","arguments":"{}"},)"
      R"({"type":"hologram","id":"h_1","status":"kept"},)"
      R"({"type":"function_call_output","call_id":"call_a1","output":"{\"ok\":true}","caller":{"type":"direct"}},)"
      R"({"type":"function_call_output","call_id":"call_a2","output":"{\"db\":-12.5}"}])");
}

TEST(ResponsesEncode, raw_items_go_back_without_ids_where_those_were_refused) {
  std::vector<Message> history = mixer_conversation();
  history[1].provider_metadata = metadata(kRawItems);
  const GenerateRequest asked = request(history);
  vendor::Quirks learned({});
  learned.note(asked.model, "no_item_ids");
  const Json input = responses_request(asked, plan_at(kBase, asked, {}, learned))["input"];
  EXPECT_EQ(
      dump_json(input),
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"Mute 3"}]},)"
      R"({"type":"reasoning","summary":[],"encrypted_content":"gA=="},)"
      R"({"type":"message","role":"assistant","content":"Muting.","phase":"commentary"},)"
      R"({"type":"function_call","call_id":"call_a1","name":"mixer_set_mute","namespace":"n",)"
      R"("caller":{"type":"direct"},"arguments":"{\"channel\": 3,\"muted\":true}"},)"
      R"({"type":"function_call","call_id":"call_a2","name":"mixer_level","arguments":"{}"},)"
      R"({"type":"hologram","status":"kept"},)"
      R"({"type":"function_call_output","call_id":"call_a1","output":"{\"ok\":true}","caller":{"type":"direct"}},)"
      R"({"type":"function_call_output","call_id":"call_a2","output":"{\"db\":-12.5}"}])");
}

TEST(ResponsesEncode, a_message_that_misses_a_member_goes_back_as_text) {
  const auto second = [](const std::string& item) {
    return dump_json(encode(request(
        {Message::user("a"), assistant({TextPart{"Hi", nullptr}}, metadata("[" + item + "]")),
         Message::user("b")}))["input"][1]);
  };
  const std::string plain = R"({"type":"message","role":"assistant","content":"Hi"})";
  const std::string part = R"("content":[{"type":"output_text","text":"Hi","annotations":[]}])";
  EXPECT_EQ(second(R"({"type":"message","role":"assistant","status":"completed",)" + part + "}"),
            plain);
  EXPECT_EQ(second(R"({"type":"message","id":"msg_1","role":"assistant",)" + part + "}"), plain);
  EXPECT_EQ(second(R"({"type":"message","id":"msg_1","role":"assistant","status":"completed",)"
                   R"("content":[{"type":"output_text","text":"Hi"}]})"),
            plain);
  const std::string whole = R"({"type":"message","id":"msg_1","role":"assistant",)"
                            R"("status":"completed","content":[{"type":"refusal","refusal":"Hi"},)"
                            R"({"type":"hologram","x":1}]})";
  EXPECT_EQ(second(whole), whole) << "parts of any type go back";
}

TEST(ResponsesEncode, ids_go_back_as_they_were_issued_and_only_there) {
  for (const std::string& id : {std::string("functions.mixer_level:0"), std::string(300, 'd')}) {
    const std::string output = R"([{"type":"function_call","id":"fc_1","call_id":")" + id +
                               R"(","name":"mixer_level","arguments":"{}"}])";
    Message said = assistant({tool_call(id, "mixer_level", Json::object())}, metadata(output));
    said.model = "gpt-6-luna";
    const auto sent = [&] {
      const Json input = encode(
          request({Message::user("go"), said,
                   tool_results({{id, "mixer_level", {{"x", 1}}, false, nullptr}})}))["input"];
      EXPECT_EQ(input[1]["call_id"], input[2]["call_id"]);
      return input[1]["call_id"].get<std::string>();
    };
    EXPECT_EQ(sent(), id);
    said.model = "other-7b";
    EXPECT_THAT(sent(), ::testing::MatchesRegex("call_[0-9A-Za-z]{24}")) << "another family";
    said.model = "gpt-6-luna";
    said.provider_metadata["endpoint"] = "https://elsewhere/v1";
    EXPECT_THAT(sent(), ::testing::MatchesRegex("call_[0-9A-Za-z]{24}")) << "another address";
  }
}

TEST(ResponsesEncode, raw_items_of_another_endpoint_stay_there) {
  std::vector<Message> history = mixer_conversation();
  const Json neutral = encode(request(history))["input"];
  history[1].provider_metadata =
      metadata(R"([{"type":"reasoning","summary":[],"encrypted_content":"gA=="},)"
               R"({"type":"function_call","call_id":"call_a1","name":"x","arguments":"{}"},)"
               R"({"type":"function_call","call_id":"call_a2","name":"x","arguments":"{}"}])",
               "https://elsewhere/v1");
  EXPECT_EQ(encode(request(history))["input"], neutral);
}

TEST(ResponsesEncode, a_history_that_was_edited_wins_over_the_raw_items) {
  std::vector<Message> history = mixer_conversation();
  const Json neutral = encode(request(history))["input"];
  history[1].provider_metadata =
      metadata(R"([{"type":"function_call","call_id":"call_a1","name":"x","arguments":"{}"}])");
  EXPECT_EQ(encode(request(history))["input"], neutral) << "a call is missing";
  history[1].provider_metadata =
      metadata(R"([{"type":"function_call","call_id":"call_a1","name":"x","arguments":"{}"},)"
               R"({"type":"function_call","call_id":"call_a2","name":"x","arguments":"{}"},)"
               R"({"type":"function_call","call_id":"call_a3","name":"x","arguments":"{}"}])");
  EXPECT_EQ(encode(request(history))["input"], neutral) << "a call too many";
}

TEST(ResponsesEncode, reasoning_that_led_to_nothing_is_left_out) {
  const auto input = [](const std::string& output) {
    return dump_json(
        encode(request({Message::user("a"), assistant({TextPart{"Hi", nullptr}}, metadata(output)),
                        Message::user("b")}))["input"][1]);
  };
  const std::string message =
      R"({"type":"message","id":"m","role":"assistant","status":"completed",)"
      R"("content":[{"type":"output_text","text":"Hi","annotations":[]}]})";
  EXPECT_EQ(
      input(R"([{"type":"reasoning","summary":[],"encrypted_content":null},)" + message + "]"),
      message);
  EXPECT_EQ(input("[" + message + R"(,{"type":"reasoning","summary":[],"encrypted_content":"x"}])"),
            message);
  EXPECT_EQ(input(R"([{"type":"reasoning","encrypted_content":"x"},)" + message + "]"),
            R"({"type":"reasoning","encrypted_content":"x","summary":[]})");
}

TEST(ResponsesEncode, a_free_text_call_is_answered_in_its_own_kind) {
  const std::string output =
      R"([{"type":"custom_tool_call","id":"c","call_id":"a","name":"patch","input":"x"}])";
  const Json input = encode(request(
      {Message::user("go"), assistant({tool_call("a", "patch", Json::object())}, metadata(output)),
       tool_results({{"a", "patch", {{"error", true}}, true, nullptr}})}))["input"];
  EXPECT_EQ(dump_json(input[1]),
            R"({"type":"custom_tool_call","id":"c","call_id":"a","name":"patch","input":"x"})");
  EXPECT_EQ(dump_json(input[2]),
            R"({"type":"custom_tool_call_output","call_id":"a","output":"{\"error\":true}"})");
}

TEST(ResponsesEncode, long_ids_are_replaced_in_call_and_output) {
  const std::string longest(64, 'a');
  const std::string longer(65, 'a');
  const auto ids = [](const std::string& id) {
    const Json input =
        encode(request({Message::user("go"), assistant({tool_call(id, "mixer_level", {})}),
                        tool_results({{id, "mixer_level", {{"x", 1}}, false, nullptr}})}))["input"];
    EXPECT_EQ(input[1]["call_id"], input[2]["call_id"]);
    return input[1]["call_id"].get<std::string>();
  };
  EXPECT_EQ(ids(longest), longest);
  EXPECT_THAT(ids(longer), ::testing::MatchesRegex("call_[0-9A-Za-z]{24}"));
}

TEST(ResponsesEncode, what_depends_on_model_and_options) {
  GenerateRequest asked = request({Message::user("Hi")});
  asked.tools = {mixer_tools()[0]};
  asked.max_output_tokens = 3;
  asked.temperature = 0.1;
  Json body = encode(asked, {{"strict", "false"}});
  EXPECT_EQ(body["max_output_tokens"], 16);
  EXPECT_FALSE(body.contains("temperature"));
  EXPECT_EQ(body["tools"][0]["strict"], false);
  EXPECT_EQ(body["tools"][0]["parameters"], mixer_tools()[0].parameters);
  asked.model = "gpt-4.1";
  body = encode(asked, {{"api", "responses"}});
  EXPECT_FALSE(body.contains("include"));
  EXPECT_EQ(body["temperature"], 0.1);
  EXPECT_EQ(body["store"], false);
}

}  // namespace
}  // namespace cartpilot::openai
