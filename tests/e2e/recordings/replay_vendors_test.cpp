// Conversations with each vendor, recorded and replayed without the server they were held with.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>

#include "fakes/anthropic.h"
#include "fakes/gemini.h"
#include "fakes/openai.h"
#include "recorded_run.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kKey = "key-that-must-not-leak-0123456789";

std::vector<std::string> with(const std::string& provider, const std::vector<std::string>& more) {
  return plus({"chat", "--sandbox", "--provider", provider}, more);
}

std::vector<std::string> with_openai(const std::vector<std::string>& more) {
  return plus(with("openai", {"--provider-option", "server=openai"}), more);
}

std::vector<std::string> with_completions(const std::vector<std::string>& more) {
  return with_openai(plus({"--model", "gpt-4.1-mini", "--provider-option", "api=chat"}, more));
}

std::vector<std::string> with_anthropic(const std::vector<std::string>& more) {
  return plus(with("anthropic", {"--provider-option", "server=anthropic"}), more);
}

Environment at(const fakes::FakeGemini& vendor) {
  return {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}};
}
Environment at(const fakes::FakeOpenAi& vendor) {
  return {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}};
}
Environment at(const fakes::FakeAnthropic& vendor) {
  return {{"ANTHROPIC_API_KEY", kKey}, {"ANTHROPIC_BASE_URL", vendor.base_url()}};
}

std::unique_ptr<fakes::FakeGemini> gemini(fakes::FakeGeminiOptions options = {}) {
  options.api_key = kKey;
  return std::make_unique<fakes::FakeGemini>(fakes::shopping_model, options);
}

/// Its streams arrive in crumbs.
std::unique_ptr<fakes::FakeOpenAi> openai() {
  fakes::FakeOpenAiOptions options;
  options.key = kKey;
  options.piece_bytes = 7;
  return std::make_unique<fakes::FakeOpenAi>(fakes::shopping_model, options);
}

std::unique_ptr<fakes::FakeAnthropic> anthropic() {
  fakes::FakeAnthropicOptions options;
  options.key = kKey;
  options.piece_bytes = 7;
  return std::make_unique<fakes::FakeAnthropic>(fakes::shopping_model, options);
}

/// Records while the vendor is there, replays when it is gone.
template <class Vendor>
Result expect_replay(std::unique_ptr<Vendor> vendor, const std::vector<std::string>& words,
                     const std::string& input, int exit_code) {
  const Home home;
  const Result run = record(home, words, input, at(*vendor));
  EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
  vendor.reset();
  expect_same(home, run);
  return run;
}

template <class Vendor>
void expect_purchase(std::unique_ptr<Vendor> vendor, const std::vector<std::string>& words) {
  const Result run = expect_replay(std::move(vendor), plus(words, kMayBuy), kThreeLines, 0);
  EXPECT_THAT(run.out, testing::AnyOf(HasSubstr("BOUGHT 86.38 USD"), HasSubstr("\"purchase\"")));
}

TEST(Replay, gemini_purchase_streamed_in_crumbs) {
  fakes::FakeGeminiOptions options;
  options.chunk_bytes = 7;
  expect_purchase(gemini(options), with("gemini", {"--output", "jsonl"}));
}

TEST(Replay, gemini_calls_without_ids) {
  fakes::FakeGeminiOptions options;
  options.call_ids = false;
  expect_purchase(gemini(options), with("gemini", {"--output", "jsonl"}));
}

TEST(Replay, gemini_whole_answers) { expect_purchase(gemini(), with("gemini", {"--no-stream"})); }

TEST(Replay, openai_purchase_through_chat_completions) {
  expect_purchase(openai(), with_completions({"--output", "jsonl"}));
}

TEST(Replay, openai_purchase_through_responses) {
  expect_purchase(openai(), with_openai({"--model", "gpt-6.1-terra"}));
}

TEST(Replay, openai_cut_stream) {
  auto vendor = openai();
  fakes::FakeOpenAi::RawAnswer cut;
  cut.body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an \"}}]}\n\n";
  cut.end = fakes::FakeOpenAi::RawAnswer::End::kClose;
  vendor->play(cut);
  const Result run = expect_replay(std::move(vendor), with_completions({"hello"}), "", 4);
  EXPECT_THAT(run.out, HasSubstr("half an"));
}

TEST(Replay, openai_rate_limit_and_retry) {
  auto vendor = openai();
  vendor->play({429,
                {{"Content-Type", "application/json"}, {"retry-after-ms", "40"}},
                R"({"error":{"message":"slow down","type":"rate_limit_error"}})",
                0,
                {},
                fakes::FakeOpenAi::RawAnswer::End::kComplete});
  const Result run = expect_replay(
      std::move(vendor),
      with_completions({"--output", "jsonl", "I need wireless headphones under $100"}), "", 0);
  EXPECT_EQ(of_type(json_lines(run.out), "retry").size(), 1U);
}

