// A conversation and its money belong to one CartPilot, as a person sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/clock.h"
#include "format_1_state.h"
#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::string> kAllowed = {"--approve", "up-to:500:USD", "--merchants",
                                           "merchant-a,merchant-b"};

std::vector<std::string> with_permission(std::vector<std::string> words) {
  words.insert(words.end(), kAllowed.begin(), kAllowed.end());
  return words;
}

Json listed_purchases(const Home& home) {
  return parse_json(run(home, {"purchases", "list", "--json"}).out);
}

TEST(OneCartPilot, is_named_by_session_event_receipts_records_and_exports) {
  const Home home;
  const Result bought =
      run(home, with_permission({"chat", "--demo", "--session", "s1", "--output", "jsonl"}),
          kThreeLines);
  ASSERT_EQ(bought.exit_code, 0) << bought.out << bought.err;
  const auto events = json_lines(bought.out);
  EXPECT_EQ(of_type(events, "session").at(0)["cartpilot"], "sandbox");
  EXPECT_EQ(of_type(events, "approval_request").at(0)["cartpilot"], "sandbox");
  const Json purchase = listed_purchases(home).at(0);
  EXPECT_EQ(purchase["cartpilot"], "sandbox");
  EXPECT_EQ(purchase["channel"], "policy");
  EXPECT_GT(purchase["approved_ms"].get<std::int64_t>(), 0);
  const Json item = purchase["receipt"]["items"].at(0);
  const std::string title = item["title"];
  EXPECT_THAT(run(home, {"purchases", "list"}).out, AllOf(HasSubstr("sandbox"), HasSubstr(title)));
  const std::string identity = purchase["cartpilot_id"];
  EXPECT_THAT(run(home, {"purchases", "show", purchase["id"]}).out,
              AllOf(HasSubstr("cartpilot       " + identity + "\n"), HasSubstr("1 x " + title),
                    HasSubstr("tax "), HasSubstr("shipping "), HasSubstr("through: policy, at 2")));
  EXPECT_THAT(run(home, {"sessions", "list"}).out, HasSubstr("offline    sandbox  "));
  EXPECT_THAT(run(home, {"sessions", "export", "s1"}).out, HasSubstr("CartPilot: sandbox"));
  EXPECT_EQ(
      parse_json(run(home, {"sessions", "export", "s1", "--format", "json"}).out)["cartpilot"],
      "sandbox");
}

TEST(OneCartPilot, of_play_money_is_said_at_the_start_and_on_the_receipt) {
  const Home home;
  TerminalProgram chat(home, {"cartpilot", "chat", "--demo"});
  chat.wait_for("CartPilot: SANDBOX, no real money.");
  for (const char* line : {"I need wireless headphones under $100\r", "buy the cheapest\r"}) {
    chat.wait_for("> ");
    chat.type(line);
  }
  chat.wait_for("(yes or no)");
  chat.type("yes\r");
  chat.wait_for("PURCHASE APPROVAL");
  chat.wait_for("SANDBOX, no real money");
  chat.type(chat.wait_for_question("86.38"));
  chat.wait_for("[cartpilot] BOUGHT 86.38 USD");
}

TEST(OneCartPilot, play_money_does_not_count_against_real_limits_nor_the_reverse) {
  LoopbackShop shop;
  const Home home;
  ASSERT_EQ(run(home, with_permission({"chat", "--demo"}), kThreeLines).exit_code, 0);
  // 86.38 of 100 a day is possible although the sandbox spent some of it.
  const Result real =
      run(home, handle_words(shop.url(), {"--limit-day", "100:USD"}), buying_lines());
  EXPECT_EQ(real.exit_code, 0) << real.out << real.err;
  const Result over =
      run(home, handle_words(shop.url(), {"--limit-day", "100:USD"}), buying_lines(2, "mug", 1));
  EXPECT_EQ(over.exit_code, 11) << over.out << over.err;
  const Result play = run(
      home, with_permission({"chat", "--demo", "--limit-day", "250:USD", "--allow-repeat", "1"}),
      kThreeLines);
  EXPECT_EQ(play.exit_code, 0) << play.out << play.err;
}

