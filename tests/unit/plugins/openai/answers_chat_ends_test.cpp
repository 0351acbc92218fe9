// A35 to A50: limits, filters, errors, and what else comes with Chat Completions answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider_testing.h"

namespace cartpilot::openai {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr const char* kWholeCall =
    R"({"index":0,"id":"a","type":"function","function":{"name":"mixer_level","arguments":"{\"channel\":3}"}})";
const Trace kOneCall = {R"(call a mixer_level {"channel":3})", "finish tool_calls tool_calls m-1"};

Trace heard(std::vector<std::string> chunks) {
  RequestFixture counter(kChatModel);
  chunks.push_back("[DONE]");
  return counter.hears(sse(chunks));
}

Trace came(const std::vector<std::string>& chunks) { return results(heard(chunks)); }

std::string named_call(const std::string& name) {
  return call_chunk(R"({"index":0,"id":"a","function":{"name":")" + name +
                    R"(","arguments":"{\"channel\":3}"}})");
}

TEST(OpenAiAnswer, A35_the_length_limit_hits_inside_arguments) {
  EXPECT_EQ(
      came({call_chunk(kWholeCall),
            call_chunk(
                R"({"index":1,"id":"b","function":{"name":"mixer_level","arguments":"{\"ch"}})"),
            end_chunk("length")}),
      (Trace{kOneCall[0],
             "bad b mixer_level the arguments of mixer_level were cut off at the output "
             "limit; call it again, shorter",
             "finish length length m-1"}));
  EXPECT_THAT(
      came({call_chunk(R"({"index":0,"id":"b","function":{"name":"mixer_level","arguments":""}})"),
            end_chunk("length")})
          .at(0),
      HasSubstr("cut off"))
      << "empty arguments are not an empty object when the limit hit";
}

TEST(OpenAiAnswer, A36_the_content_filter_hits_after_a_part_of_a_call) {
  EXPECT_EQ(
      came({call_chunk(kWholeCall),
            call_chunk(
                R"({"index":1,"id":"b","function":{"name":"mixer_level","arguments":"{\"ch"}})"),
            end_chunk("content_filter")}),
      Trace{"finish content_filter content_filter m-1"});
}

TEST(OpenAiAnswer, A37_a_refusal_is_what_the_model_says) {
  EXPECT_EQ(
      heard({chunk(R"({"refusal":"I can"})"), chunk(R"({"refusal":"not."})"), end_chunk("stop")}),
      (Trace{"text I can", "text not.", "finish stop refusal m-1"}));
}

TEST(OpenAiAnswer, A38_azure_begins_without_choices) {
  EXPECT_EQ(
      heard(
          {R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]})",
           chunk(R"({"content":"x"})"),
           R"({"model":"m-1","choices":[{"index":0,"content_filter_results":{},"finish_reason":"stop"}]})"}),
      (Trace{"text x", "finish stop stop m-1"}));
}

TEST(OpenAiAnswer, A39_usage_comes_last_everywhere_or_not_at_all) {
  const std::string usage =
      R"("usage":{"prompt_tokens":96,"completion_tokens":18,"total_tokens":1,)"
      R"("prompt_tokens_details":{"cached_tokens":7},"completion_tokens_details":{"reasoning_tokens":5}})";
  const std::string last = R"({"choices":[],)" + usage + "}";
  const Trace told = {"usage 96 18 5 7"};
  EXPECT_EQ(only(heard({end_chunk("stop"), last}), {"usage"}), told);
  EXPECT_EQ(only(heard({R"({"choices":[],"usage":{"prompt_tokens":1}})", end_chunk("stop"), last}),
                 {"usage"}),
            told)
      << "the last one counts";
  EXPECT_EQ(only(heard({end_chunk("stop"), last, R"({"choices":[],"usage":null})"}), {"usage"}),
            told);
  EXPECT_EQ(
      only(heard({end_chunk("stop"), R"({"choices":[],"x_groq":{)" + usage + "}}"}), {"usage"}),
      told);
  EXPECT_EQ(
      only(heard({end_chunk("stop"),
                  R"({"choices":[],"usage":{"prompt_tokens":"x","prompt_tokens_details":null}})"}),
           {"usage"}),
      Trace{"usage 0 0 0 0"});
  EXPECT_EQ(only(heard({end_chunk("stop")}), {"usage"}), Trace{});
}

