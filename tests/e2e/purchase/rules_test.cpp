// Rules of the settings file through every entrance of the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSmall = R"([[purchases.rules]]
name = "small"
action = "allow"
up_to = "100.00:USD"
merchants = ["merchant-a"]
per_day = 2
)";
constexpr const char* kNone = "[[purchases.rules]]\nname = 'none'\naction = 'deny'\n";
constexpr const char* kGuard =
    "[[purchases.rules]]\nname = 'guard'\naction = 'ask'\nabove = '50:USD'\n";

std::string settings_file(const Home& home) {
  return (home.path() / "config" / "cartpilot" / "config.toml").string();
}

void write_rules(const Home& home, const std::string& text, mode_t mode = 0600) {
  std::filesystem::create_directories(home.path() / "config" / "cartpilot");
  std::ofstream(settings_file(home)) << text;
  ::chmod(settings_file(home).c_str(), mode);
}

/// Without a word about who says yes.
std::vector<std::string> plain_handle(const std::string& shop,
                                      const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"tools", "handle", "--provider", "openai", "--api-url", shop};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string by_of_newest(const Home& home) {
  return parse_json(run(home, {"purchases", "list", "--json"}).out).at(0).at("by");
}

TEST(Rules, allow_without_a_terminal_and_every_start_says_so) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, kSmall);
  const Result bought = run(home, plain_handle(shop.url()), buying_lines());
  EXPECT_EQ(bought.exit_code, 0) << bought.out << bought.err;
  EXPECT_EQ(orders_of(shop), 1U);
  EXPECT_THAT(bought.err, AllOf(HasSubstr("cartpilot: purchases, from " + settings_file(home) +
                                          ": rules small (allow)\n"),
                                HasSubstr("APPROVED by policy (rule small (allow up to 100.00 "
                                          "USD at merchant-a, 2 in 24 hours))"),
                                HasSubstr("BOUGHT 86.38 USD")));
  EXPECT_EQ(by_of_newest(home),
            "policy: rule small (allow up to 100.00 USD at merchant-a, 2 in 24 hours)");
  // The same basket, nobody to ask; then another one.
  const Result again = run(home, plain_handle(shop.url()), buying_lines(2));
  EXPECT_EQ(again.exit_code, 11);
  EXPECT_THAT(again.out, HasSubstr("REPEATED_BASKET"));
  EXPECT_EQ(run(home, plain_handle(shop.url()), buying_lines(3, "mug")).exit_code, 0);
  // Two a day.
  const Result third = run(home, plain_handle(shop.url()), buying_lines(4, "earbuds"));
  EXPECT_EQ(third.exit_code, 11);
  EXPECT_THAT(third.out, HasSubstr("APPROVAL_REFUSED_BY_POLICY"));
  EXPECT_EQ(orders_of(shop), 2U);
}

TEST(Rules, that_deny_hold_whatever_the_command_line_permits) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, std::string(kSmall) + kNone);
  const Result refused = run(home, handle_words(shop.url()), buying_lines());
  EXPECT_EQ(refused.exit_code, 11);
  EXPECT_THAT(refused.err, HasSubstr("rules none (deny)\n"));
  EXPECT_THAT(refused.out, AllOf(HasSubstr("APPROVAL_REFUSED_BY_POLICY"),
                                 HasSubstr("rule none (deny) in " + settings_file(home))));
  EXPECT_THAT(refused.err, HasSubstr("NOT BOUGHT: rule none (deny) in"));
  EXPECT_EQ(shop.count("/approve") + shop.count("/confirm"), 0);
}

TEST(Rules, that_allow_give_way_to_a_flag) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, kSmall);
  const Result never = run(home, plain_handle(shop.url(), {"--approve", "never"}), buying_lines());
  EXPECT_EQ(never.exit_code, 11);
  EXPECT_THAT(never.err, Not(HasSubstr("rules")));
  write_rules(home, std::string("[purchases]\napprove = 'never'\n") + kSmall);
  EXPECT_EQ(run(home, plain_handle(shop.url()), buying_lines(2)).exit_code, 11);
  EXPECT_EQ(orders_of(shop), 0U);
}

