// Cases 11 to 13, 33, 43, 65 and 66: the program and its terminal. The numbers are those of
// docs/purchases.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <regex>
#include <thread>

#include "hostile_texts.h"
#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The first byte below blank other than a line's end or TAB, or above '~'; -1 = none.
int forbidden_byte(const std::string& screen) {
  for (const char c : screen) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte > 0x7e) return byte;
  }
  return -1;
}

std::string bought_or_not(const std::string& screen) {
  for (const char* word :
       {"[cartpilot] NOT BOUGHT", "[cartpilot] OUTCOME UNKNOWN", "[cartpilot] BOUGHT"}) {
    if (screen.find(word) != std::string::npos) return word;
  }
  return "";
}

TEST(PurchaseCase, case_11_without_a_terminal_nothing_is_bought_whatever_comes_through_the_pipe) {
  LoopbackShop shop;
  const ScriptedModel model(buying_steps());
  const Home home;
  std::string yes;
  for (int i = 0; i < 50; ++i) yes += "86.38\nyes\ny\n";
  const Result result = run(home, model.chat(shop.url(), {"--output", "jsonl", "buy it"}), yes);
  EXPECT_EQ(result.exit_code, 11) << result.out << result.err;
  const auto purchases = of_type(json_lines(result.out), "purchase");
  ASSERT_EQ(purchases.size(), 2U);
  EXPECT_EQ(purchases[0]["outcome"], "not_done");
  EXPECT_THAT(purchases[0]["message"].get<std::string>(), HasSubstr("--approve up-to:"));
  EXPECT_EQ(shop.count("/approve") + shop.count("/confirm"), 0);

  // The functions without the chat pass the same gate.
  Home other;
  LoopbackShop again;
  const Result handled =
      run(other, {"tools", "handle", "--provider", "openai", "--api-url", again.url()},
          buying_lines() + yes);
  EXPECT_EQ(handled.exit_code, 11) << handled.out << handled.err;
  EXPECT_EQ(again.count("/approve") + again.count("/confirm"), 0);
}

TEST(PurchaseCase, case_12_with_input_from_a_pipe_the_question_goes_to_the_terminal) {
  for (const bool agrees : {true, false}) {
    LoopbackShop shop;
    const ScriptedModel model(buying_steps());
    const Home home;
    // The pipe holds the very answer; only the terminal counts.
    const std::string command =
        "{ echo 'buy it'; while echo 86.38; do :; done; } 2>/dev/null | head -n 4 | " +
        shell_command(model.chat(shop.url(), {}));
    TerminalProgram program(home, {"/bin/sh", "-c", command});
    const std::string yes = program.wait_for_question("86.38");
    EXPECT_EQ(shop.count("/approve"), 0);
    program.type(agrees ? yes : "no\n");
    program.wait_for(agrees ? "[cartpilot] BOUGHT 86.38 USD" : "[cartpilot] NOT BOUGHT");
    program.finish();
    EXPECT_EQ(orders_of(shop), agrees ? 1U : 0U);
  }
}

// What a file that only its owner can write may permit, tests/e2e/config_test.cpp tells.
TEST(PurchaseCase, case_13_neither_a_shared_file_nor_the_environment_can_allow_a_purchase) {
  LoopbackShop shop;
  for (const char* setting :
       {"approve = 'up-to:1000:USD'", "merchants = ['merchant-a']", "limit_day = '100000:USD'",
        "[purchases]\napprove = 'up-to:1000:USD'\nmerchants = ['merchant-a']"}) {
    const Home home;
    const auto file = home.path() / "config" / "cartpilot" / "config.toml";
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << setting << "\n";
    std::filesystem::permissions(file, std::filesystem::perms(0666));
    const Result result = run(
        home, {"tools", "handle", "--provider", "openai", "--api-url", shop.url()}, buying_lines());
    EXPECT_EQ(result.exit_code, 2) << setting;
    EXPECT_THAT(result.err,
                testing::AnyOf(HasSubstr("unknown setting"), HasSubstr("can be written by")))
        << setting;
  }
  const Home home;
  Environment environment;
  for (const char* name : {"CARTPILOT_APPROVE", "CARTPILOT_MERCHANTS", "CARTPILOT_LIMIT_DAY",
                           "APPROVE", "CARTPILOT_YES"}) {
    environment[name] = "up-to:1000:USD";
  }
  const Result result =
      run(home, {"tools", "handle", "--provider", "openai", "--api-url", shop.url()},
          buying_lines(), environment);
  EXPECT_EQ(result.exit_code, 11) << result.out << result.err;
  EXPECT_EQ(shop.count("/approve") + shop.count("/confirm"), 0);
}

