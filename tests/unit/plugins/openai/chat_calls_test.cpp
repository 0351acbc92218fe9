// Calls in the answers of Chat Completions servers: how they are cut, numbered and spelt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;

struct Shape {
  const char* name;
  std::vector<std::string> chunks;
  Trace expected;
};

const Trace kOneCall = {R"(call a mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"};
const Trace kTwoCalls = {R"(call a mixer_level {"channel":1})",
                         R"(call b mixer_level {"channel":2})", "finish tool_calls tool_calls m-1"};
#define CALL(index, id, n) \
  index id R"("function":{"name":"mixer_level","arguments":"{\"channel\":)" #n R"(}"}})"

TEST(ChatDecoder, fragments_become_one_call) {
  EXPECT_EQ(
      decode_chat(
          {call_chunk(
               R"({"index":0,"id":"call_a","type":"function","function":{"name":"mixer_level","arguments":""}})"),
           call_chunk(R"({"index":0,"function":{"arguments":"{\"chan"}})"),
           call_chunk(R"({"index":0,"function":{"arguments":"nel\":3}"}})"),
           end_chunk("tool_calls")}),
      (Trace{"begin call_a mixer_level", "args call_a {\"chan", "args call_a nel\":3}",
             R"(call call_a mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"}));
}

TEST(ChatDecoder, interleaved_calls_are_told_apart_by_index) {
  EXPECT_EQ(
      results(decode_chat(
          {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"ch"}},
                    {"index":1,"id":"b","function":{"name":"mixer_level","arguments":"{\"channel"}})"),
           call_chunk(R"({"index":2,"id":"c","function":{"name":"mixer_level","arguments":""}},
                    {"index":0,"function":{"arguments":"annel\":1}"}})"),
           call_chunk(R"({"index":2,"function":{"arguments":"{\"channel\":3}"}},
                    {"index":1,"function":{"arguments":"\":2}"}})"),
           end_chunk("tool_calls")})),
      (Trace{R"(call a mixer_level {"channel":1})", R"(call b mixer_level {"channel":2})",
             R"(call c mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"}));
}

TEST(ChatDecoder, shapes_of_calls_all_become_the_same_calls) {
  const std::vector<Shape> shapes = {
      {"A20 whole call",
       {call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 3)), end_chunk("tool_calls")},
       kOneCall},
      {"A21 no index",
       {call_chunk(CALL("{", R"("id":"a",)", 1)), call_chunk(CALL("{", R"("id":"b",)", 2)),
        end_chunk("tool_calls")},
       kTwoCalls},
      {"A21 no index, fragments",
       {call_chunk(R"({"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\""}})"),
        call_chunk(R"({"function":{"arguments":":3}"}})"), end_chunk("tool_calls")},
       kOneCall},
      {"A22 all indexes 0",
       {call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 1)),
        call_chunk(CALL(R"({"index":0,)", R"("id":"b",)", 2)), end_chunk("tool_calls")},
       kTwoCalls},
      {"A23 odd indexes",
       {call_chunk(CALL(R"({"index":99999,)", R"("id":"a",)", 1)),
        call_chunk(CALL(R"({"index":-1,)", R"("id":"b",)", 2)), end_chunk("tool_calls")},
       kTwoCalls},
      {"A24 id and name in every piece",
       {call_chunk(
            R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\""}})"),
        call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":":3}"}})"),
        end_chunk("tool_calls")},
       kOneCall},
      {"A25 id changes with every piece",
       {call_chunk(
            R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\""}})"),
        call_chunk(R"({"index":0,"id":"a2","function":{"arguments":":"}})"),
        call_chunk(R"({"index":0,"id":"a3","function":{"name":"mixer_level","arguments":"3}"}})"),
        end_chunk("tool_calls")},
       kOneCall},
      {"A26 late name",
       {call_chunk(R"({"index":0,"id":"a","function":{"arguments":"{\"channel\""}})"),
        call_chunk(R"({"index":0,"function":{"name":"mixer_level","arguments":":3}"}})"),
        end_chunk("tool_calls")},
       kOneCall},
      {"A29 two pieces for one index at once",
       {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":""}},
                 {"index":0,"function":{"arguments":"{\"channel\":3}"}})"),
        end_chunk("tool_calls")},
       kOneCall},
      {"A30 arguments as an object",
       {call_chunk(
            R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":{"channel":3}}})"),
        end_chunk("tool_calls")},
       kOneCall},
      {"A32 the whole object once more at the end",
       {call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 3)),
        call_chunk(
            R"({"index":0,"id":null,"function":{"name":null,"arguments":"{\"channel\":3}"}})"),
        end_chunk("tool_calls")},
       kOneCall},
      {"nulls in continuations",
       {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":null}})"),
        call_chunk(
            R"({"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"{\"channel\":3}"}})"),
        call_chunk(R"({"index":0,"function":{"arguments":""}})"), end_chunk("tool_calls")},
       kOneCall},
      {"doubly encoded",
       {call_chunk(
            R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"\"{\\\"channel\\\":3}\""}})"),
        end_chunk("tool_calls")},
       kOneCall},
  };
  for (const Shape& shape : shapes) {
    EXPECT_EQ(results(decode_chat(shape.chunks)), shape.expected) << shape.name;
  }
}