TEST(OpenAiAnswer, A40_errors_inside_the_stream_are_errors) {
  const std::string text = chunk(R"({"content":"x"})");
  const std::string openai =
      R"({"error":{"message":"had an error","type":"server_error","param":null,"code":null}})";
  const Trace told = {
      "error unavailable retryable unavailable: server error at OpenAI: had an error; try again "
      "shortly"};
  EXPECT_EQ(heard({openai}), told);
  EXPECT_EQ(heard({text, openai, end_chunk("stop")}), (Trace{"text x", told[0]}));
  EXPECT_EQ(heard({R"({"choices":[],"error":{"message":"busy","code":429}})"}),
            Trace{"error rate_limited retryable rate_limit: rate limit at OpenAI: busy; try "
                  "again shortly"});
  EXPECT_EQ(heard({R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],)"
                   R"("error":{"code":502,"message":"Provider disconnected"}})"}),
            Trace{"error unavailable retryable unavailable: server error at OpenAI: Provider "
                  "disconnected; try again shortly"});
  EXPECT_THAT(heard({text, end_chunk("error")}),
              ElementsAre("text x", StartsWith("error unavailable retryable")));
  EXPECT_THAT(heard({R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop",)"
                     R"("native_finish_reason":"network_error"}]})"}),
              ElementsAre(StartsWith("error unavailable retryable")));
  EXPECT_EQ(
      heard({R"({"object":"error","message":"bad grammar","type":"BadRequestError","code":400})"}),
      Trace{"error invalid_argument final bad_request: OpenAI refused the request: bad grammar; "
            "check --model and the options"});
}

TEST(OpenAiAnswer, A41_names_are_cleaned_when_that_makes_them_a_declared_one) {
  for (const char* name : {"functions.mixer_level", "mixer_level<|channel|>commentary",
                           "functions.mixer_level<|constrain|>json"}) {
    EXPECT_EQ(came({named_call(name), end_chunk("tool_calls")}), kOneCall) << name;
  }
  for (const char* name : {"functions.other", "elsewhere", "mixer_level.2", "<|channel|>"}) {
    EXPECT_EQ(came({named_call(name), end_chunk("tool_calls")}).at(0),
              "call a " + std::string(name) + R"( {"channel":3})")
        << "the host answers calls of unknown functions";
  }
}

TEST(OpenAiAnswer, A42_a_free_text_call_is_answered_not_run) {
  EXPECT_EQ(
      came({call_chunk(
                R"({"index":0,"id":"a","type":"custom","custom":{"name":"patch","input":"free"}})"),
            end_chunk("tool_calls")}),
      (Trace{"bad a patch patch takes a JSON object, not free text", kOneCall[1]}));
}

TEST(OpenAiAnswer, A43_the_form_before_tool_calls) {
  EXPECT_THAT(
      came({chunk(R"({"function_call":{"name":"mixer_level","arguments":"{\"chan"}})"),
            chunk(R"({"function_call":{"arguments":"nel\":3}"}})"), end_chunk("function_call")}),
      ElementsAre(MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .\"channel\":3."),
                  "finish tool_calls function_call m-1"));
}

TEST(OpenAiAnswer, A44_the_parallel_wrapper_is_opened) {
  const auto wrapped = [](const std::string& name, const std::string& second) {
    return call_chunk(
        R"({"index":0,"id":"p","function":{"name":")" + name +
        R"(","arguments":"{\"tool_uses\":[)"
        R"({\"recipient_name\":\"functions.mixer_level\",\"parameters\":{\"channel\":1}},)"
        R"({\"recipient_name\":\"functions.)" +
        second + R"(\",\"parameters\":{\"channel\":2,\"muted\":true}}]}"}})");
  };
  for (const char* name : {"parallel", "multi_tool_use.parallel"}) {
    EXPECT_THAT(
        came({wrapped(name, "mixer_set_mute"), end_chunk("tool_calls")}),
        ElementsAre(MatchesRegex("call call_[0-9A-Za-z]{24} mixer_level .*:1."),
                    MatchesRegex("call call_[0-9A-Za-z]{24} mixer_set_mute .*"), kOneCall[1]));
  }
  EXPECT_THAT(came({wrapped("parallel", "elsewhere"), end_chunk("tool_calls")}).at(0),
              StartsWith("call p parallel "))
      << "all of it or nothing";
}

