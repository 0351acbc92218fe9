// What servers were seen to send beside the vendor's documentation, in both APIs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_testing.h"
#include "responses_events.h"

namespace cartpilot::openai::odd_streams {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kLevelCall = R"(call a mixer_level {"channel":3})";

std::string fragment(const std::string& arguments, const std::string& head = "") {
  return call_chunk(R"({"index":0,)" + head + R"("function":{)" +
                    (head.empty() ? "" : R"("name":"mixer_level",)") + R"("arguments":")" +
                    arguments + R"("}})");
}

Trace chat(const std::vector<std::string>& chunks) { return joined(decode_chat(chunks)); }

Trace responses(const std::vector<std::string>& events) {
  return joined(decode_stream(Api::kResponses, sse(events), mixer_tools()));
}

/// Events of one call, with these pieces of arguments.
std::vector<std::string> call_events(const std::vector<std::string>& pieces) {
  std::vector<std::string> events = {item_event("added", 0, call_item("a", "", "in_progress"))};
  for (const std::string& piece : pieces) {
    events.push_back(delta("function_call_arguments", 0, piece));
  }
  events.push_back(terminal("completed"));
  return events;
}

TEST(OpenAiOddStream, an_empty_object_before_the_arguments_means_nothing) {
  EXPECT_THAT(chat({fragment("{}", R"("id":"a",)"), fragment(R"({\"channel\":)"), fragment("3}"),
                    end_chunk("tool_calls")}),
              ::testing::Contains(StartsWith(kLevelCall)));
  EXPECT_THAT(responses(call_events({"{}", R"({\"channel\":)", "3}"})),
              ::testing::Contains(kLevelCall));
  EXPECT_THAT(
      responses({item_event("added", 0, call_item("a", "{}", "in_progress")),
                 delta("function_call_arguments", 0, R"({\"channel\":3})"), terminal("completed")}),
      ::testing::Contains(kLevelCall))
      << "in the item that begins";
  EXPECT_THAT(responses({item_event("added", 0, call_item("a", "")),
                         delta("function_call_arguments", 0, R"({\"channel\":3})"),
                         item_event("done", 0, call_item("a", "{}")), terminal("completed")}),
              ::testing::Contains(kLevelCall))
      << "in the item that ends";
}

TEST(OpenAiOddStream, no_arguments_are_spelled_in_many_ways) {
  for (const char* spelled : {"", "null", "[]", "None", "\\\"\\\"", "{}{}"}) {
    EXPECT_THAT(chat({fragment(spelled, R"("id":"a",)"), end_chunk("tool_calls")}),
                ::testing::Contains(StartsWith("call a mixer_level {}")))
        << spelled;
    EXPECT_THAT(responses({item_event("done", 0, call_item("a", spelled)), terminal("completed")}),
                ::testing::Contains("call a mixer_level {}"))
        << spelled;
  }
}

