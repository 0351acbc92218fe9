// What a person sees of the Gemini plugin when the service is not at its best, through the real
// program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/program.h"
#include "fakes/gemini.h"

namespace cartpilot::e2e {
namespace {

using fakes::FakeGemini;
using fakes::FakeGeminiOptions;
using fakes::GivenAnswer;
using testing::HasSubstr;
using testing::IsEmpty;

class GeminiProgram : public testing::Test {
 protected:
  static FakeGeminiOptions with_old_model() {
    FakeGeminiOptions options;
    options.models.push_back("gemini-2.0-flash");
    return options;
  }

  Result chat(std::vector<std::string> more) {
    std::vector<std::string> words = {"chat",     "--provider", "gemini",    "--sandbox",
                                      "--output", "jsonl",      "--approve", "never"};
    words.insert(words.end(), more.begin(), more.end());
    return run(home_, words, "", environment());
  }

  Environment environment() const {
    return {{"GEMINI_API_KEY", "test-key"}, {"GEMINI_BASE_URL", service_.url()}};
  }

  /// `count` answers without anything in them.
  void play_empty(int count) {
    for (int i = 0; i < count; ++i) {
      service_.play(GivenAnswer::events(
          {Json::parse(R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})")}));
    }
  }

  Home home_;
  FakeGemini service_{fakes::shopping_model, with_old_model()};
};

TEST_F(GeminiProgram, an_empty_answer_is_asked_for_once_more_and_seen) {
  play_empty(1);
  const Result result = chat({"yes"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const auto lines = json_lines(result.out);
  const auto retries = of_type(lines, "retry");
  ASSERT_EQ(retries.size(), 1u) << result.out;
  EXPECT_EQ(retries[0]["reason"], "Gemini gave an empty answer; try again or rephrase");
  EXPECT_EQ(of_type(lines, "turn_end").at(0)["text"], "There is nothing to buy yet.");
  EXPECT_EQ(service_.bodies().size(), 2u);
  EXPECT_THAT(service_.violations(), IsEmpty());
}

TEST_F(GeminiProgram, two_empty_answers_are_a_clear_error) {
  play_empty(2);
  const Result result = chat({"yes"});
  EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
  const auto lines = json_lines(result.out);
  EXPECT_EQ(of_type(lines, "retry").size(), 1u);
  ASSERT_EQ(of_type(lines, "error").size(), 1u) << result.out;
  EXPECT_EQ(of_type(lines, "error")[0]["message"],
            "Gemini gave an empty answer, twice in a row; rephrase, or choose another --model");
  EXPECT_EQ(service_.bodies().size(), 2u);
}

TEST_F(GeminiProgram, a_retired_model_is_asked_with_a_word_about_its_successor) {
  const Result result = chat({"--model", "gemini-2.0-flash", "yes"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const auto warnings = of_type(json_lines(result.out), "warning");
  ASSERT_EQ(warnings.size(), 1u) << result.out;
  EXPECT_EQ(warnings[0]["message"],
            "gemini-2.0-flash has been retired by Google; its successor is gemini-3.8-flash");
}

TEST_F(GeminiProgram, models_are_listed_one_a_line) {
  const Result result = run(home_, {"models", "--provider", "gemini"}, "", environment());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* id : {"gemini-3.8-flash", "gemini-3.6-flash", "gemini-4-argon"}) {
    EXPECT_THAT(result.out, HasSubstr(id));
  }
}

TEST_F(GeminiProgram, a_session_goes_on_in_a_later_run_with_its_signatures) {
  const Result first = chat({"--session", "shop", "wireless headphones under $100"});
  EXPECT_EQ(first.exit_code, 0) << first.out << first.err;
  const std::string before = dump_json(service_.bodies().back()["contents"]);
  const Result second = chat({"--resume", "shop", "yes"});
  EXPECT_EQ(second.exit_code, 0) << second.out << second.err;
  const std::string after = dump_json(service_.bodies().back()["contents"]);
  EXPECT_EQ(after.substr(0, before.size() - 1), before.substr(0, before.size() - 1));
  EXPECT_THAT(of_type(json_lines(second.out), "warning"), IsEmpty());
  EXPECT_THAT(service_.violations(), IsEmpty());
}

/// What is left when everything is taken out that only the model that wrote it can read.
Json for_any_model(Json contents) {
  for (Json& content : contents) {
    for (Json& part : content["parts"]) {
      part.erase("thoughtSignature");
      for (const char* kind : {"functionCall", "functionResponse"}) {
        if (part.contains(kind)) part[kind].erase("id");
      }
    }
  }
  return contents;
}

TEST_F(GeminiProgram, another_model_in_mid_conversation_is_told_everything_that_was_let_go) {
  const Result result =
      run(home_, {"chat", "--provider", "gemini", "--sandbox", "--approve", "never"},
          "wireless headphones under $100\nyes\n/model gemini-3.6-flash\n"
          "yes\n/export\n",
          environment());
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> bodies = service_.bodies();
  ASSERT_GE(bodies.size(), 3u);
  const std::string last = dump_json(for_any_model(bodies.back()["contents"]));
  const std::string before = dump_json(for_any_model(bodies[bodies.size() - 2]["contents"]));
  EXPECT_THAT(before, HasSubstr("functionResponse"));
  EXPECT_EQ(last.substr(0, before.size() - 1), before.substr(0, before.size() - 1));
  EXPECT_THAT(result.err, HasSubstr("wireless headphones under $100"));
  EXPECT_THAT(service_.violations(), IsEmpty());
}

TEST_F(GeminiProgram, options_reach_the_request_and_bad_ones_are_named) {
  const Result good = chat({"--provider-option", "thinking=low", "--provider-option",
                            "tool-mode=VALIDATED", "--provider-option", "store=true", "yes"});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  const Json body = service_.bodies().back();
  EXPECT_EQ(body["generationConfig"]["thinkingConfig"]["thinkingLevel"], "LOW");
  EXPECT_EQ(body["toolConfig"]["functionCallingConfig"]["mode"], "VALIDATED");
  EXPECT_EQ(body["store"], true);
  const Result bad = chat({"--provider-option", "thinking=much", "yes"});
  EXPECT_NE(bad.exit_code, 0);
  EXPECT_THAT(bad.out + bad.err, HasSubstr("expected one of MINIMAL, LOW, MEDIUM, HIGH, XHIGH"));
}

}  // namespace
}  // namespace cartpilot::e2e