TEST(Replay, openai_refused_key) {
  fakes::FakeOpenAiOptions options;
  options.key = "another-key-of-somebody";
  expect_replay(std::make_unique<fakes::FakeOpenAi>(fakes::shopping_model, options),
                with_openai({"--model", "gpt-4.1-mini", "hello"}), "", 4);
}

TEST(Replay, anthropic_purchase_streamed_in_crumbs) {
  expect_purchase(anthropic(), with_anthropic({"--output", "jsonl"}));
}

TEST(Replay, anthropic_whole_answers) {
  expect_purchase(anthropic(), with_anthropic({"--no-stream"}));
}

/// The beginning of a streamed message.
std::string begun_message(const std::string& text) {
  return "event: message_start\n"
         "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","
         "\"role\":\"assistant\",\"model\":\"claude-sonnet-5-5\",\"content\":[],\"stop_reason\":"
         "null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n"
         "event: content_block_start\n"
         "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
         "\"text\":\"\"}}\n\n"
         "event: content_block_delta\n"
         "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
         "\"text\":\"" +
         text + "\"}}\n\n";
}

TEST(Replay, anthropic_cut_stream) {
  auto vendor = anthropic();
  fakes::FakeAnthropic::RawAnswer cut;
  cut.body = begun_message("half an ");
  cut.end = fakes::FakeAnthropic::RawAnswer::End::kClose;
  vendor->play(cut);
  const Result run = expect_replay(std::move(vendor), with_anthropic({"hello"}), "", 4);
  EXPECT_THAT(run.out, HasSubstr("half an"));
}

TEST(Replay, anthropic_overload_and_retry) {
  auto vendor = anthropic();
  vendor->play({529,
                {{"Content-Type", "application/json"}},
                R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
                0,
                fakes::FakeAnthropic::RawAnswer::End::kComplete});
  const Result run = expect_replay(
      std::move(vendor),
      with_anthropic({"--output", "jsonl", "I need wireless headphones under $100"}), "", 0);
  EXPECT_EQ(of_type(json_lines(run.out), "retry").size(), 1U);
}

TEST(Replay, anthropic_ctrl_c_during_an_answer) {
  auto vendor = anthropic();
  fakes::FakeAnthropic::RawAnswer held;
  held.body = begun_message("thinking ");
  held.end = fakes::FakeAnthropic::RawAnswer::End::kHold;
  vendor->play(held);
  const Home home;
  Program program(home, recorded(home, with_anthropic({})), at(*vendor));
  program.write("hello\nnever sent\n");
  program.wait_for("thinking");
  program.signal(SIGINT);
  const Result run = program.finish();
  ASSERT_EQ(run.exit_code, 130) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, openai_ctrl_c_at_a_terminal_and_going_on) {
  auto vendor = openai();
  fakes::FakeOpenAi::RawAnswer held;
  held.body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"thinking \"}}]}\n\n";
  held.end = fakes::FakeOpenAi::RawAnswer::End::kHold;
  vendor->play(held);
  const Home home;
  const Result run =
      record_at_terminal(home, with_completions({}), at(*vendor), [](Program& program) {
        program.wait_for_prompt();
        program.write("hello\n");
        program.wait_for("thinking");
        program.signal(SIGINT);
        program.wait_for("stopped");
        program.wait_for_prompt();
        program.write("I need wireless headphones under $100\n");
        program.wait_for_prompt();
        program.write("/quit\n");
      });
  ASSERT_EQ(run.exit_code, 130) << run.out;
  vendor.reset();
  expect_same_screen(home, run);
}

TEST(Replay, a_conversation_that_goes_from_model_to_model) {
  auto completions = openai();
  auto messages = anthropic();
  Environment environment = at(*completions);
  environment.merge(at(*messages));
  const Home home;
  const Result run =
      record(home, demo({}),
             "I need wireless headphones under $100\n/provider openai gpt-4.1-mini\n/tools\n/cost\n"
             "/export\nbuy the cheapest\n/provider anthropic\nI need socks\n/nonsense\n",
             environment);
  completions.reset();
  messages.reset();
  ASSERT_THAT(run.err, HasSubstr("now talking to openai"));
  ASSERT_THAT(run.err, HasSubstr("now talking to anthropic"));
  expect_same(home, run);
}

}  // namespace
}  // namespace cartpilot::e2e
