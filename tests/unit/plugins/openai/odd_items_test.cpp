// Items of Responses answers whose ids, indexes and order are not as documented; and what the
// server learns and refuses about the history that comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encode_testing.h"
#include "openai/responses_encode.h"
#include "provider_testing.h"
#include "responses_events.h"

namespace cartpilot::openai::odd_items {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kLevelCall = R"(call a mixer_level {"channel":3})";

Trace decode(const std::vector<std::string>& events) {
  return joined(decode_stream(Api::kResponses, sse(events), mixer_tools()));
}

/// An event of an item, with whatever of index and id is given.
std::string of_item(const std::string& type, const std::string& place, const std::string& members) {
  return event(type, place + (place.empty() ? "" : ",") + members);
}

std::string message(const std::string& id, const std::string& text) {
  return R"({"type":"message","id":")" + id +
         R"(","status":"completed","role":"assistant","content":[)" +
         (text.empty() ? ""
                       : R"({"type":"output_text","text":")" + text + R"(","annotations":[]})") +
         "]}";
}

/// The text of all message items that an answer leaves for the next request.
std::string kept_text(const Trace& trace) {
  const std::string& finish = trace.back();
  const Json metadata = parse_json(finish.substr(finish.find('{')));
  std::string text;
  for (const Json& item : metadata["output"]) {
    if (string_or(item, "type") != "message") continue;
    for (const Json& part : item["content"]) text += string_or(part, "text");
  }
  return text;
}

TEST(OpenAiOddItems, a_text_and_a_call_share_one_index) {
  const std::string text = message("msg_1", "Let me check.");
  const std::string delta_of = R"("delta":"Let me check.")";
  for (const std::string first : {R"("output_index":0)", ""}) {
    const auto place = [&first](const std::string& id) {
      return first + (first.empty() ? "" : ",") + R"("item_id":")" + id + '"';
    };
    const Trace trace = decode(
        {of_item("output_item.added", first, R"("item":)" + message("msg_1", "")),
         of_item("output_text.delta", place("msg_1"), delta_of),
         of_item("output_item.added", first, R"("item":)" + call_item("a", "", "in_progress")),
         of_item("function_call_arguments.delta", place("fc_a"), R"("delta":"{\"channel\":3}")"),
         of_item("output_item.done", first, R"("item":)" + kCall),
         of_item("output_text.done", R"("output_index":1,"item_id":"msg_1")",
                 R"("text":"Let me check.")"),
         of_item("output_item.done", R"("output_index":1)", R"("item":)" + text),
         terminal("completed", R"("output":[)" + kCall + "," + text + "]")});
    EXPECT_EQ(only(trace, {"text", "call", "error"}), (Trace{"text Let me check.", kLevelCall}))
        << first;
    EXPECT_EQ(kept_text(trace), "Let me check.");
  }
}

TEST(OpenAiOddItems, two_calls_share_one_index) {
  const std::string second = call_item("b", R"({\"channel\":4})");
  const Trace both = {kLevelCall, R"(call b mixer_level {"channel":4})"};
  for (const std::string first : {R"("output_index":0,)", ""}) {
    const auto arguments = [&first](const std::string& id, const std::string& text) {
      return event("function_call_arguments.delta",
                   first + R"("item_id":"fc_)" + id + R"(","delta":")" + text + '"');
    };
    const auto item = [&first](const std::string& which, const std::string& json) {
      return event("output_item." + which, first + R"("item":)" + json);
    };
    EXPECT_EQ(only(decode({item("added", call_item("a", "")), item("added", call_item("b", "")),
                           arguments("a", R"({\"channel\")"), arguments("b", R"({\"channel\":)"),
                           arguments("a", ":3}"), arguments("b", "4}"), terminal("completed")}),
                   {"call", "bad"}),
              both);
    EXPECT_THAT(only(decode({item("added", call_item("a", "")), item("done", second),
                             item("done", kCall), terminal("completed")}),
                     {"call", "bad"}),
                ::testing::UnorderedElementsAreArray(both))
        << "the second one is never announced";
    EXPECT_EQ(only(decode({item("done", kCall), item("done", second), terminal("completed")}),
                   {"call", "bad"}),
              both);
  }
}