TEST(OpenAiAnswer, A45_both_names_of_the_reasoning_field) {
  const auto end = [](const std::string& text, const std::string& field = "reasoning_content") {
    return R"(finish stop stop m-1 {"api":"chat","endpoint":"BASE","reasoning_content":")" + text +
           '"' + (field == "reasoning" ? R"(,"reasoning_field":"reasoning"})" : "}");
  };
  for (const char* name : {"reasoning", "reasoning_content"}) {
    EXPECT_EQ(heard({chunk(R"({")" + std::string(name) + R"(":"Hm"})"), chunk(R"({"content":"x"})"),
                     end_chunk("stop")}),
              (Trace{"reasoning Hm", "text x", end("Hm", name)}));
  }
  EXPECT_EQ(heard({chunk(R"({"reasoning":"b","reasoning_content":"a"})"),
                   chunk(R"({"content":"x"})"), end_chunk("stop")}),
            (Trace{"reasoning a", "text x", end("a")}))
      << "both at once are one thought";
}

TEST(OpenAiAnswer, A46_extra_content_of_a_call_comes_back_with_it) {
  const std::string extra = R"({"google":{"thought_signature":"sig=="}})";
  // At a server that wants it back; the strict one sees the second request without it.
  fakes::FakeOpenAiOptions fake = fakes::openai_profile("gemini_endpoint").options;
  RequestFixture gemini(fake.models[1], {{"server", "gemini"}}, fake);
  EXPECT_EQ(
      results(
          gemini.hears(sse(
              {call_chunk(R"({"id":"a","type":"function","extra_content":)" + extra +
                          R"(,"function":{"name":"mixer_level","arguments":"{\"channel\":3}"}})"),
               end_chunk("tool_calls"), "[DONE]"})))
          .at(0),
      R"(call a mixer_level {"channel":3} {"extra":{"extra_content":)" + extra +
          R"(},"api":"chat","endpoint":"BASE"})");
  EXPECT_EQ(
      dump_json(gemini.server.bodies().back()["messages"][1]["tool_calls"][0]["extra_content"]),
      extra);
}

TEST(OpenAiAnswer, A47_unknown_members_everywhere) {
  EXPECT_EQ(
      heard(
          {R"({"x":1,"service_tier":"default","moderation":{},"model":"m-1","choices":[{"index":0,"y":[],)"
           R"("delta":{"content":"x","z":{},"annotations":[]},"finish_reason":null}],"obfuscation":"k"})",
           R"({"nothing":"here"})", R"({"choices":null})", R"({"choices":[null,1,"x",{}]})",
           R"({"model":"m-1","choices":[{"index":0,"delta":null,"finish_reason":""}]})",
           chunk("null"), end_chunk("stop")}),
      (Trace{"text x", "finish stop stop m-1"}));
}

TEST(OpenAiAnswer, A48_other_choices_are_somebody_elses) {
  EXPECT_EQ(
      heard(
          {R"({"model":"m-1","choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"length"},)"
           R"({"index":0,"delta":{"content":"x"},"finish_reason":null}]})",
           end_chunk("stop")}),
      (Trace{"text x", "finish stop stop m-1"}));
}

TEST(OpenAiAnswer, A49_tool_calls_are_empty_or_null) {
  EXPECT_EQ(heard({chunk(R"({"content":"x","tool_calls":[]})"),
                   chunk(R"({"tool_calls":null,"content":null,"role":""})"), end_chunk("stop")}),
            (Trace{"text x", "finish stop stop m-1"}));
  RequestFixture counter(kChatModel);
  EXPECT_EQ(counter.hears_body(
                R"({"model":"m-1","choices":[{"message":{"content":"x","tool_calls":null},)"
                R"("finish_reason":"stop"}]})"),
            (Trace{"text x", "finish stop stop m-1"}));
}

TEST(OpenAiAnswer, A50_a_whole_body_is_an_error_at_status_200) {
  RequestFixture counter(kChatModel);
  EXPECT_EQ(counter.hears_body(R"({"choices":[],"error":{"message":"no credit","code":402}})"),
            Trace{"error rate_limited final quota: OpenAI says the quota or credit is used up: no "
                  "credit; trying again will not help, check the account's billing"});
  counter.request.stream = false;
  EXPECT_THAT(counter.hears_body(R"({"error":{"message":"Provider returned error","code":503,)"
                                 R"("metadata":{"raw":"upstream is down"}}})"),
              ElementsAre(HasSubstr("Provider returned error: upstream is down")));
}

}  // namespace
}  // namespace cartpilot::openai