TEST(OpenAiOddStream, halves_of_a_character_in_two_events_are_one) {
  const std::string ears = "\xF0\x9F\x8E\xA7";
  const Trace whole = {"text a" + ears + "b", "finish stop stop m-1"};
  EXPECT_EQ(chat({chunk(R"({"content":"a\ud83c"})"), chunk(R"({"content":"\udfa7b"})"),
                  end_chunk("stop")}),
            whole);
  EXPECT_EQ(chat({chunk("{\"content\":\"a\xF0\x9F\"}"),
                  chunk("{\"content\":\"\x8E\xA7"
                        "b\"}"),
                  end_chunk("stop")}),
            whole)
      << "bytes of a sequence";
  EXPECT_THAT(
      chat({fragment(R"({\"channel\":3,\"unit\":\"\ud83c)", R"("id":"a",)"),
            fragment(R"(\udfa7\"})"), end_chunk("tool_calls")}),
      ::testing::Contains(StartsWith(R"(call a mixer_level {"channel":3,"unit":")" + ears)));
  EXPECT_THAT(
      chat({chunk(R"({"reasoning_content":"\ud83c"})"), chunk(R"({"reasoning_content":"\udfa7"})"),
            chunk(R"({"content":"x"})"), end_chunk("stop")}),
      ElementsAre("reasoning " + ears, "text x", HasSubstr(ears)));
  EXPECT_THAT(responses({delta("output_text", 0, R"(a\ud83c)"),
                         delta("output_text", 0, R"(\udfa7b)"), terminal("completed")}),
              ElementsAre("text a" + ears + "b", HasSubstr("a" + ears + "b")));
  EXPECT_THAT(
      responses({delta("output_text", 0, R"(a\ud83c)"), delta("output_text", 0, R"(\udfa7b)"),
                 item_event("done", 0, message_item("a" + ears + "b")), terminal("completed")}),
      ElementsAre("text a" + ears + "b", HasSubstr("a" + ears + "b")));
  EXPECT_THAT(responses(call_events({R"({\"channel\":3,\"unit\":\"\ud83c)", R"(\udfa7\"})"})),
              ::testing::Contains(R"(call a mixer_level {"channel":3,"unit":")" + ears + "\"}"));
}

TEST(OpenAiOddStream, a_half_that_stays_alone_is_told_to_the_model_as_a_broken_call) {
  const std::string broken = R"({\"channel\":3,\"unit\":\"\ud83c\"})";
  EXPECT_THAT(results(chat({fragment(broken, R"("id":"a",)"), end_chunk("tool_calls")})),
              ElementsAre(AllOf(StartsWith("bad a"), HasSubstr("half a character")),
                          StartsWith("finish tool_calls")));
  EXPECT_THAT(only(responses(call_events({broken})), {"call", "bad"}),
              ElementsAre(AllOf(StartsWith("bad a"), HasSubstr("half a character"))));
  EXPECT_EQ(chat({chunk(R"({"content":"a\ud83c"})"), end_chunk("stop")}),
            (Trace{"text a\xEF\xBF\xBD", "finish stop stop m-1"}));
}

TEST(OpenAiOddStream, json_that_is_no_object_is_a_sign_of_life) {
  for (const char* life : {"null", "0", "true", "[]", "\"ping\"", "ping", ": ping"}) {
    EXPECT_EQ(chat({chunk(R"({"content":"Hel"})"), life, chunk(R"({"content":"lo"})"), life,
                    end_chunk("stop")}),
              (Trace{"text Hello", "finish stop stop m-1"}))
        << life;
    EXPECT_THAT(responses({delta("output_text", 0, "Hel"), life, delta("output_text", 0, "lo"),
                           terminal("completed")}),
                ElementsAre("text Hello", StartsWith("finish stop completed")))
        << life;
  }
  EXPECT_THAT(
      joined(decode_chat({chunk(R"({"content":"Hel"})"), "overloaded, sorry"}, false)).back(),
      HasSubstr("(the server also sent: overloaded, sorry)"));
}

TEST(OpenAiOddStream, events_in_a_list_are_events) {
  EXPECT_EQ(chat({"[" + chunk(R"({"content":"Hel"})") + "," + chunk(R"({"content":"lo"})") + "]",
                  end_chunk("stop")}),
            (Trace{"text Hello", "finish stop stop m-1"}));
}

TEST(OpenAiOddStream, a_whole_answer_may_have_an_end_mark_behind_it_or_event_clothing) {
  const std::string whole_chat =
      R"({"id":"c","object":"chat.completion","model":"m-1","choices":[{"index":0,)"
      R"("finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}]})";
  const std::string whole_response =
      R"({"object":"response","status":"completed","model":"m-1","output":[)" +
      message_item("Hello") + "]}";
  for (const auto& [model, text] :
       {std::pair(kChatModel, whole_chat), std::pair(kResponsesModel, whole_response)}) {
    const auto hello = ElementsAre("text Hello", StartsWith("finish stop"));
    for (const std::string& body : {text + "data: [DONE]\n\n", text + "\n\ndata: [DONE]\n\n",
                                    "data: " + text + "\n\ndata: [DONE]\n\n", "data: " + text}) {
      RequestFixture counter(model);
      EXPECT_THAT(counter.hears(body), hello) << body;
      EXPECT_THAT(counter.hears_body(body), hello) << body;
      counter.request.stream = false;
      EXPECT_THAT(counter.hears_body(body), hello) << body;
      EXPECT_THAT(counter.hears_body(body, ""), hello) << body;
    }
  }
}

TEST(OpenAiOddStream, streams_are_known_by_their_bytes) {
  const std::string chat = sse({chunk(R"({"content":"Hello"})"), end_chunk("stop"), "[DONE]"});
  const std::string events = sse({delta("output_text", 0, "Hello"), terminal("completed")});
  for (const char* type : {"application/json", "text/plain; charset=utf-8", "text/html", ""}) {
    RequestFixture first(kChatModel);
    EXPECT_THAT(first.hears_body(chat, type), ElementsAre("text Hello", StartsWith("finish stop")))
        << type;
    RequestFixture second(kResponsesModel);
    EXPECT_THAT(second.hears_body(events, type),
                ElementsAre("text Hello", StartsWith("finish stop")))
        << type;
    second.request.stream = false;
    EXPECT_THAT(second.hears_body(events, type),
                ElementsAre("text Hello", StartsWith("finish stop")))
        << "asked for a whole answer, " << type;
  }
}