TEST(OpenAiOddItems, one_call_id_for_two_calls_runs_both_and_for_one_call_once) {
  const std::string other =
      R"({"type":"function_call","id":"fc_z","call_id":"a","name":"mixer_level","arguments":"{\"channel\":4}"})";
  const Trace two = only(
      decode({item_event("done", 0, kCall), item_event("done", 1, other), terminal("completed")}),
      {"call", "bad"});
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0], kLevelCall);
  EXPECT_THAT(two[1], ::testing::MatchesRegex("call call_.{24} mixer_level .\"channel\":4."));
  std::string renamed = kCall;
  renamed.replace(renamed.find("fc_a"), 4, "fc_y");
  EXPECT_EQ(only(decode({item_event("done", 0, kCall), item_event("done", 1, renamed),
                         terminal("completed", R"("output":[)" + renamed + "]")}),
                 {"call", "bad"}),
            Trace{kLevelCall});
}

TEST(OpenAiOddItems, what_only_the_end_tells_is_not_lost) {
  const std::string second = call_item("b", R"({\"channel\":4})");
  EXPECT_EQ(only(decode({item_event("done", 0, kCall),
                         terminal("completed", R"("output":[)" + second + "," + kCall + "]")}),
                 {"call"}),
            (Trace{kLevelCall, R"(call b mixer_level {"channel":4})"}));
  EXPECT_THAT(decode({delta("output_text", 0, "Here are "), delta("output_text", 0, "three."),
                      terminal("completed", R"("output":[)" + message("other", "Here are three.") +
                                                "," + message("more", " And more.") + "]")}),
              ElementsAre("text Here are three. And more.", HasSubstr("And more.")));
}

