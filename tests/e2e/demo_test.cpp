// The purchase without key or network, as a new user meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kPermitted = {
    "chat", "--demo", "--approve", "up-to:150:USD", "--merchants", "merchant-a,merchant-b"};

std::vector<std::string> with(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Demo, buys_headphones_within_the_bounds_given_on_the_command_line) {
  const Home home;
  const Result result = run(home, kPermitted, kThreeLines);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(
      result.out,
      ContainsRegex("\\[cartpilot\\] BOUGHT 86\\.38 USD, merchant order ORD-[0-9]+-[0-9A-F]+"));
  EXPECT_THAT(result.err, HasSubstr("offline"));
  const Result list = run(home, {"purchases", "list", "--json"});
  const Json purchases = parse_json(list.out);
  ASSERT_EQ(purchases.size(), 1u);
  EXPECT_EQ(purchases[0]["state"], "done");
  EXPECT_EQ(purchases[0]["total"], 8638);
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);
}

TEST(Demo, uses_eleven_calls_with_two_details_in_one_turn) {
  const Home home;
  const Result result = run(home, with(kPermitted, {"--output", "jsonl"}), kThreeLines);
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  std::vector<std::string> names;
  for (const Json& call : of_type(lines, "tool_call")) names.push_back(call["name"]);
  EXPECT_EQ(names,
            (std::vector<std::string>{"create_intent", "get_intent_offers", "get_offer_details",
                                      "get_offer_details", "create_checkout", "quote_checkout",
                                      "request_approval", "get_checkout", "approve_checkout",
                                      "confirm_checkout", "get_order_status"}));
  const std::vector<Json> purchases = of_type(lines, "purchase");
  ASSERT_EQ(purchases.size(), 1u);
  EXPECT_EQ(purchases[0]["outcome"], "done");
  EXPECT_EQ(of_type(lines, "approval_decision").at(0)["by"], "policy");
  EXPECT_EQ(of_type(lines, "turn_end").size(), 3u);
}

TEST(Demo, buys_nothing_without_permission_and_says_so_with_exit_11) {
  const Home home;
  const Result result = run(home, {"chat", "--demo"}, kThreeLines);
  EXPECT_EQ(result.exit_code, 11) << result.out << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("BOUGHT 8")));
  EXPECT_THAT(result.out, HasSubstr("--approve up-to:"));
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out), Json::array());
}

TEST(Demo, refuses_a_total_over_the_limit_or_another_merchant) {
  const Home home;
  EXPECT_EQ(
      run(home, {"chat", "--demo", "--approve", "up-to:86.37:USD", "--merchants", "merchant-a"},
          kThreeLines)
          .exit_code,
      11);
  EXPECT_EQ(run(home, {"chat", "--demo", "--approve", "up-to:150:USD", "--merchants", "merchant-b"},
                kThreeLines)
                .exit_code,
            11);
  EXPECT_EQ(run(home, {"chat", "--demo", "--approve", "up-to:150:EUR", "--merchants", "merchant-a"},
                kThreeLines)
                .exit_code,
            11);
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out), Json::array());
}

TEST(Demo, a_person_at_a_terminal_buys_by_typing_the_total_and_the_code) {
  const Home home;
  Program program(home, {"chat", "--demo"}, {}, true);
  program.wait_for("you> ");
  program.write("I need wireless headphones under $100\n");
  program.wait_for("79.99");
  program.wait_for("you> ");
  program.write("buy the cheapest\n");
  program.wait_for("86.38");
  program.wait_for("you> ");
  program.write("yes\n");
  program.wait_for("PURCHASE APPROVAL");
  program.wait_for("Fabrikam Wireless Classic Earbuds");
  program.wait_for("Type the total (86.38) and the code ");
  const std::string code = program.wait_for_match("\\([a-z]{4}\\) to buy").substr(1, 4);
  program.wait_for("s]: ");
  program.write("86.38 " + code + "\n");
  program.wait_for("BOUGHT 86.38 USD, merchant order ORD-");
  program.wait_for("you> ");
  program.write("/quit\n");
  EXPECT_EQ(program.finish().exit_code, 0);
}

TEST(Demo, any_other_answer_than_the_total_declines_with_exit_10) {
  const Home home;
  Program program(home, {"chat", "--demo"}, {}, true);
  program.wait_for("you> ");
  program.write("I need wireless headphones under $100\n");
  program.wait_for("you> ");
  program.write("buy the cheapest\n");
  program.wait_for("you> ");
  program.write("yes\n");
  program.wait_for("Type the total (86.38) and the code ");
  program.wait_for("s]: ");
  program.write("yes\n");
  program.wait_for("Not bought: you typed yes, the total is missing. You may answer once more");
  program.wait_for("s]: ");
  program.write("yes\n");
  program.wait_for("NOT BOUGHT");
  program.wait_for("you> ");
  program.write("/quit\n");
  EXPECT_EQ(program.finish().exit_code, 10);
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out), Json::array());
}

TEST(Demo, goes_on_with_an_earlier_conversation) {
  const Home home;
  ASSERT_EQ(run(home, {"chat", "--demo", "I need wireless headphones under $100"}).exit_code, 0);
  const Result result = run(home, with(kPermitted, {"--continue"}), "buy the cheapest\nyes\n");
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("BOUGHT"));
}

TEST(Demo, killing_the_sandbox_between_two_commands_loses_nothing) {
  const Home home;
  // A first run lets the system choose a free port; the later ones ask for the same.
  std::string port;
  {
    Program first(home, {"sandbox", "--port", "0"});
    const std::string url = first.wait_for_match("http://127.0.0.1:[0-9]+");
    port = url.substr(url.rfind(':') + 1);
  }
  const auto serve = [&] {
    auto sandbox =
        std::make_unique<Program>(home, std::vector<std::string>{"sandbox", "--port", port});
    sandbox->wait_for("state in");
    return sandbox;
  };
  const auto kill = [](std::unique_ptr<Program>& sandbox) {
    sandbox->signal(SIGKILL);
    sandbox->finish();
  };

  auto sandbox = serve();
  const std::vector<std::string> talk = {
      "chat",      "--provider", "offline",   "--api-url",     "http://127.0.0.1:" + port,
      "--session", "s1",         "--approve", "up-to:150:USD", "--merchants",
      "merchant-a"};
  ASSERT_EQ(run(home, talk, "I need wireless headphones under $100\nbuy the cheapest\n").exit_code,
            0);
  kill(sandbox);

  sandbox = serve();
  const Result bought = run(home, talk, "yes\n");
  EXPECT_EQ(bought.exit_code, 0) << bought.out << bought.err;
  kill(sandbox);

  sandbox = serve();
  const Result orders =
      run(home, {"tools", "call", "list_orders", "{}", "--api-url", "http://127.0.0.1:" + port});
  EXPECT_EQ(parse_json(orders.out)["total"], 1);
}

}  // namespace
}  // namespace cartpilot::e2e
