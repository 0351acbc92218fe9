// Every entrance to a conversation while it is open elsewhere, and what the first program on a
// machine leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/private_files.h"
#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Entrances, are_closed_while_a_conversation_is_open_in_a_chat) {
  LoopbackShop shop;
  const ScriptedModel model({prepare_steps()[0], {"made", {}}, {"bye", {}}});
  const Home home;
  Program first(home, model.chat(shop.url(), {"--session", "s1", "--approve", "never"}));
  first.write("make one\n");
  first.wait_for("made");
  const std::string id = checkout_id();
  const auto expect_refused = [&](const std::vector<std::string>& words) {
    const Result refused = run(home, words);
    EXPECT_EQ(refused.exit_code, 1) << words[0] << refused.out;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("the conversation s1 is open in another cartpilot"),
                                   HasSubstr("(pid "), HasSubstr("cartpilot chat, since 20")));
    EXPECT_THAT(refused.out, IsEmpty());
  };
  expect_refused(model.chat(shop.url(), {"--session", "s1", "hi"}));
  expect_refused(model.chat(shop.url(), {"--resume", "s1", "hi"}));
  expect_refused(handle_words(shop.url(), {"--session", "s1"}));
  for (const char* function : {"approve_checkout", "confirm_checkout", "get_checkout"}) {
    expect_refused({"tools", "call", function, dump_json(Json{{"checkout_id", id}}), "--api-url",
                    shop.url(), "--session", "s1", "--approve", "up-to:500:USD", "--merchants",
                    "merchant-a"});
  }
  expect_refused({"sessions", "delete", "s1"});
  expect_refused(model.chat(shop.url(), {"--continue", "hi"}));
  EXPECT_EQ(orders_of(shop), 0U);
  first.write("bye\n");
  first.wait_for("bye");
  EXPECT_EQ(first.finish().exit_code, 0);
  EXPECT_THAT(run(home, {"sessions", "show", "s1"}).out, HasSubstr("make one"));
  EXPECT_EQ(run(home, {"sessions", "delete", "s1"}).exit_code, 0);
  EXPECT_EQ(run(home, {"sessions", "show", "s1"}).exit_code, 2);
}

TEST(Entrances, tools_handle_holds_its_conversation_too) {
  LoopbackShop shop;
  const Home home;
  Program first(home, handle_words(shop.url(), {"--session", "s1"}));
  const std::string lines = buying_lines();
  first.write(lines.substr(0, lines.find('\n') + 1));
  first.wait_for("created");
  const Result second = run(home, handle_words(shop.url(), {"--session", "s1"}));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("cartpilot tools handle, since 20"));
  EXPECT_EQ(first.finish().exit_code, 0);
}

TEST(Entrances, tools_without_a_session_have_a_conversation_of_their_own) {
  LoopbackShop shop;
  const Home home;
  const auto call = [&](const std::string& name, const Json& arguments,
                        const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"tools",       "call",      name,        dump_json(arguments),
                                      "--api-url",   shop.url(),  "--approve", "up-to:500:USD",
                                      "--merchants", "merchant-a"};
    words.insert(words.end(), more.begin(), more.end());
    return run(home, words);
  };
  const Json items = Json::array({Json{{"product_id", "mug"}, {"quantity", 1}}});
  const Result made = call("create_checkout", {{"offer_id", "offer-a"}, {"items", items}});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string hint = "can be bought with --session ";
  ASSERT_THAT(made.err, HasSubstr(hint));
  std::string session = made.err.substr(made.err.find(hint) + hint.size());
  session = session.substr(0, session.find('\n'));
  const Json id = {{"checkout_id", parse_json(made.out)["id"]}};
  call("quote_checkout", {{"checkout_id", id["checkout_id"]}, {"items", items}});
  call("request_approval", id);
  const Result foreign = call("approve_checkout", id);
  EXPECT_EQ(parse_json(foreign.out)["error_code"], "NOT_OURS");
  EXPECT_EQ(call("approve_checkout", id, {"--session", session}).exit_code, 0);
  EXPECT_EQ(call("confirm_checkout", id, {"--session", session}).exit_code, 0);
  EXPECT_EQ(orders_of(shop), 1U);
}

TEST(Entrances, twenty_first_programs_in_an_empty_home_all_work) {
  constexpr int kPrograms = 20;
  const Home home;
  std::vector<Result> results(kPrograms);
  std::vector<std::thread> programs;
  for (int i = 0; i < kPrograms; ++i) {
    programs.emplace_back([&, i] {
      results[i] =
          run(home, {"chat", "--demo", "--session", "s" + std::to_string(i), "I need a desk lamp"});
    });
  }
  for (std::thread& program : programs) program.join();
  for (const Result& result : results) EXPECT_EQ(result.exit_code, 0) << result.err;
  for (int i = 0; i < kPrograms; ++i) {
    EXPECT_THAT(run(home, {"sessions", "show", "s" + std::to_string(i)}).out,
                HasSubstr("I need a desk lamp"));
  }
}

/// Everything below the home that others may look into.
std::vector<std::string> open_to_others(const Home& home) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(home.path())) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) == 0 && !S_ISLNK(status.st_mode) &&
        (status.st_mode & 0077) != 0) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

TEST(Entrances, whoever_comes_first_leaves_nothing_open_to_others) {
  LoopbackShop shop;
  const ScriptedModel model({fakes::ModelStep{"hello", {}}});
  const std::vector<std::vector<std::string>> first_words = {
      {"chat", "--demo", "I need a desk lamp"},
      model.chat(shop.url(), {"hi"}),
      {"tools", "call", "list_orders", "{}", "--sandbox"},
      handle_words(shop.url()),
      {"purchases", "list"},
      {"sessions", "list"},
      {"plugin", "list"},
      {"doctor"},
  };
  const mode_t usual = base::current_umask();
  for (const auto& words : first_words) {
    const Home home;
    // The home itself and what the test made in it is not the program's.
    std::vector<std::string> before = open_to_others(home);
    ::umask(0);
    const Result result = run(home, words);
    ::umask(usual);
    for (const std::string& path : open_to_others(home)) {
      EXPECT_THAT(before, testing::Contains(path)) << words[0] << " " << words[1];
    }
  }
}

}  // namespace
}  // namespace cartpilot::e2e