TEST(OpenAiOddItems, deltas_of_an_item_that_is_never_announced_are_kept) {
  const Trace text =
      decode({of_item("output_text.delta", R"("item_id":"msg_1")", R"("delta":"Here are ")"),
              of_item("output_text.delta", R"("item_id":"msg_1")", R"("delta":"three.")"),
              terminal("completed", R"("output":[])")});
  EXPECT_THAT(text, ElementsAre("text Here are three.", StartsWith("finish stop completed")));
  EXPECT_EQ(kept_text(text), "Here are three.");
  EXPECT_EQ(
      only(decode({event("function_call_arguments.done", R"("item_id":"fc_1","name":"mixer_level",)"
                                                         R"("arguments":"{\"channel\":3}")"),
                   terminal("completed", R"("output":[])")}),
           {"call"})
          .size(),
      1U)
      << "a call whose own end names it";
  EXPECT_THAT(only(decode({event("function_call_arguments.delta",
                                 R"("item_id":"fc_1","delta":"{\"channel\":3}")"),
                           terminal("completed")}),
                   {"call", "bad"}),
              ElementsAre(HasSubstr("the call names no function")))
      << "told to the model, not dropped";
}

TEST(OpenAiOddItems, ends_without_their_content_do_not_erase_it) {
  const Trace trace = decode(
      {item_event("added", 0, message("msg_1", "")),
       event("content_part.added", R"("output_index":0,"content_index":0,"item_id":"msg_1",)"
                                   R"("part":{"type":"output_text","text":""})"),
       delta("output_text", 0, "Here are "), delta("output_text", 0, "three."),
       event("content_part.done", R"("output_index":0,"content_index":0,"item_id":"msg_1",)"
                                  R"("part":{"type":"output_text","text":""})"),
       item_event("done", 0, message("msg_1", "")), terminal("completed", R"("output":[])")});
  EXPECT_EQ(only(trace, {"text"}), Trace{"text Here are three."});
  EXPECT_EQ(kept_text(trace), "Here are three.");
}

TEST(OpenAiOddItems, what_was_shown_is_what_is_kept) {
  const auto ends_as = [](const std::string& text) {
    return decode({item_event("added", 0, message("m", "")), delta("output_text", 0, "Three."),
                   item_event("done", 0, message("m", text)), terminal("completed")});
  };
  EXPECT_EQ(kept_text(ends_as("Three. Or four.")), "Three. Or four.");
  EXPECT_EQ(only(ends_as("Three. Or four."), {"text"}), Trace{"text Three. Or four."})
      << "the rest is shown";
  EXPECT_EQ(kept_text(ends_as("Four.")), "Three.") << "the screen cannot be taken back";
  EXPECT_EQ(only(ends_as("Four."), {"text"}), Trace{"text Three."});
}

TEST(OpenAiOddItems, texts_without_deltas_are_shown_once) {
  const std::string done = event("output_text.done", R"("output_index":0,"content_index":0,)"
                                                     R"("item_id":"m","text":"Hi")");
  for (const std::vector<std::string>& events : std::vector<std::vector<std::string>>{
           {done, terminal("completed")},
           {done, item_event("done", 0, message("m", "Hi")), terminal("completed")},
           {item_event("added", 0, message("m", "")), done, done,
            terminal("completed", R"("output":[)" + message("m", "Hi") + "]")},
           {delta("output_text", 0, "H"), done, terminal("completed")}}) {
    const Trace trace = decode(events);
    EXPECT_EQ(only(trace, {"text"}), Trace{"text Hi"});
    EXPECT_EQ(kept_text(trace), "Hi");
  }
}

TEST(OpenAiOddItems, messages_take_turns_and_are_shown_one_after_the_other) {
  const Trace trace =
      decode({item_event("added", 0, message("m0", "")), item_event("added", 1, message("m1", "")),
              delta("output_text", 1, "wor"), delta("output_text", 0, "Hel"),
              delta("output_text", 1, "ld"), delta("output_text", 0, "lo "),
              item_event("done", 1, message("m1", "world")),
              item_event("done", 0, message("m0", "Hello ")), terminal("completed")});
  EXPECT_EQ(only(trace, {"text"}), Trace{"text Hello world"});
  EXPECT_EQ(kept_text(trace), "Hello world");
}

TEST(OpenAiOddItems, the_end_has_many_names) {
  for (const char* name : {"completed", "done", "complete", "finished", "end"}) {
    const std::string ended = event(name, R"("response":{"model":"m-1","output":[]})");
    EXPECT_THAT(decode({delta("output_text", 0, "Hi"), ended}),
                ElementsAre("text Hi", StartsWith("finish stop completed m-1")))
        << name;
  }
  EXPECT_THAT(decode({delta("output_text", 0, "Hi"),
                      event("wrapped_up", R"("response":{"status":"completed","output":[]})")}),
              ElementsAre("text Hi", StartsWith("finish stop completed")))
      << "whatever it is called, the object has ended";
  EXPECT_THAT(decode({delta("output_text", 0, "Hi"), event("completed")}),
              ElementsAre("text Hi", StartsWith("finish stop completed")))
      << "without an object";
  EXPECT_THAT(decode({delta("output_text", 0, "Hi"),
                      event("in_progress", R"("response":{"status":"in_progress"})")}),
              ElementsAre("text Hi", HasSubstr("stream_cut")));
  EXPECT_THAT(decode_stream(Api::kResponses,
                            "event: response.output_text.delta\ndata: {\"delta\":\"Hi\"}\n\n"
                            "event: response.completed\ndata: {\"response\":{}}\n\n",
                            mixer_tools()),
              ElementsAre("text Hi", StartsWith("finish stop completed")))
      << "named by their events only";
  for (const char* name : {"canceled", "cancelled", "failed", "error"}) {
    EXPECT_THAT(decode({delta("output_text", 0, "Hi"), event(name, R"("response":{})")}).back(),
                StartsWith("error unavailable retryable"))
        << name;
  }
}

TEST(OpenAiOddItems, a_call_that_only_began_does_not_run) {
  EXPECT_THAT(only(decode({item_event("added", 0, call_item("b", "", "in_progress")),
                           item_event("done", 1, kCall),
                           terminal("completed", R"("output":[)" + kCall + "]")}),
                   {"call", "bad"}),
              ElementsAre(HasSubstr("were cut off"), kLevelCall));
}

TEST(OpenAiOddItems, a_message_without_text_keeps_its_other_parts) {
  const std::string item = R"({"type":"message","id":"m","status":"completed","role":"assistant",)"
                           R"("content":[{"type":"hologram","x":1}]})";
  EXPECT_THAT(
      decode({item_event("done", 0, item), item_event("done", 1, kCall), terminal("completed")})
          .back(),
      HasSubstr(item));
}

TEST(OpenAiOddItems, open_reasoning_goes_back_and_is_shown) {
  const std::string open =
      R"({"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]})";
  const Trace trace =
      decode({item_event("done", 0, open), item_event("done", 1, kCall), terminal("completed")});
  EXPECT_EQ(trace[0], "reasoning Hm.");
  GenerateRequest asked;
  asked.model = "m-1";
  Message said = assistant({tool_call("a", "mixer_level", {{"channel", 3}})});
  said.provider_metadata = parse_json(trace.back().substr(trace.back().find('{')));
  asked.messages = {Message::user("go"), said};
  const RequestPlan plan = plan_at("https://test/v1", asked, {{"api", "responses"}});
  EXPECT_EQ(dump_json(responses_request(asked, plan)["input"][1]), open);
}

