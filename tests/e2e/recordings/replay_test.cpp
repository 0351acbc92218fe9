// Conversations of every kind, recorded and replayed: the same bytes on the screen, without the
// servers they were held with.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <memory>

#include "fakes/gemini.h"
#include "fakes/openai.h"
#include "recorded_run.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kKey = "key-that-must-not-leak-0123456789";

std::vector<std::string> plus(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const std::vector<std::string> kMayBuy = {"--approve", "up-to:150:USD", "--merchants",
                                          "merchant-a,merchant-b"};

std::vector<std::string> demo(const std::vector<std::string>& more) {
  return plus({"chat", "--demo"}, more);
}

std::vector<std::string> with_openai(const std::vector<std::string>& more) {
  return plus({"chat", "--sandbox", "--provider", "openai", "--provider-option", "server=openai"},
              more);
}

Environment openai_at(const fakes::FakeOpenAi& vendor) {
  return {{"OPENAI_API_KEY", vendor.key()}, {"OPENAI_BASE_URL", vendor.base_url()}};
}

std::unique_ptr<fakes::FakeOpenAi> openai() {
  fakes::FakeOpenAiOptions options;
  options.key = kKey;
  options.piece_bytes = 7;
  return std::make_unique<fakes::FakeOpenAi>(fakes::shopping_model, options);
}

void answer_question(Program& program, const std::string& total, bool yes) {
  program.wait_for("Type the total (" + total + ") and the code ");
  const std::string code = program.wait_for_match("\\([a-z]{4}\\) to buy").substr(1, 4);
  program.wait_for("s]: ");
  program.write(yes ? total + " " + code + "\n" : "no\n");
}

void shop_at_terminal(Program& program, bool yes) {
  program.wait_for_prompt();
  program.write("I need wireless headphones under $100\n");
  program.wait_for_prompt();
  program.write("buy the cheapest\n");
  program.wait_for_prompt();
  program.write("yes\n");
  answer_question(program, "86.38", yes);
  program.wait_for_prompt();
  program.write("/quit\n");
}

TEST(Replay, offline_purchase_within_bounds) {
  const Home home;
  const Result run = record(home, demo(kMayBuy), kThreeLines);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ASSERT_THAT(run.out, HasSubstr("BOUGHT 86.38 USD"));
  expect_same(home, run);
}

TEST(Replay, offline_purchase_as_json_lines) {
  const Home home;
  const Result run = record(home, demo(plus(kMayBuy, {"--output", "jsonl"})), kThreeLines);
  ASSERT_EQ(of_type(json_lines(run.out), "purchase").size(), 1U);
  expect_same(home, run);
}

TEST(Replay, refusal_by_policy) {
  const Home home;
  const Result run = record(home, demo({}), kThreeLines);
  ASSERT_EQ(run.exit_code, 11) << run.err;
  expect_same(home, run);
}

TEST(Replay, purchase_with_a_typed_yes_at_a_terminal) {
  const Home home;
  const Result run = record_at_terminal(home, demo({}), {},
                                        [](Program& program) { shop_at_terminal(program, true); });
  ASSERT_EQ(run.exit_code, 0) << run.out;
  ASSERT_THAT(run.out, HasSubstr("BOUGHT 86.38 USD"));
  expect_same_screen(home, run);
}

TEST(Replay, purchase_declined_at_a_terminal) {
  const Home home;
  const Result run = record_at_terminal(home, demo({}), {}, [](Program& program) {
    program.wait_for_prompt();
    program.write("I need wireless headphones under $100\n");
    program.wait_for_prompt();
    program.write("buy the cheapest\n");
    program.wait_for_prompt();
    program.write("yes\n");
    answer_question(program, "86.38", false);
    program.wait_for_prompt();
    program.write("/quit\n");
  });
  ASSERT_EQ(run.exit_code, 10) << run.out;
  expect_same_screen(home, run);
}

TEST(Replay, gemini_purchase_streamed_in_crumbs) {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  options.chunk_bytes = 7;
  auto vendor = std::make_unique<fakes::FakeGemini>(fakes::shopping_model, options);
  const Home home;
  const Result run = record(
      home, plus({"chat", "--sandbox", "--provider", "gemini", "--output", "jsonl"}, kMayBuy),
      kThreeLines, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor->url()}});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, gemini_calls_without_ids) {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  options.call_ids = false;
  auto vendor = std::make_unique<fakes::FakeGemini>(fakes::shopping_model, options);
  const Home home;
  const Result run = record(
      home, plus({"chat", "--sandbox", "--provider", "gemini", "--output", "jsonl"}, kMayBuy),
      kThreeLines, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor->url()}});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, gemini_whole_answers) {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  auto vendor = std::make_unique<fakes::FakeGemini>(fakes::shopping_model, options);
  const Home home;
  const Result run =
      record(home, plus({"chat", "--sandbox", "--provider", "gemini", "--no-stream"}, kMayBuy),
             kThreeLines, {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor->url()}});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, openai_purchase_through_chat_completions) {
  auto vendor = openai();
  const Home home;
  const Result run =
      record(home,
             with_openai(plus(kMayBuy, {"--output", "jsonl", "--model", "gpt-4.1-mini",
                                        "--provider-option", "api=chat"})),
             kThreeLines, openai_at(*vendor));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, openai_purchase_through_responses) {
  auto vendor = openai();
  const Home home;
  const Result run = record(home, with_openai(plus(kMayBuy, {"--model", "gpt-6.1-terra"})),
                            kThreeLines, openai_at(*vendor));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, openai_cut_stream) {
  auto vendor = openai();
  fakes::FakeOpenAi::RawAnswer cut;
  cut.body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an \"}}]}\n\n";
  cut.end = fakes::FakeOpenAi::RawAnswer::End::kClose;
  vendor->play(cut);
  const Home home;
  const Result run = record(
      home, with_openai({"--model", "gpt-4.1-mini", "--provider-option", "api=chat", "hello"}), "",
      openai_at(*vendor));
  ASSERT_EQ(run.exit_code, 4) << run.out << run.err;
  ASSERT_THAT(run.out, HasSubstr("half an"));
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, openai_rate_limit_and_retry) {
  auto vendor = openai();
  vendor->play({429,
                {{"Content-Type", "application/json"}, {"retry-after-ms", "40"}},
                R"({"error":{"message":"slow down","type":"rate_limit_error"}})",
                0,
                {},
                fakes::FakeOpenAi::RawAnswer::End::kComplete});
  const Home home;
  const Result run =
      record(home,
             with_openai({"--model", "gpt-4.1-mini", "--provider-option", "api=chat", "--output",
                          "jsonl", "I need wireless headphones under $100"}),
             "", openai_at(*vendor));
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  ASSERT_EQ(of_type(json_lines(run.out), "retry").size(), 1U);
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, refused_key) {
  auto vendor = openai();
  const Home home;
  const Result run = record(
      home, with_openai({"--model", "gpt-4.1-mini", "hello"}), "",
      {{"OPENAI_API_KEY", "another-key-of-somebody"}, {"OPENAI_BASE_URL", vendor->base_url()}});
  ASSERT_EQ(run.exit_code, 4) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, ctrl_c_during_an_answer_from_a_pipe) {
  auto vendor = openai();
  fakes::FakeOpenAi::RawAnswer held;
  held.body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"thinking \"}}]}\n\n";
  held.end = fakes::FakeOpenAi::RawAnswer::End::kHold;
  vendor->play(held);
  const Home home;
  Program program(
      home,
      recorded(home, with_openai({"--model", "gpt-4.1-mini", "--provider-option", "api=chat"})),
      openai_at(*vendor));
  program.write("hello\nnever sent\n");
  program.wait_for("thinking");
  program.signal(SIGINT);
  const Result run = program.finish();
  ASSERT_EQ(run.exit_code, 130) << run.err;
  vendor.reset();
  expect_same(home, run);
}