TEST(ChatDecoder, one_id_for_several_calls_gives_the_later_one_a_new_id) {
  const Trace trace = results(decode_chat({call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 1)),
                                           call_chunk(CALL(R"({"index":1,)", R"("id":"a",)", 2)),
                                           end_chunk("tool_calls")}));
  ASSERT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace[0], R"(call a mixer_level {"channel":1})");
  EXPECT_THAT(trace[1],
              ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level \\{\"channel\":2\\}"));
}

TEST(ChatDecoder, a_call_without_a_name_is_answered_not_run) {
  EXPECT_EQ(
      results(decode_chat({call_chunk(R"({"index":0,"id":"a","function":{"arguments":"{}"}})"),
                           end_chunk("tool_calls")})),
      (Trace{"bad a unnamed_function the call names no function; call it again with its name",
             "finish tool_calls tool_calls m-1"}));
}

TEST(ChatDecoder, a_call_without_an_id_gets_one) {
  const Trace trace =
      results(decode_chat({call_chunk(CALL(R"({"index":0,)", "", 3)), end_chunk("tool_calls")}));
  ASSERT_EQ(trace.size(), 2U);
  EXPECT_THAT(trace[0],
              ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level \\{\"channel\":3\\}"));
}

TEST(ChatDecoder, arguments_that_hold_nothing_are_an_empty_object) {
  for (const char* member : {R"(,"arguments":"")", R"(,"arguments":null)", R"(,"arguments":"  \n")",
                             "", R"(,"arguments":"{}")"}) {
    EXPECT_EQ(
        only(
            decode_chat(
                {call_chunk(std::string(R"({"index":0,"id":"a","function":{"name":"mixer_level")") +
                            member + "}}"),
                 end_chunk("tool_calls")}),
            {"call", "bad"})
            .at(0)
            .substr(0, 21),
        "call a mixer_level {}")
        << member;
  }
}

TEST(ChatDecoder, arguments_that_are_no_object_are_told_to_the_model) {
  for (const char* text : {"null", "[1]", "3", "\\\"x\\\"", "{\\\"a\\\":1",
                           "{\\\"a\\\":1}{\\\"b\\\":2}", "{\\\"a\\\":1} trailing"}) {
    const Trace trace = results(decode_chat(
        {call_chunk(R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":")" +
                    std::string(text) + "\"}}"),
         end_chunk("tool_calls")}));
    EXPECT_THAT(trace.at(0),
                ::testing::StartsWith("bad a mixer_level the arguments of mixer_level "))
        << text;
  }
}

TEST(ChatDecoder, a_call_cut_at_the_length_limit_is_not_run) {
  EXPECT_EQ(
      results(decode_chat(
          {call_chunk(
               R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\":1}"}})"),
           call_chunk(
               R"({"index":1,"id":"b","function":{"name":"mixer_level","arguments":"{\"chan"}})"),
           end_chunk("length")})),
      (Trace{R"(call a mixer_level {"channel":1})",
             "bad b mixer_level the arguments of mixer_level were cut off at the output limit; "
             "call it again, shorter",
             "finish length length m-1"}));
  EXPECT_THAT(
      results(decode_chat(
                  {call_chunk(
                       R"({"index":0,"id":"b","function":{"name":"mixer_level","arguments":""}})"),
                   end_chunk("length")}))
          .at(0),
      ::testing::HasSubstr("cut off"))
      << "empty arguments are not an empty object when the limit hit";
}