TEST(OneCartPilot, of_purchases_from_before_is_unknown_and_they_count_against_every_real_limit) {
  LoopbackShop shop;
  LoopbackShop other;
  const Home home;
  std::filesystem::create_directories(state_file(home).parent_path());
  purchase::make_format_1_state(state_file(home), base::unix_ms_now());
  for (LoopbackShop* real : {&shop, &other}) {
    const Result over =
        run(home, handle_words(real->url(), {"--limit-day", "100:USD"}), buying_lines(1, "mug", 1));
    EXPECT_THAT(over.out, HasSubstr("OVER_LIMIT")) << over.err;
    EXPECT_EQ(orders_of(*real), 0U);
  }
  const Result play =
      run(home, with_permission({"chat", "--demo", "--limit-day", "100:USD"}), kThreeLines);
  EXPECT_THAT(play.err, HasSubstr("[cartpilot] BOUGHT")) << play.out;
  const Json purchases = listed_purchases(home);
  EXPECT_EQ(purchases.at(0)["cartpilot"], "sandbox");
  EXPECT_EQ(purchases.back()["cartpilot"], "unknown");
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);
}

TEST(OneCartPilot, conversations_go_back_to_theirs_or_stop_with_what_to_do) {
  LoopbackShop shop;
  LoopbackShop other;
  const Home home;
  ASSERT_EQ(run(home, {"chat", "--demo", "--session", "play", "I need a desk lamp"}).exit_code, 0);
  // Without a word about the CartPilot it goes back to the sandbox.
  const Result back = run(home, {"chat", "--continue", "--output", "jsonl", "the cheapest"});
  EXPECT_EQ(back.exit_code, 0) << back.out << back.err;
  EXPECT_EQ(of_type(json_lines(back.out), "session").at(0)["cartpilot"], "sandbox");
  const Result wrong = run(home, {"chat", "--resume", "play", "--api-url", shop.url(), "hi"});
  EXPECT_EQ(wrong.exit_code, 2) << wrong.out;
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("the conversation play belongs to"), HasSubstr("go on")));

  ASSERT_EQ(run(home, handle_words(shop.url(), {"--session", "mine"}), "").exit_code, 0);
  const Result elsewhere = run(home, handle_words(other.url(), {"--session", "mine"}), "");
  EXPECT_EQ(elsewhere.exit_code, 2) << elsewhere.out;
  EXPECT_THAT(elsewhere.err, HasSubstr("go on with --api-url http://localhost:"));
  const Result account = run(home, handle_words(shop.url(), {"--session", "mine"}), "",
                             {{"CARTPILOT_API_KEY", "another-key"}});
  EXPECT_EQ(account.exit_code, 2) << account.out;
  EXPECT_THAT(account.err, HasSubstr("with another API key"));
}

TEST(OneCartPilot, of_a_sandbox_of_its_own_program_is_known_as_play_money) {
  const Home home;
  Program sandbox(home, {"sandbox", "--port", "0", "--db", (home.path() / "box.db").string()});
  const std::string url = sandbox.wait_for_match("http://127\\.0\\.0\\.1:[0-9]+");
  std::vector<std::string> words =
      with_permission({"chat", "--provider", "offline", "--api-url", url, "--output", "jsonl"});
  const Result bought =
      run(home, words, kThreeLines, {{"CARTPILOT_API_KEY", "dev-api-key-change-in-production"}});
  EXPECT_EQ(bought.exit_code, 0) << bought.out << bought.err;
  EXPECT_EQ(of_type(json_lines(bought.out), "session").at(0)["cartpilot"], "sandbox");
  EXPECT_EQ(listed_purchases(home).at(0)["cartpilot"], "sandbox");
  // Its conversation finds it again where the settings say it is, and nowhere else.
  const Environment settings = {{"CARTPILOT_API_KEY", "dev-api-key-change-in-production"},
                                {"CARTPILOT_API_URL", url}};
  const std::vector<std::string> go_on = {"chat", "--continue", "what about a lamp"};
  const Result again = run(home, go_on, "", settings);
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  const Result embedded = run(home, go_on);
  EXPECT_EQ(embedded.exit_code, 2) << embedded.out;
  EXPECT_THAT(embedded.err, AllOf(HasSubstr("belongs to another sandbox"),
                                  HasSubstr("go on with the --api-url of that sandbox")));
  sandbox.signal(SIGTERM);
  sandbox.finish();
}

}  // namespace
}  // namespace cartpilot::e2e