/// Answers of a server that says why it refuses, then "ok"; what was sent, and how it ended.
struct Refusals {
  Refusals(const std::string& model, const Options& options) : counter(model, options) {}

  std::string after(const std::vector<std::string>& messages, int status = 400) {
    for (const std::string& message : messages) {
      Played refusal;
      refusal.status = status;
      refusal.headers = {{"Content-Type", "application/json"}};
      refusal.body = dump_json(Json{{"error", {{"message", message}}}});
      counter.server.play(refusal);
    }
    Played good;
    good.body = counter.request.model == kChatModel
                    ? sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"})
                    : sse({delta("output_text", 0, "ok"), terminal("completed")});
    counter.server.play(good);
    const std::size_t before = counter.server.bodies().size();
    MessageSink heard;
    try {
      counter.provider.generate(counter.request, heard, counter.context);
    } catch (const Error& error) {
      sent = counter.server.bodies().size() - before;
      return error.what();
    }
    sent = counter.server.bodies().size() - before;
    return text_of(heard.message);
  }

  Json last() const { return counter.server.bodies().back(); }

  RequestFixture counter;
  std::size_t sent = 0;
};

std::vector<Message> thoughtful(const std::string& endpoint) {
  const Json thoughts = {
      {"api", "chat"}, {"endpoint", endpoint}, {"reasoning_content", "I search."}};
  Message called = assistant({tool_call("a", "mixer_level", {{"channel", 3}})}, thoughts);
  Message spoke = assistant({TextPart{"Found.", nullptr}}, thoughts);
  Message foreign = assistant({TextPart{"Hello.", nullptr}});
  return {Message::user("go"),
          called,
          tool_results({{"a", "mixer_level", {{"db", 1}}, false, nullptr}}),
          spoke,
          Message::user("and?"),
          foreign,
          Message::user("more")};
}

TEST(OpenAiRepair, thoughts_that_are_missed_are_sent_in_whatever_words) {
  for (const char* words :
       {"thinking is enabled but reasoning_content is missing in assistant tool call message at "
        "index 2",
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "messages.1: Field required: reasoning_content", "reasoning content should be provided",
        "Missing required parameter 'messages[1].reasoning-content'"}) {
    Refusals server(kChatModel, {{"server", "unknown"}});
    server.counter.request.messages = thoughtful(server.counter.server.base_url());
    EXPECT_EQ(server.after({words}), "ok") << words;
    const Json messages = server.last()["messages"];
    EXPECT_EQ(messages[1]["reasoning_content"], "I search.") << words;
    EXPECT_EQ(messages[3]["reasoning_content"], "I search.") << "not only beside calls";
    EXPECT_EQ(messages[5]["reasoning_content"], " ") << "another vendor's words had none";
    EXPECT_EQ(server.after({}), "ok");
    EXPECT_EQ(server.sent, 1U) << "remembered";
  }
}

