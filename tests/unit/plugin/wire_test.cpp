#include "cartpilot/detail/wire.h"

#include <gmock/gmock.h>

#include <limits>

namespace cartpilot {
namespace {

Json metadata() { return parse_json(R"({"z":1,"a":[null,true,1.5,"\u00e9\u0000"],"m":{}})"); }

/// A message with every kind of part and every member set.
Message full_message() {
  Message message;
  message.role = Role::kAssistant;
  message.parts = {TextPart{"hi", metadata()}, ReasoningPart{"because", nullptr},
                   ToolCall{"c1", "search", {{"q", "x"}}, "broken", metadata()},
                   ToolResult{"c1", "search", Json::array({1}), true, metadata()}};
  message.provider_metadata = metadata();
  message.provider = "gemini";
  message.model = "gemini-2";
  return message;
}

TEST(WireMessage, has_this_text) {
  EXPECT_EQ(
      dump_json(message_to_json(full_message())),
      R"({"role":"assistant","parts":[)"
      R"({"type":"text","text":"hi","provider_metadata":{"z":1,"a":[null,true,1.5,"é\u0000"],"m":{}}},)"
      R"({"type":"reasoning","text":"because"},)"
      R"({"type":"tool_call","id":"c1","name":"search","arguments":{"q":"x"},"arguments_error":"broken",)"
      R"("provider_metadata":{"z":1,"a":[null,true,1.5,"é\u0000"],"m":{}}},)"
      R"({"type":"tool_result","call_id":"c1","name":"search","content":[1],"is_error":true,)"
      R"("provider_metadata":{"z":1,"a":[null,true,1.5,"é\u0000"],"m":{}}}],)"
      R"("provider":"gemini","model":"gemini-2",)"
      R"("provider_metadata":{"z":1,"a":[null,true,1.5,"é\u0000"],"m":{}}})");
}

TEST(WireMessage, survives_the_way_through_text) {
  const std::string text = dump_json(message_to_json(full_message()));
  EXPECT_EQ(dump_json(message_to_json(message_from_json(parse_json(text)))), text);
}

TEST(WireMessage, keeps_metadata_that_is_no_object) {
  for (const char* value : {"0", "false", "\"\"", "[]", "{}"}) {
    Message message = Message::user("x");
    message.provider_metadata = parse_json(value);
    EXPECT_EQ(message_from_json(message_to_json(message)).provider_metadata, parse_json(value));
  }
}

TEST(WireMessage, replaces_bytes_that_are_no_utf8_instead_of_throwing) {
  const std::string text =
      dump_json(message_to_json(Message::user("a\xFF"
                                              "b")));
  EXPECT_EQ(text_of(message_from_json(parse_json(text))),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(WireMessage, ignores_unknown_members) {
  const Json json =
      parse_json(R"({"role":"user","new":1,"parts":[{"type":"text","text":"a","new":2}]})");
  EXPECT_EQ(dump_json(message_to_json(message_from_json(json))),
            R"({"role":"user","parts":[{"type":"text","text":"a"}]})");
}

TEST(WireMessage, names_what_is_wrong) {
  const auto complaint = [](const char* text) {
    try {
      message_from_json(parse_json(text));
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kProtocol);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(complaint("[]"), "message must be a JSON object");
  EXPECT_EQ(complaint("{}"), "message.role must be present");
  EXPECT_EQ(complaint(R"({"role":7})"), "message.role must be a string");
  EXPECT_EQ(complaint(R"({"role":"clown"})"), "message.role must be user, assistant or tool");
  EXPECT_EQ(complaint(R"({"role":"user","parts":{}})"), "message.parts must be a JSON array");
  EXPECT_EQ(complaint(R"({"role":"user","parts":[7]})"), "part must be a JSON object");
  EXPECT_EQ(complaint(R"({"role":"user","parts":[{"type":"image"}]})"),
            "part.type must be text, reasoning, tool_call or tool_result");
  EXPECT_EQ(complaint(R"({"role":"tool","parts":[{"type":"tool_result","name":"x"}]})"),
            "tool_result.call_id must be present");
}

TEST(WireTool, spec_survives_and_has_this_text) {
  ToolSpec spec{"pay", "Pays", Json{{"type", "object"}}, EffectClass::kMoney};
  const std::string text = dump_json(tool_spec_to_json(spec));
  EXPECT_EQ(
      text,
      R"({"name":"pay","description":"Pays","parameters":{"type":"object"},"effect":"money"})");
  EXPECT_EQ(dump_json(tool_spec_to_json(tool_spec_from_json(parse_json(text)))), text);
}

TEST(WireTool, an_unknown_effect_is_refused_rather_than_taken_for_harmless) {
  EXPECT_THROW(tool_spec_from_json(parse_json(R"({"name":"x","effect":"explosive"})")), Error);
}

TEST(WireTool, outcome_must_say_whether_it_is_ok) {
  const ToolOutcome outcome = tool_error("no_stock", "sold out");
  EXPECT_EQ(
      dump_json(outcome_to_json(outcome_from_json(outcome_to_json(outcome)))),
      R"({"ok":false,"content":{"error":true,"error_code":"no_stock","message":"sold out"}})");
  EXPECT_THROW(outcome_from_json(parse_json(R"({"content":{}})")), Error);
}

TEST(WireEvent, every_kind_survives_the_way_through_text) {
  const std::vector<StreamEvent> events = {
      TextDelta{"a"},
      ReasoningDelta{"b"},
      ToolCallBegin{"c1", "search"},
      ToolCallDelta{"c1", "{\"q"},
      ToolCallEvent{{"c1", "search", {{"q", 1}}, "", metadata()}},
      UsageEvent{{10, 20, 5, 3}},
      WarningEvent{"left out"},
      Finish{FinishReason::kContentFilter, "SAFETY", "m-2", metadata()}};
  std::vector<std::string> types;
  for (const StreamEvent& event : events) {
    const std::string text = dump_json(event_to_json(event));
    const StreamEvent read = event_from_json(parse_json(text));
    EXPECT_EQ(read.index(), event.index());
    EXPECT_EQ(dump_json(event_to_json(read)), text);
    types.push_back(event_to_json(event)["type"]);
  }
  EXPECT_THAT(types,
              ::testing::ElementsAre("text_delta", "reasoning_delta", "tool_call_begin",
                                     "tool_call_delta", "tool_call", "usage", "warning", "finish"));
}

TEST(WireEvent, every_finish_reason_keeps_its_name_and_a_new_one_is_other) {
  for (const char* name : {"stop", "tool_calls", "length", "content_filter", "error", "other"}) {
    EXPECT_EQ(finish_reason_name(finish_reason_from_name(name)), name);
  }
  EXPECT_EQ(finish_reason_from_name("bored"), FinishReason::kOther);
}

TEST(WireError, survives_with_all_members_and_leaves_out_the_empty_ones) {
  Error error(ErrorCode::kRateLimited, "slow");
  EXPECT_EQ(dump_json(error_to_json(error)),
            R"({"code":"rate_limited","message":"slow","retryable":false})");
  error.retryable = true;
  error.retry_after_ms = 0;
  error.http_status = 429;
  error.request_id = "r";
  error.reason = "quota";
  const std::string text = dump_json(error_to_json(error));
  EXPECT_EQ(text, R"({"code":"rate_limited","message":"slow","retryable":true,"retry_after_ms":0,)"
                  R"("http_status":429,"request_id":"r","reason":"quota"})");
  EXPECT_EQ(dump_json(error_to_json(error_from_json(parse_json(text)))), text);
}

TEST(WireError, every_code_has_a_name_that_leads_back) {
  for (int number = 0; number <= 11; ++number) {
    const auto code = static_cast<ErrorCode>(number);
    EXPECT_EQ(error_code_from_name(error_code_name(code)), code);
  }
  const Error unknown = error_from_json(parse_json(R"({"code":"tired","message":"m"})"));
  EXPECT_EQ(unknown.code, ErrorCode::kInternal);
  EXPECT_STREQ(unknown.what(), "m (code \"tired\")");
}

TEST(WireRequest, full_and_default_requests_survive) {
  GenerateRequest request;
  EXPECT_EQ(dump_json(request_to_json(request)), R"({"messages":[]})");
  request.model = "m";
  request.system = "s";
  request.messages = {full_message(), Message::user("x")};
  request.tools = {{"t", "d", Json{{"type", "object"}}, EffectClass::kWrite}};
  request.tool_choice = "t";
  request.max_output_tokens = std::numeric_limits<std::int64_t>::max();
  request.temperature = 0.1;
  request.stream = false;
  const std::string text = dump_json(request_to_json(request));
  EXPECT_EQ(dump_json(request_to_json(request_from_json(parse_json(text)))), text);
  const GenerateRequest read = request_from_json(parse_json(text));
  EXPECT_EQ(read.max_output_tokens, request.max_output_tokens);
  EXPECT_EQ(read.temperature, request.temperature);
  EXPECT_FALSE(read.stream);
  EXPECT_EQ(read.messages.size(), 2U);
}

TEST(WireRequest, numbers_that_do_not_fit_are_refused) {
  EXPECT_THROW(request_from_json(parse_json(R"({"max_output_tokens":1.5})")), Error);
  EXPECT_THROW(request_from_json(parse_json(R"({"max_output_tokens":18446744073709551615})")),
               Error);
  EXPECT_THROW(request_from_json(parse_json(R"({"temperature":"hot"})")), Error);
}

TEST(WireRequest, info_model_and_config_survive) {
  EXPECT_EQ(dump_json(info_to_json(info_from_json(info_to_json({"n", "m", "hear hear"})))),
            R"({"name":"n","default_model":"m","notice":"hear hear"})");
  EXPECT_EQ(dump_json(model_to_json(model_from_json(model_to_json({"m", ""})))), R"({"id":"m"})");
  ProviderConfig config;
  config.environment = {{"KEY", "v"}};
  config.options = {{"o", ""}};
  EXPECT_EQ(dump_json(config_to_json(config_from_json(config_to_json(config)))),
            R"({"environment":{"KEY":"v"},"options":{"o":""}})");
}

TEST(WireHttp, head_of_a_request_survives_with_repeated_headers_and_without_its_body) {
  HttpRequest request;
  request.method = "GET";
  request.url = "https://x/";
  request.headers = {{"A", "1"}, {"A", "2"}};
  request.body = "not here";
  request.server_sent_events = true;
  request.fresh_connection = true;
  request.connect_timeout_ms = 1;
  request.idle_timeout_ms = 2;
  request.total_timeout_ms = 3;
  request.max_body_bytes = 4;
  const std::string text = dump_json(http_request_to_json(request));
  EXPECT_EQ(
      text,
      R"({"method":"GET","url":"https://x/","headers":[["A","1"],["A","2"]],"server_sent_events":true,)"
      R"("connect_timeout_ms":1,"idle_timeout_ms":2,"total_timeout_ms":3,"max_body_bytes":4,)"
      R"("fresh_connection":true})");
  const HttpRequest read = http_request_from_json(parse_json(text));
  EXPECT_EQ(dump_json(http_request_to_json(read)), text);
  EXPECT_EQ(read.body, "");
}

TEST(WireHttp, bad_heads_are_refused) {
  EXPECT_THROW(http_request_from_json(parse_json(R"({"method":"GET"})")), Error);
  EXPECT_THROW(http_request_from_json(parse_json(R"({"url":"u","headers":[["a"]]})")), Error);
  EXPECT_THROW(http_request_from_json(parse_json(R"({"url":"u","max_body_bytes":-1})")), Error);
  EXPECT_THROW(http_head_from_json(parse_json(R"({"status":"200"})")), Error);
}

}  // namespace
}  // namespace cartpilot