TEST(Rules, that_others_could_have_written_or_that_are_wrong_stop_the_program) {
  LoopbackShop shop;
  const Home home;
  struct Wrong {
    std::string text;
    mode_t mode;
    std::string says;
  };
  const Wrong wrong[] = {
      {kSmall, 0622, "[purchases] is obeyed only where nobody else can write"},
      {kNone, 0666, "[purchases] is obeyed only where nobody else can write"},
      {"[[purchases.rules]]\nname = 'x'\naction = 'allow'\n", 0600, "line 1: rule x: up_to: is m"},
      {"[[purchases.rules]]\nname = 'x'\naction = 'ask'\nmerchant = 'a'\n", 0600,
       "line 4: rule x: merchant: no key of a rule; did you mean 'merchants'?"},
      {std::string("[purchases]\napprove = 'up-to:5:USD'\nmerchants = ['a']\n") + kSmall, 0600,
       "rules stand beside approve = \"ask\" only"},
      {"[[profiles.w.purchases.rules]]\nname = 'x'\naction = 'deny'\n", 0600,
       "rules hold in every profile"},
  };
  const ScriptedModel model(buying_steps());
  for (const Wrong& one : wrong) {
    write_rules(home, one.text, one.mode);
    for (const auto& words : {plain_handle(shop.url()), model.chat(shop.url(), {"buy"}),
                              std::vector<std::string>{"mcp", "--api-url", shop.url()}}) {
      const Result refused = run(home, words, buying_lines());
      EXPECT_EQ(refused.exit_code, 2) << one.text << words.front();
      EXPECT_THAT(refused.err,
                  AllOf(HasSubstr("cartpilot: " + settings_file(home)), HasSubstr(one.says)));
      EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
    }
  }
  EXPECT_THAT(shop.requests(), IsEmpty());
}

TEST(Rules, hold_on_a_terminal_and_are_named_in_the_question) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, std::string(kGuard) + kSmall);
  const auto start = [&](const ScriptedModel& model) {
    std::vector<std::string> words = model.chat(shop.url(), {"buy it"});
    words.insert(words.begin(), "cartpilot");
    return words;
  };
  const ScriptedModel mug(buying_steps(1, "mug"));
  TerminalProgram allowed(home, start(mug));
  EXPECT_EQ(allowed.finish(), 0) << allowed.screen();
  EXPECT_THAT(allowed.screen(),
              AllOf(HasSubstr("[cartpilot] APPROVED by policy (rule small"),
                    HasSubstr("[cartpilot] BOUGHT"), Not(HasSubstr("PURCHASE APPROVAL"))));
  const ScriptedModel headphones(buying_steps(2));
  TerminalProgram asked(home, start(headphones));
  asked.type(asked.wait_for_question("86.38"));
  asked.wait_for("[cartpilot] BOUGHT 86.38 USD");
  EXPECT_EQ(asked.finish(), 0);
  EXPECT_THAT(asked.screen(), HasSubstr("decided by rule guard (ask above 50.00 USD)"));
  EXPECT_EQ(by_of_newest(home), "human (rule guard)");
}

TEST(Rules, hold_for_an_agent_application_too) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, std::string(kGuard) + kSmall);
  Program server(home, {"mcp", "--api-url", shop.url()});
  int id = 0;
  const auto send = [&](const std::string& name, const Json& arguments) {
    server.write(dump_json(Json{{"jsonrpc", "2.0"},
                                {"id", ++id},
                                {"method", "tools/call"},
                                {"params", {{"name", name}, {"arguments", arguments}}}}) +
                 "\n");
  };
  const auto call = [&](const std::string& name, const Json& arguments) {
    send(name, arguments);
    server.wait_for(fmt::format("\"id\":{}", id));
  };
  server.write(dump_json(Json{{"jsonrpc", "2.0"},
                              {"id", ++id},
                              {"method", "initialize"},
                              {"params",
                               {{"protocolVersion", "2025-06-18"},
                                {"capabilities", Json::object()},
                                {"clientInfo", {{"name", "t"}, {"version", "1"}}}}}}) +
               "\n");
  server.wait_for("\"id\":1");
  server.write(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
               "\n");
  const auto prepare = [&](int nth, const std::string& product) {
    const Json items = Json::array({Json{{"product_id", product}, {"quantity", 1}}});
    const Json checkout = {{"checkout_id", checkout_id(nth)}};
    call("create_checkout", {{"offer_id", "offer-a"}, {"items", items}});
    call("quote_checkout", {{"checkout_id", checkout_id(nth)}, {"items", items}});
    call("request_approval", checkout);
    return checkout;
  };
  const Json mug = prepare(1, "mug");
  call("approve_checkout", mug);
  call("confirm_checkout", mug);
  EXPECT_EQ(orders_of(shop), 1U);
  EXPECT_THAT(by_of_newest(home), HasSubstr("policy: rule small ("));
  // The call waits for a person's answer.
  send("approve_checkout", prepare(2, "headphones"));
  std::string open;
  for (int look = 0; look < 300 && open.find("86.38") == std::string::npos; ++look) {
    open = run(home, {"approve", "--list"}).out;
  }
  EXPECT_THAT(open, HasSubstr("86.38"));
  server.finish();
  EXPECT_EQ(orders_of(shop), 1U);
}

