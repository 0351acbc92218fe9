// Conversations with the models that need no network, recorded and replayed: the same bytes on the
// screen.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "recorded_run.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

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

TEST(Replay, purchase_in_another_time_zone_locale_and_terminal) {
  const Home home;
  const Result run = record_at_terminal(
      home, demo({}),
      {{"TZ", "Asia/Kathmandu"}, {"LC_ALL", "C"}, {"TERM", "vt100"}, {"NO_COLOR", "1"}},
      [](Program& program) { shop_at_terminal(program, true); });
  ASSERT_EQ(run.exit_code, 0) << run.out;
  const Home elsewhere;
  Program program(elsewhere, {"replay", recording_of(home)},
                  {{"TZ", "America/New_York"}, {"LC_ALL", "C.UTF-8"}, {"COLUMNS", "31"}}, true);
  const Result again = program.finish();
  EXPECT_EQ(again.exit_code, 0) << again.out;
  EXPECT_EQ(again.out, run.out);
}

TEST(Replay, the_demo_that_was_started_with_one_key_because_there_was_none_of_a_model) {
  for (const std::string key : {"\n", "n"}) {
    const Home home;
    const Result run = record_at_terminal(home, {"chat"}, {}, [&](Program& program) {
      program.wait_for("Enter starts the demo");
      program.write(key);
      if (key != "\n") return;
      program.wait_for_prompt();
      program.write("I need a desk lamp\n");
      program.wait_for_prompt();
      program.write("/quit\n");
    });
    ASSERT_EQ(run.exit_code, key == "\n" ? 0 : 3) << run.out;
    const Home elsewhere;
    Program program(elsewhere, {"replay", recording_of(home)},
                    {{"OPENAI_API_KEY", "sk-of-somebody-else"}}, true);
    const Result again = program.finish();
    EXPECT_EQ(again.exit_code, 0) << again.out;
    EXPECT_EQ(again.out, run.out);
  }
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

TEST(Replay, a_purchase_as_a_script_tells_it) {
  const Home home;
  const std::string file = (home.path() / "shop.toml").string();
  std::ofstream(file) << R"(
[[answer]]
calls = [{ name = "create_intent", arguments = { query = "wireless headphones" } }]
[[answer]]
calls = [{ name = "get_intent_offers", arguments = { intent_id = "${create_intent.id}" } }]
[[answer]]
calls = [
  { name = "create_checkout", arguments = { offer_id = "${get_intent_offers.items.0.id}", items = [
    { product_id = "${get_intent_offers.items.0.items.0.product_id}", quantity = 1 } ] } },
]
[[answer]]
calls = [
  { name = "quote_checkout", arguments = { checkout_id = "${create_checkout.id}", items = [
    { product_id = "${get_intent_offers.items.0.items.0.product_id}", quantity = 1 } ] } },
  { name = "request_approval", arguments = { checkout_id = "${create_checkout.id}" } },
  { name = "approve_checkout", arguments = { checkout_id = "${create_checkout.id}" } },
  { name = "confirm_checkout", arguments = { checkout_id = "${create_checkout.id}" } },
]
[[answer]]
text = "Ordered as ${confirm_checkout.merchant_order_id}."
)";
  const Result run =
      record(home, plus({"chat", "--sandbox", "--provider", "script", "--provider-option",
                         "file=" + file, "buy"},
                        {"--approve", "up-to:999:USD", "--merchants", "merchant-a,merchant-b"}));
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  ASSERT_THAT(run.out, HasSubstr("Ordered as ORD-"));
  std::filesystem::remove(file);
  expect_same(home, run);
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