TEST(ChatDecoder, content_filter_discards_the_calls) {
  EXPECT_EQ(results(decode_chat({call_chunk(CALL(R"({"index":0,)", R"("id":"a",)", 3)),
                                 end_chunk("content_filter")})),
            (Trace{"finish content_filter content_filter m-1"}));
}

TEST(ChatDecoder, names_are_cleaned_when_that_makes_them_a_declared_one) {
  for (const char* name : {"functions.mixer_level", "mixer_level<|channel|>commentary"}) {
    EXPECT_EQ(
        results(decode_chat({call_chunk(R"({"index":0,"id":"a","function":{"name":")" +
                                        std::string(name) + R"(","arguments":"{\"channel\":3}"}})"),
                             end_chunk("tool_calls")})),
        kOneCall)
        << name;
  }
  EXPECT_EQ(
      results(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","function":{"name":"functions.other","arguments":"{}"}})"),
               end_chunk("tool_calls")}))
          .at(0),
      "call a functions.other {}");
}

TEST(ChatDecoder, a_free_text_call_is_answered_not_run) {
  EXPECT_EQ(
      results(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","type":"custom","custom":{"name":"patch","input":"free"}})"),
               end_chunk("tool_calls")}))
          .at(0),
      "bad a patch patch takes a JSON object, not free text");
}

TEST(ChatDecoder, the_legacy_function_call_is_a_call) {
  const Trace trace = results(decode_chat(
      {chunk(R"({"function_call":{"name":"mixer_level","arguments":"{\"chan"}})"),
       chunk(R"({"function_call":{"arguments":"nel\":3}"}})"), end_chunk("function_call")}));
  ASSERT_EQ(trace.size(), 2U);
  EXPECT_THAT(trace[0],
              ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level \\{\"channel\":3\\}"));
}

TEST(ChatDecoder, the_parallel_wrapper_is_opened_when_it_holds_declared_tools_only) {
  const auto wrapper = [](const std::string& second) {
    return call_chunk(
        R"({"index":0,"id":"p","function":{"name":"parallel","arguments":"{\"tool_uses\":[)"
        R"({\"recipient_name\":\"functions.mixer_level\",\"parameters\":{\"channel\":1}},)"
        R"({\"recipient_name\":\"functions.)" +
        second + R"(\",\"parameters\":{\"channel\":2,\"muted\":true}}]}"}})");
  };
  const Trace opened = results(decode_chat({wrapper("mixer_set_mute"), end_chunk("tool_calls")}));
  ASSERT_EQ(opened.size(), 3U);
  EXPECT_THAT(opened[0], ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .*:1\\}"));
  EXPECT_THAT(opened[1], ::testing::MatchesRegex("call call_[0-9A-Za-z]{24} mixer_set_mute .*"));
  const Trace kept = results(decode_chat({wrapper("elsewhere"), end_chunk("tool_calls")}));
  EXPECT_THAT(kept.at(0), ::testing::StartsWith("call p parallel "));
}

TEST(ChatDecoder, unknown_members_of_a_call_are_kept_with_the_call) {
  EXPECT_EQ(
      results(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","type":"function","extra_content":{"google":{"thought_signature":"s"}},)"
                   R"("function":{"name":"mixer_level","arguments":"{\"channel\":3}"}})"),
               end_chunk("tool_calls")}))
          .at(0),
      R"(call a mixer_level {"channel":3} {"extra":{"extra_content":{"google":{"thought_signature":"s"}}},)"
      R"("api":"chat","endpoint":"https://test/v1"})");
}

TEST(ChatDecoder, the_models_own_spelling_of_arguments_is_kept_for_the_way_back) {
  EXPECT_EQ(
      results(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\": 3, \"unit\": null}"}})"),
               end_chunk("tool_calls")}))
          .at(0),
      R"(call a mixer_level {"channel":3} {"arguments":"{\"channel\": 3, \"unit\": null}",)"
      R"("api":"chat","endpoint":"https://test/v1"})");
}

TEST(ChatDecoder, strict_nulls_of_optional_members_are_taken_out) {
  EXPECT_EQ(
      only(
          decode_chat(
              {call_chunk(
                   R"({"index":0,"id":"a","function":{"name":"mixer_level","arguments":"{\"channel\":null,\"unit\":null}"}})"),
               end_chunk("tool_calls")}),
          {"call"})
          .at(0)
          .substr(0, 35),
      R"(call a mixer_level {"channel":null})");
}

}  // namespace
}  // namespace cartpilot::openai