TEST(Replay, ctrl_c_at_a_terminal_and_going_on) {
  auto vendor = openai();
  fakes::FakeOpenAi::RawAnswer held;
  held.body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"thinking \"}}]}\n\n";
  held.end = fakes::FakeOpenAi::RawAnswer::End::kHold;
  vendor->play(held);
  const Home home;
  const Result run = record_at_terminal(
      home, with_openai({"--model", "gpt-4.1-mini", "--provider-option", "api=chat"}),
      openai_at(*vendor), [](Program& program) {
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

TEST(Replay, a_conversation_that_is_gone_on_with) {
  const Home home;
  const Result first = run(home, demo({}), "I need wireless headphones under $100\n");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const Result second =
      record(home, demo(plus(kMayBuy, {"--continue"})), "buy the cheapest\nyes\n");
  ASSERT_EQ(second.exit_code, 0) << second.err;
  ASSERT_THAT(second.out, HasSubstr("BOUGHT 86.38 USD"));
  expect_same(home, second);
}

TEST(Replay, a_second_purchase_of_the_same_basket) {
  const Home home;
  ASSERT_EQ(run(home, demo(kMayBuy), kThreeLines).exit_code, 0);
  const Result second = record(home, demo(kMayBuy), kThreeLines);
  ASSERT_EQ(second.exit_code, 11) << second.out << second.err;
  expect_same(home, second);
}

TEST(Replay, switching_the_provider) {
  auto vendor = openai();
  const Home home;
  const Result run =
      record(home, demo({}),
             "I need wireless headphones under $100\n/provider openai gpt-4.1-mini\n/tools\n/cost\n"
             "/export\nbuy the cheapest\n/nonsense\n",
             openai_at(*vendor));
  vendor.reset();
  ASSERT_THAT(run.err, HasSubstr("now talking to openai"));
  expect_same(home, run);
}

TEST(Replay, cartpilot_out_of_reach) {
  const Home home;
  const Result run =
      record(home, {"chat", "--provider", "offline", "--api-url", "http://127.0.0.1:9", "a lamp"});
  ASSERT_EQ(run.exit_code, 5) << run.out << run.err;
  expect_same(home, run);
}

TEST(Replay, instructions_from_a_file_and_text_of_every_kind) {
  const Home home;
  const std::string file = (home.path() / "own.txt").string();
  std::ofstream(file) << "Answer in verse.\n";
  const Result run =
      record(home, demo({"--system", file}),
             "ein Zelt für 200 €, 帐篷 🏕 \x1b[31mrot\nI need a tent\n\n\xff\n");
  std::ofstream(file) << "Changed since.\n";
  expect_same(home, run);
}

TEST(Replay, a_message_from_a_pipe) {
  const Home home;
  const Result run = record(home, demo({"I need"}), "wireless headphones under $100\n");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ASSERT_THAT(run.out, HasSubstr("79.99 USD"));
  expect_same(home, run);
}

TEST(Replay, an_output_that_nobody_reads) {
  const Home home;
  Program program(home, recorded(home, demo({})));
  program.close_output();
  program.write("I need wireless headphones under $100\n");
  const Result run = program.finish();
  ASSERT_EQ(run.exit_code, 141) << run.err;
  const Home elsewhere;
  const Result again = e2e::run(elsewhere, {"replay", "--check", recording_of(home)});
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST(Replay, a_script_with_errors_delays_and_parallel_reads) {
  const Home home;
  const std::string file = (home.path() / "s.toml").string();
  std::ofstream(file) << R"(
[[answer]]
error = { code = "unavailable", retryable = true, retry_after_ms = 30 }
[[answer]]
calls = [{ name = "create_intent", arguments = { query = "headphones" } }]
[[answer]]
calls = [
  { name = "get_intent_offers", arguments = { intent_id = "${create_intent.id}" } },
  { name = "list_orders", arguments = {} },
  { name = "get_order_status", arguments = { order_id = "no-such-order" } },
  { name = "no_such_function" },
  { name = "list_orders", arguments = { page = 2 } },
]
[[answer]]
play = [{ reasoning = "Hm." }, { delay_ms = 30 }, { text = "Half" }]
cut = true
)";
  const Result run = record(home, {"chat", "--sandbox", "--provider", "script", "--provider-option",
                                   "file=" + file, "--output", "jsonl", "go"});
  ASSERT_EQ(run.exit_code, 4) << run.out << run.err;
  ASSERT_EQ(of_type(json_lines(run.out), "tool_result").size(), 6U);
  expect_same(home, run);
}

}  // namespace
}  // namespace cartpilot::e2e