TEST(PurchaseCase, case_33_the_program_says_what_happened_whatever_the_model_says) {
  LoopbackShop shop;
  std::vector<fakes::ModelStep> steps = prepare_steps();
  steps.push_back({"", {{"confirm_checkout", {{"checkout_id", checkout_id()}}}}});
  steps.push_back(
      {"Great news!\n[cartpilot] BOUGHT 86.38 USD, merchant order ORD-1\nAll done.", {}});
  const ScriptedModel model(steps);
  const Home home;
  std::vector<std::string> words = model.chat(shop.url(), {"buy it"});
  words.insert(words.begin(), "cartpilot");
  TerminalProgram program(home, words);
  EXPECT_EQ(program.finish(), 11) << program.screen();
  EXPECT_THAT(program.screen(), HasSubstr("\n[cartpilot] NOT BOUGHT: the checkout is "));
  EXPECT_THAT(program.screen(), Not(HasSubstr("[cartpilot] BOUGHT")));  // no forged signature
  EXPECT_THAT(program.screen(), HasSubstr("\\u{5b}cartpilot] BOUGHT 86.38 USD"));
  EXPECT_EQ(orders_of(shop), 0U);

  // For a program: the same in the events, whatever the text says.
  LoopbackShop again;
  const ScriptedModel liar(
      {{"", {{"confirm_checkout", {{"checkout_id", "id-0001"}}}}}, {"Bought!", {}}});
  const Home other;
  const Result result = run(other, liar.chat(again.url(), {"--output", "jsonl", "buy"}));
  const auto purchases = of_type(json_lines(result.out), "purchase");
  ASSERT_EQ(purchases.size(), 1U);
  EXPECT_EQ(purchases[0]["outcome"], "not_done");
}

TEST(PurchaseCase, case_43_the_models_own_words_cannot_act_on_the_terminal_either) {
  std::vector<fakes::ModelStep> steps(1);
  for (const std::string& sequence : purchase::escape_sequences()) {
    steps[0].text += "x" + sequence + "\n";
  }
  for (const std::string& control : purchase::control_characters()) {
    steps[0].text += "x" + control + "\n";
  }
  LoopbackShop shop;
  const ScriptedModel model(steps);  // every character arrives by itself
  const Home home;
  std::vector<std::string> words = model.chat(shop.url(), {"hello"});
  words.insert(words.begin(), "cartpilot");
  TerminalProgram drawn(home, words);
  EXPECT_EQ(drawn.finish(), 0) << drawn.screen();
  // The program takes back its status line and words that are too long for their row.
  static const std::regex own("\r\x1b\\[K|\x1b\\[[0-9]+D\x1b\\[K");
  const std::string screen = std::regex_replace(drawn.screen(), own, "");
  EXPECT_EQ(forbidden_byte(screen), -1) << screen;
  words.emplace_back("--plain");
  TerminalProgram plain(home, words);
  EXPECT_EQ(plain.finish(), 0) << plain.screen();
  EXPECT_EQ(forbidden_byte(plain.screen()), -1) << plain.screen();
}

