// What comes through a terminal that is no answer: of another program's question, or typed too
// early.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kThrownAway = "What was typed before this question was thrown away.";

/// Buys in its own conversation and asks on the terminal; reads its calls from `calls`.
std::string handle_command(const std::string& shop, const std::string& session,
                           const std::string& calls) {
  return shell_command(
             {"tools", "handle", "--provider", "openai", "--api-url", shop, "--session", session}) +
         " <" + calls + " >" + calls + ".out 2>&1";
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::size_t times(const std::string& text, const std::string& screen) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = screen.find(text, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(SharedTerminal, two_programs_ask_one_after_the_other) {
  LoopbackShop first_shop;
  LoopbackShop second_shop;
  const Home home;
  write_file(home.path() / "first", buying_lines());
  write_file(home.path() / "second", buying_lines());
  ASSERT_EQ(::mkfifo((home.path() / "go").c_str(), 0600), 0);
  // Both receipts have the same total; the second program starts when the first one asks.
  TerminalProgram both(
      home, {"/bin/sh", "-c",
             handle_command(first_shop.url(), "s1", "first") + " & cat go; " +
                 handle_command(second_shop.url(), "s2", "second") + " & wait; echo both ended"});
  const std::string of_first = both.wait_for_question("86.38");
  write_file(home.path() / "go", "");
  both.wait_for("Another cartpilot asks on this terminal; this one waits.");
  EXPECT_EQ(times("PURCHASE APPROVAL", both.screen()), 1U);
  // The answer twice, in one go: the second one is no answer to the next question.
  both.type(of_first + of_first);
  both.wait_for("PURCHASE APPROVAL");
  both.wait_for(kThrownAway);
  const std::string of_second = both.wait_for_question("86.38");
  EXPECT_NE(of_second, of_first);
  EXPECT_EQ(second_shop.count("/approve"), 0);
  both.type("\n");
  both.wait_for("both ended");
  both.finish();
  EXPECT_EQ(orders_of(first_shop), 1U);
  EXPECT_EQ(orders_of(second_shop), 0U);
  const std::string open = run(home, {"approve", "--list", "--json"}).out;
  EXPECT_EQ(open, "[]\n");
}

/// A shop that holds its last answer before the question until the test has typed.
class ShopThatHolds {
 public:
  ShopThatHolds()
      : shop_([this](const LoopbackShop::Request& request, LoopbackShop::Reply&) {
          if (request.target.find("/request-approval") != std::string::npos) {
            held_ = true;
            wait_until_set(released_, "the end of the paste");
          }
          return false;
        }) {}
  ~ShopThatHolds() { release(); }
  std::string url() const { return shop_.url(); }
  LoopbackShop& shop() { return shop_; }
  void wait() const { wait_until_set(held_, "the request for approval"); }
  void release() { released_ = true; }

 private:
  std::atomic<bool> held_{false};
  std::atomic<bool> released_{false};
  LoopbackShop shop_;
};

/// Many lines, more than the 4 KiB that a terminal keeps for its reader.
std::string long_paste() {
  std::string block;
  while (block.size() < 24 * 1024) block += fmt::format("{:50}86.38 kfmq\n86.38\n", "");
  return block;
}

/// Pastes the block: most of it before the shop goes on, the rest behind it.
void paste_before_the_question(TerminalProgram& program, ShopThatHolds& shop) {
  shop.wait();
  const std::string block = long_paste();
  std::size_t sent = program.paste(block);
  EXPECT_GT(sent, 4096U);
  shop.release();
  for (std::size_t more = 1; more > 0 && sent < block.size(); sent += more) {
    more = program.paste(block.substr(sent));
  }
  EXPECT_EQ(sent, block.size());
}

TEST(TerminalInput, a_long_paste_before_the_question_answers_nothing_in_a_chat) {
  for (const bool agrees : {false, true}) {
    ShopThatHolds shop;
    const ScriptedModel model(buying_steps());
    const Home home;
    std::vector<std::string> words = model.chat(shop.url(), {"buy it"});
    words.insert(words.begin(), "cartpilot");
    TerminalProgram chat(home, words);
    paste_before_the_question(chat, shop);
    chat.wait_for(kThrownAway);
    const std::string yes = chat.wait_for_question("86.38");
    EXPECT_EQ(shop.shop().count("/approve"), 0);
    chat.type(agrees ? yes : "\n");
    EXPECT_EQ(chat.finish(), agrees ? 0 : 10) << chat.screen();
    EXPECT_EQ(orders_of(shop.shop()), agrees ? 1U : 0U);
  }
}

TEST(TerminalInput, a_long_paste_before_the_question_answers_nothing_in_tools_handle) {
  ShopThatHolds shop;
  const Home home;
  write_file(home.path() / "calls", buying_lines());
  TerminalProgram handle(home, {"/bin/sh", "-c", handle_command(shop.url(), "s1", "calls")});
  paste_before_the_question(handle, shop);
  handle.wait_for(kThrownAway);
  handle.wait_for_question("86.38");
  handle.type("\n");
  EXPECT_EQ(handle.finish(), 10) << handle.screen();
  EXPECT_EQ(orders_of(shop.shop()), 0U);
}

TEST(TerminalInput, an_answer_with_the_code_before_is_thrown_away_with_its_line) {
  LoopbackShop shop;
  const ScriptedModel model(buying_steps());
  const Home home;
  std::vector<std::string> words = model.chat(shop.url(), {"buy it"});
  words.insert(words.begin(), "cartpilot");
  TerminalProgram chat(home, words);
  const std::string first = chat.wait_for_question("86.38");
  // A wrong line, and behind it at once what would have been right.
  chat.type("86.38\n" + first);
  chat.wait_for("the code is missing. You may answer once more, with a new code.");
  chat.wait_for(kThrownAway);
  const std::string second = chat.wait_for_question("86.38");
  EXPECT_NE(second, first);
  EXPECT_EQ(shop.count("/approve"), 0);
  chat.type(first);  // the old code, under the new question
  EXPECT_EQ(chat.finish(), 10) << chat.screen();
  EXPECT_EQ(orders_of(shop), 0U);
  EXPECT_THAT(chat.screen(), Not(HasSubstr("[cartpilot] BOUGHT")));
}

}  // namespace
}  // namespace cartpilot::e2e