TEST(OpenAiOddStream, an_error_is_one_behind_a_word_and_under_any_type) {
  const std::string told =
      "error invalid_argument final context_overflow: the conversation is too long for ";
  const std::string error =
      R"(error: {"code":400,"message":"the request exceeds the available context size",)"
      R"("type":"invalid_request_error"})"
      "\n\ndata: [DONE]\n\n";
  for (const char* model : {kChatModel, kResponsesModel}) {
    for (const char* type : {"text/event-stream", "application/json", ""}) {
      RequestFixture counter(model);
      EXPECT_THAT(counter.hears_body(error, type), ElementsAre(StartsWith(told + model))) << type;
    }
    RequestFixture counter(model);
    EXPECT_THAT(counter.hears("event: error\ndata: {\"detail\":\"no context size left\"}\n\n"),
                ElementsAre(StartsWith(told)))
        << "an envelope that is known only by the name of its event";
  }
}

TEST(OpenAiOddStream, a_failed_generation_is_never_the_answer) {
  const auto ends = [](const std::string& reason, const std::string& native) {
    return R"({"model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":")" + reason +
           R"(","native_finish_reason":")" + native + "\"}]}";
  };
  const std::string text = chunk(R"({"content":",filter:{_type"})");
  for (const auto& [reason, native] :
       {std::pair("stop", "MALFORMED_FUNCTION_CALL"), std::pair("malformed_function_call", ""),
        std::pair("tool_calls", "UNEXPECTED_TOOL_CALL")}) {
    EXPECT_THAT(chat({text, ends(reason, native)}),
                ElementsAre(StartsWith("text"),
                            AllOf(StartsWith("error protocol final "), HasSubstr("cannot read"))))
        << reason << native;
  }
  for (const auto& [reason, native] :
       {std::pair("stop", "ERROR"), std::pair("abort", ""), std::pair("network_error", ""),
        std::pair("insufficient_system_resource", ""), std::pair("error", "")}) {
    EXPECT_THAT(
        chat({text, fragment(R"({\"channel\":3})", R"("id":"a",)"), ends(reason, native)}).back(),
        StartsWith("error unavailable retryable "))
        << reason << native;
  }
  for (const auto& [reason, native] :
       {std::pair("stop", "SAFETY"), std::pair("sensitive", ""), std::pair("content_filter", "")}) {
    EXPECT_THAT(
        results(chat({fragment(R"({\"channel\":3})", R"("id":"a",)"), ends(reason, native)})),
        ElementsAre(StartsWith("finish content_filter")))
        << reason << native;
  }
  const std::string failed = R"("error":{"code":"server_error","message":"oops"})";
  EXPECT_THAT(responses({delta("output_text", 0, "x"), terminal("completed", failed)}).back(),
              StartsWith("error unavailable retryable"));
  EXPECT_THAT(responses({event("completed", R"("response":{"status":"failed","output":[]})")}),
              ElementsAre(StartsWith("error unavailable retryable")));
  EXPECT_THAT(responses({terminal("incomplete",
                                  R"("incomplete_details":{"reason":"malformed_function_call"})")}),
              ElementsAre(StartsWith("error protocol ")));
  EXPECT_THAT(results(responses({item_event("done", 0, kCall),
                                 event("completed", R"("response":{"status":"incomplete"})")})),
              ElementsAre(kLevelCall, StartsWith("finish length")))
      << "the object knows of a limit that its event does not";
}

TEST(OpenAiOddStream, an_unreadable_call_is_worth_one_more_try) {
  RequestFixture counter(kChatModel);
  const std::string bad =
      sse({R"({"model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop",)"
           R"("native_finish_reason":"MALFORMED_FUNCTION_CALL"}]})"});
  EXPECT_THAT(counter.hears(bad), ElementsAre(StartsWith("error protocol retryable")));
  EXPECT_THAT(counter.hears(bad), ElementsAre(StartsWith("error protocol final")));
}

TEST(OpenAiOddStream, parts_of_any_type_keep_their_text_and_go_back) {
  const std::string thinking =
      R"({"type":"thinking","thinking":[{"type":"text","text":"They want it."}]})";
  const Trace trace = chat(
      {chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"They "}]}]})"),
       chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"want it."}]}]})"),
       chunk(R"({"content":[{"type":"text","text":"Hel"}]})"), chunk(R"({"content":"lo"})"),
       chunk(R"({"content":[{"type":"hologram","text":" there","depth":3}]})"), end_chunk("stop")});
  EXPECT_EQ(
      trace,
      (Trace{"reasoning They want it.", "text Hello there",
             R"(finish stop stop m-1 {"api":"chat","endpoint":"https://test/v1","content":[)" +
                 thinking +
                 R"(,{"type":"text","text":"Hello"},)"
                 R"({"type":"hologram","text":" there","depth":3}]})"}));
  EXPECT_EQ(chat({chunk(R"({"content":{"type":"text","text":"Hi"}})"), end_chunk("stop")}),
            (Trace{"text Hi", "finish stop stop m-1"}));
  EXPECT_THAT(responses({item_event("done", 0,
                                    R"({"type":"message","id":"m","status":"completed",)"
                                    R"("role":"assistant","content":[{"type":"hologram",)"
                                    R"("text":"Hi"}]})"),
                         terminal("completed")}),
              ElementsAre("text Hi", HasSubstr(R"("type":"hologram")")));
}