TEST(Rules, are_listed_by_config_explain) {
  const Home home;
  write_rules(home, std::string(kSmall) + kNone);
  EXPECT_THAT(
      run(home, {"config", "explain"}).out,
      AllOf(HasSubstr("purchases.rules.small = allow up to 100.00 USD at merchant-a, 2 in "
                      "24 hours (" +
                      settings_file(home) + ", line 1)"),
            HasSubstr("purchases.rules.none = deny (" + settings_file(home) + ", line 7)")));
  ::chmod(settings_file(home).c_str(), 0666);
  EXPECT_THAT(run(home, {"config", "explain"}).out, HasSubstr("line 7; REFUSED: "));
}

TEST(Rules, are_explained_for_a_checkout_and_only_looked_at) {
  LoopbackShop shop;
  shop.with_fake([](purchase::FakeCartPilot& fake) {
    fake.categories["headphones"] = "Electronics > Audio > Headphones";
    return 0;
  });
  const Home home;
  write_rules(home, std::string(kSmall) + kGuard +
                        "[[purchases.rules]]\nname = 'books'\naction = 'deny'\n"
                        "categories = ['Books']\n");
  const std::vector<std::string> words = {"purchases", "explain", checkout_id(), "--api-url",
                                          shop.url()};
  const std::string lines = buying_lines();
  std::string prepared;  // create, quote and request approval
  for (std::size_t at = 0, n = 0; n < 3; ++n) {
    const std::size_t end = lines.find('\n', at) + 1;
    prepared += lines.substr(at, end - at);
    at = end;
  }
  run(home, plain_handle(shop.url()), prepared);
  const std::size_t before = shop.requests().size();
  const Result told = run(home, words);
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_EQ(told.out,
            "checkout        id-0001, awaiting_approval\n"
            "total           86.38 USD at merchant-a\n"
            "category        Electronics > Audio > Headphones\n"
            "decides         rule small (allow up to 100.00 USD at merchant-a, 2 in 24 hours): it "
            "is bought without a question\n"
            "  small         decides\n"
            "  guard         matches, but another one decides\n"
            "  books         does not match: category \"Electronics > Audio > Headphones\" is not "
            "among Books\n");
  std::vector<std::string> json = words;
  json.emplace_back("--json");
  const Json object = parse_json(run(home, json).out);
  EXPECT_EQ(object.at("decision"), "allow");
  EXPECT_EQ(object.at("rule"), "small");
  EXPECT_EQ(object.at("total"), 8638);
  EXPECT_EQ(object.at("rules").at(2).at("matches"), false);
  EXPECT_EQ(object.at("rules").at(1).at("why_not"), nullptr);
  const auto requests = shop.requests();
  ASSERT_GT(requests.size(), before);
  for (std::size_t i = before; i < requests.size(); ++i) EXPECT_EQ(requests[i].method, "GET");

  EXPECT_EQ(run(home, {"purchases", "explain", "no-such", "--api-url", shop.url()}).exit_code, 5);
  write_rules(home, kNone);
  EXPECT_THAT(run(home, words).out, HasSubstr("decides         rule none (deny): it is refused\n"));
  write_rules(home, "");
  EXPECT_THAT(run(home, words).out, HasSubstr("decides         no rule matches, so you are asked"));
}

TEST(Rules, of_a_dry_run_are_named_and_nothing_is_bought) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, kSmall);
  const Result dry = run(home, plain_handle(shop.url(), {"--dry-run"}), buying_lines());
  EXPECT_EQ(dry.exit_code, 0) << dry.out << dry.err;
  EXPECT_THAT(dry.err, HasSubstr("NOT BOUGHT: dry run: without it this would be approved by rule "
                                 "small (allow up to 100.00 USD"));
  EXPECT_THAT(dry.out, HasSubstr("DRY_RUN"));
  const ScriptedModel model(buying_steps(2));
  EXPECT_EQ(run(home, model.chat(shop.url(), {"--dry-run", "buy"})).exit_code, 0);
  EXPECT_EQ(shop.count("/approve") + shop.count("/confirm"), 0);
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out), Json::array());
}

TEST(Rules, are_part_of_a_recording) {
  LoopbackShop shop;
  const Home home;
  write_rules(home, std::string(kGuard) + kSmall);
  const ScriptedModel model(buying_steps(1, "mug"));
  const std::string file = (home.path() / "talk.jsonl").string();
  const Result recorded = run(home, model.chat(shop.url(), {"--record", file, "buy it"}));
  EXPECT_EQ(recorded.exit_code, 0) << recorded.err;
  const Home elsewhere;
  const Result again = run(elsewhere, {"replay", "--check", file});
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_EQ(orders_of(shop), 1U);
}

}  // namespace
}  // namespace cartpilot::e2e