TEST(OpenAiRepair, thoughts_that_are_refused_are_left_out_in_whatever_words) {
  for (const char* words : {"property 'reasoning_content' is unsupported",
                            "Extra inputs are not permitted: messages.1.reasoning_content",
                            "reasoning_content must not be sent"}) {
    Refusals server(kChatModel, {{"server", "deepseek"}});
    server.counter.request.messages = thoughtful(server.counter.server.base_url());
    EXPECT_EQ(server.after({words}), "ok") << words;
    EXPECT_THAT(dump_json(server.last()), Not(HasSubstr("reasoning_content"))) << words;
  }
}

TEST(OpenAiRepair, what_would_change_nothing_is_not_tried) {
  Refusals server(kChatModel, {{"server", "unknown"}});
  server.counter.request.messages = {Message::user("go")};
  EXPECT_THAT(server.after({"reasoning_content is missing", "never sent"}),
              HasSubstr("reasoning_content is missing"));
  EXPECT_EQ(server.sent, 1U);
}

TEST(OpenAiRepair, ids_of_items_are_left_out_where_they_are_refused_in_whatever_words) {
  for (const auto& [words, status] :
       {std::pair("Item with id 'rs_1' not found. Items are not persisted when `store` is set to "
                  "false. Try again with `store` set to true, or remove this item from your input.",
                  404),
        std::pair("Unknown parameter: 'input[1].id'.", 400),
        std::pair("body.input.1.id: Extra inputs are not permitted", 422),
        std::pair("reasoning item does not exist: rs_1", 400),
        std::pair("Item 'fc_1' of type 'function_call' was provided without its required "
                  "'reasoning' item: 'rs_1'.",
                  400)}) {
    Refusals server(kResponsesModel, {{"server", "openai"}});
    Message said = assistant({tool_call("a", "mixer_level", {{"channel", 3}})});
    said.provider_metadata = {{"api", "responses"},
                              {"endpoint", server.counter.server.base_url()},
                              {"output", parse_json("[" + kReasoning + "," + kCall + "]")}};
    server.counter.request.messages = {
        Message::user("go"), said,
        tool_results({{"a", "mixer_level", {{"db", 1}}, false, nullptr}})};
    EXPECT_EQ(server.after({words}, status), "ok") << words;
    EXPECT_EQ(server.sent, 2U) << words;
    for (const Json& item : server.last()["input"]) EXPECT_FALSE(item.contains("id")) << words;
    EXPECT_EQ(server.after({}), "ok");
    EXPECT_EQ(server.sent, 1U) << "remembered";
    EXPECT_THAT(server.after({words}, status), HasSubstr("refused")) << "once";
  }
}

TEST(OpenAiRepair, ids_come_back_as_issued_in_chat_as_well) {
  for (const std::string& id :
       {std::string("functions.mixer_level:0"), "call_" + std::string(300, 'd')}) {
    RequestFixture counter(kChatModel, {{"server", "unknown"}});
    Played answer;
    answer.body = sse({call_chunk(R"({"index":0,"id":")" + id +
                                  R"(","function":{"name":"mixer_level","arguments":)"
                                  R"("{\"channel\":3}"}})"),
                       end_chunk("tool_calls"), "[DONE]"});
    counter.server.play(answer);
    MessageSink sink;
    counter.provider.generate(counter.request, sink, counter.context);
    counter.request.messages = going_on(counter.request.messages, sink.message);
    answer.body = sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"});
    counter.server.play(answer);
    MessageSink next;
    counter.provider.generate(counter.request, next, counter.context);
    const Json messages = counter.server.bodies().back()["messages"];
    EXPECT_EQ(messages[1]["tool_calls"][0]["id"], id);
    EXPECT_EQ(messages[2]["tool_call_id"], id);
  }
}

}  // namespace
}  // namespace cartpilot::openai::odd_items