TEST(PurchaseCase, case_65_the_first_ctrl_c_waits_for_the_answer_the_second_makes_it_unknown) {
  for (const int stops : {1, 2}) {
    std::atomic<int> asked{0};
    std::atomic<bool> gone{false};
    LoopbackShop* self = nullptr;
    LoopbackShop shop([&](const LoopbackShop::Request& request, LoopbackShop::Reply& reply) {
      if (request.target.find("/confirm") == std::string::npos) return false;
      asked = 1;
      // The first wish to stop must not close the connection.
      EXPECT_FALSE(reply.wait_for_close(std::chrono::milliseconds(700)));
      asked = 2;
      if (stops == 2) gone = reply.wait_for_close(std::chrono::seconds(20));
      self->pass_on(request, reply);
      return true;
    });
    self = &shop;
    const ScriptedModel model(buying_steps());
    const Home home;
    std::vector<std::string> words = model.chat(shop.url(), {"buy it"});
    words.insert(words.begin(), "cartpilot");
    TerminalProgram program(home, words);
    program.type(program.wait_for_question("86.38"));
    const auto wait_until = [&](int step) {
      while (asked < step) std::this_thread::yield();
    };
    wait_until(1);
    program.type("\x03");
    wait_until(2);
    if (stops == 2) program.type("\x03");
    const int code = program.finish();
    EXPECT_EQ(code, stops == 1 ? 0 : 13) << program.screen();
    EXPECT_EQ(gone, stops == 2);
    EXPECT_EQ(bought_or_not(program.screen()),
              stops == 1 ? "[cartpilot] BOUGHT" : "[cartpilot] OUTCOME UNKNOWN");
    EXPECT_EQ(states_of_newest(home).back(), stops == 1 ? "done" : "unknown");
    EXPECT_EQ(orders_of(shop), 1U);
    // The next start finds out.
    run(home, handle_words(shop.url()), "");
    EXPECT_EQ(states_of_newest(home).back(), "done");
    EXPECT_EQ(orders_of(shop), 1U);
  }
}

TEST(PurchaseCase, case_66_other_signals_and_a_lost_terminal_do_no_more_than_ctrl_c) {
  for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
    for (const int times : {1, 2}) {
      std::atomic<int> asked{0};
      LoopbackShop* self = nullptr;
      LoopbackShop shop([&](const LoopbackShop::Request& request, LoopbackShop::Reply& reply) {
        if (request.target.find("/confirm") == std::string::npos) return false;
        asked = 1;
        EXPECT_FALSE(reply.wait_for_close(std::chrono::milliseconds(500)));
        asked = 2;
        if (times == 2) reply.wait_for_close(std::chrono::seconds(20));
        self->pass_on(request, reply);
        return true;
      });
      self = &shop;
      const Home home;
      Program program(home, handle_words(shop.url()));
      program.write(buying_lines());
      while (asked < 1) std::this_thread::yield();
      program.signal(number);
      while (asked < 2) std::this_thread::yield();
      if (times == 2) program.signal(number);
      const Result result = program.finish();
      EXPECT_EQ(result.exit_code, times == 1 ? 0 : 13) << number << result.out << result.err;
      EXPECT_EQ(states_of_newest(home).back(), times == 1 ? "done" : "unknown") << number;
      EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0) << number;
    }
  }
  // The terminal goes away under the question: nobody has agreed.
  LoopbackShop shop;
  const ScriptedModel model(buying_steps());
  const Home home;
  std::vector<std::string> words = model.chat(shop.url(), {"buy it"});
  words.insert(words.begin(), "cartpilot");
  TerminalProgram program(home, words);
  program.wait_for_question("86.38");
  program.hang_up();
  program.finish();
  EXPECT_EQ(shop.count("/approve") + shop.count("/confirm"), 0);
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);

  // Nobody reads the output any more: what is bought is recorded all the same.
  LoopbackShop unread;
  const Home other;
  Program deaf(other, handle_words(unread.url()));
  deaf.close_output();
  deaf.write(buying_lines());
  deaf.finish();
  EXPECT_EQ(run(other, {"purchases", "verify"}).exit_code, 0);
  const std::vector<std::string> states = states_of_newest(other);
  EXPECT_EQ(orders_of(unread) == 1, !states.empty() && states.back() == "done");
}

}  // namespace
}  // namespace cartpilot::e2e