TEST(OpenAiOddStream, the_last_chunk_may_repeat_the_whole_message) {
  const std::string call = R"({"id":"a","type":"function","function":{"name":"mixer_level",)"
                           R"("arguments":"{\"channel\":3}"}})";
  EXPECT_EQ(
      results(chat({chunk(R"({"content":"Hello"})"), call_chunk(call),
                    R"({"model":"m-1","choices":[{"index":0,"message":{"content":"Hello there",)"
                    R"("tool_calls":[)" +
                        call + R"(]},"finish_reason":"tool_calls"}]})"})),
      (Trace{kLevelCall, "finish tool_calls tool_calls m-1"}));
  EXPECT_THAT(chat({chunk(R"({"content":"Hello"})"),
                    R"({"model":"m-1","choices":[{"index":0,"message":{"content":"Hello there"},)"
                    R"("finish_reason":"stop"}]})"}),
              ElementsAre("text Hello there", StartsWith("finish stop")));
}

TEST(OpenAiOddStream, our_choice_is_known_by_its_number_or_because_it_is_the_only_one) {
  const auto choice = [](const char* index, const char* text) {
    return R"({"model":"m-1","choices":[{"index":)" + std::string(index) +
           R"(,"delta":{"content":")" + text + R"("},"finish_reason":"stop"}]})";
  };
  EXPECT_THAT(chat({choice("1", "Hi")}), ElementsAre("text Hi", StartsWith("finish stop")));
  EXPECT_THAT(chat({choice("0", "Hi"), choice("1", "no")}),
              ElementsAre("text Hi", StartsWith("finish stop")));
}

TEST(OpenAiOddStream, a_wait_is_obeyed_inside_a_stream_too) {
  for (
      const char* error :
      {R"("error":{"code":"rate_limit_exceeded","message":"Please try again in 1.898s."})",
       R"("error":{"code":"rate_limit_exceeded","message":"slow","retry_after":1.898})",
       R"("error":{"code":"rate_limit_exceeded","message":"slow","metadata":{"headers":{"Retry-After":"1.898"}}})"}) {
    const auto wait = [](Api api, const std::string& stream) -> std::int64_t {
      RequestFixture counter(api == Api::kChat ? kChatModel : kResponsesModel);
      Played answer;
      answer.body = stream;
      counter.server.play(answer);
      MessageSink sink;
      try {
        counter.provider.generate(counter.request, sink, counter.context);
      } catch (const Error& failed) {
        return failed.retry_after_ms.value_or(-1);
      }
      return -2;
    };
    const std::string inside = std::string("{") + error + "}";
    EXPECT_EQ(wait(Api::kChat, sse({inside})), 1898) << error;
    EXPECT_EQ(wait(Api::kResponses, sse({inside})), 1898) << error;
    EXPECT_EQ(wait(Api::kResponses, sse({terminal("failed", error)})), 1898) << error;
  }
}

TEST(OpenAiOddStream, a_connection_that_breaks_after_the_end_loses_nothing) {
  const std::string call =
      call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":)"
                 R"("{\"channel\":3}"}})");
  const std::string bare =
      call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":""}})");
  for (const Played::End end : {Played::End::kClose, Played::End::kReset}) {
    const auto hears = [end](const std::vector<std::string>& chunks) {
      RequestFixture counter(kChatModel);
      Played answer;
      answer.body = sse(chunks);
      answer.end = end;
      return counter.hears(answer);
    };
    EXPECT_EQ(hears({chunk(R"({"content":"Hi"})"), end_chunk("stop")}),
              (Trace{"text Hi", "finish stop stop m-1"}));
    EXPECT_EQ(results(hears({call, end_chunk("tool_calls")})),
              (Trace{kLevelCall, "finish tool_calls tool_calls m-1"}));
    EXPECT_THAT(results(hears({bare, end_chunk("tool_calls")})),
                ElementsAre(StartsWith("error unavailable retryable")))
        << "arguments may have been on their way";
    EXPECT_THAT(results(hears({call})), ElementsAre(StartsWith("error unavailable retryable")));
    EXPECT_THAT(results(hears({chunk(R"({"content":"Hi"})"), end_chunk("error")})),
                ElementsAre(StartsWith("error unavailable retryable")))
        << "a failure is no end";
  }
}

}  // namespace
}  // namespace cartpilot::openai::odd_streams
