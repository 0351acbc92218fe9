// Where a question can be answered besides the conversation's own terminal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "app/remote_approver.h"
#include "shop_and_model.h"
#include "unit/app/app_world.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

/// The open questions, as soon as there are `count`.
Json open_questions(const Home& home, std::size_t count) {
  for (int looks = 0; looks < 300; ++looks) {
    const Json open = parse_json(run(home, {"approve", "--list", "--json"}).out);
    if (open.size() >= count) return open;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("no question was opened");
}

std::vector<std::string> asking_words(const ScriptedModel& model, LoopbackShop& shop,
                                      const std::string& session) {
  return model.chat(shop.url(), {"--approve", "ask", "--session", session, "buy it"});
}

TEST(Surfaces, a_conversation_without_a_terminal_is_answered_on_another_one) {
  LoopbackShop shop;
  const ScriptedModel model(buying_steps());
  const Home home;
  Program chat(home, asking_words(model, shop, "s1"));
  chat.close_input();  // it may hold the rest of the message
  const Json open = open_questions(home, 1);
  EXPECT_FALSE(open[0].contains("challenge"));
  EXPECT_EQ(run(home, {"approve"}).exit_code, 11);  // not without a terminal

  TerminalProgram approve(home, {"cartpilot", "approve"});
  approve.type(approve.wait_for_question("86.38"));
  EXPECT_EQ(approve.finish(), 0) << approve.screen();
  EXPECT_THAT(approve.screen(), HasSubstr("Merchant    merchant-a"));
  const Result result = chat.finish();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("cartpilot approve " + open[0]["id"].get<std::string>()));
  EXPECT_EQ(orders_of(shop), 1U);
  TerminalProgram late(home, {"cartpilot", "approve", open[0]["id"].get<std::string>()});
  EXPECT_EQ(late.finish(), 1) << late.screen();
}

TEST(Surfaces, each_answer_lands_where_its_receipt_was_shown) {
  LoopbackShop first_shop;
  LoopbackShop second_shop;
  const ScriptedModel first_model(buying_steps());
  const ScriptedModel second_model(buying_steps(1, "mug"));
  const Home home;
  Program first(home, asking_words(first_model, first_shop, "s1"));
  Program second(home, asking_words(second_model, second_shop, "s2"));
  for (Program* chat : {&first, &second}) chat->close_input();
  std::string of_first;
  std::string of_second;
  for (const Json& question : open_questions(home, 2)) {
    (question["session"] == "s1" ? of_first : of_second) = question["id"].get<std::string>();
  }
  EXPECT_EQ(run(home, {"approve", "--deny", of_second}).exit_code, 10);
  TerminalProgram approve(home, {"cartpilot", "approve", of_first});
  approve.type(approve.wait_for_question("86.38"));
  EXPECT_EQ(approve.finish(), 0) << approve.screen();
  EXPECT_EQ(first.finish().exit_code, 0);
  EXPECT_EQ(second.finish().exit_code, 10);
  EXPECT_EQ(orders_of(first_shop), 1U);
  EXPECT_EQ(orders_of(second_shop), 0U);
}

/// A conversation of this very process that buys, on a thread of its own.
class BuyingConversation {
 public:
  BuyingConversation(app::AppServices& services, LoopbackShop& shop, const std::string& product)
      : session(services, app::chat_at(shop), {purchases_, approver_, &words_}, CallContext(),
                app::scripted(app::buying_steps(product))),
        thread_([this] { app::Turn(session, cancellation_).say("Please buy it."); }) {}
  ~BuyingConversation() {
    cancellation_.cancel();
    join();
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  purchase::EventLog purchases_;
  app::RemoteApprover approver_{[](const purchase::ApprovalQuestion&) {}};
  chat::Notebook words_;
  app::Cancellation cancellation_;

 public:
  app::ShoppingSession session;

 private:
  std::thread thread_;
};

TEST(Surfaces, three_questions_of_one_process_are_answered_in_any_order) {
  const Home home;
  app::Process process(state_file(home).parent_path());
  std::array<LoopbackShop, 3> shops;
  BuyingConversation first(process.services, shops[0], "headphones");
  BuyingConversation second(process.services, shops[1], "mug");
  BuyingConversation third(process.services, shops[2], "earbuds");
  std::map<std::string, Json> open;
  for (const Json& question : open_questions(home, 3)) open[question["session"]] = question;
  const auto approve = [&](const BuyingConversation& conversation) {
    const Json& question = open.at(conversation.session.id());
    TerminalProgram person(home, {"cartpilot", "approve", question["id"].get<std::string>()});
    person.type(person.wait_for_question(
        fmt::format("{:.2f}", question["total"]["minor"].get<double>() / 100)));
    EXPECT_EQ(person.finish(), 0) << person.screen();
  };
  approve(third);
  EXPECT_EQ(run(home, {"approve", "--deny", open.at(first.session.id())["id"].get<std::string>()})
                .exit_code,
            10);
  approve(second);
  for (BuyingConversation* conversation : {&first, &second, &third}) conversation->join();
  EXPECT_EQ(orders_of(shops[0]), 0U);
  EXPECT_EQ(orders_of(shops[1]), 1U);
  EXPECT_EQ(orders_of(shops[2]), 1U);
}

/// The other end of --approval-fd.
class Embedder {
 public:
  Embedder() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("socketpair");
    ours_ = ends[0];
    theirs = ends[1];
  }
  ~Embedder() {
    ::close(ours_);
    ::close(theirs);
  }
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;

  Json read_line() {
    for (;;) {
      const std::size_t end = received_.find('\n');
      if (end != std::string::npos) {
        const std::string line = received_.substr(0, end);
        received_.erase(0, end + 1);
        if (!line.empty()) return parse_json(line);
        continue;
      }
      char block[4096];
      const ssize_t got = ::recv(ours_, block, sizeof block, 0);
      if (got <= 0) throw std::runtime_error("the program closed its end");
      received_.append(block, static_cast<std::size_t>(got));
    }
  }
  void write_line(const std::string& text) {
    const std::string line = text + "\n";
    if (::send(ours_, line.data(), line.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send");
  }
  int theirs = -1;

 private:
  int ours_ = -1;
  std::string received_;
};

std::vector<std::string> embedded_words(LoopbackShop& shop, const Embedder& embedder) {
  return {"tools",     "handle",   "--provider",    "openai",
          "--api-url", shop.url(), "--approval-fd", std::to_string(embedder.theirs)};
}

TEST(Surfaces, an_embedding_program_shows_the_question_and_brings_the_answer) {
  LoopbackShop shop;
  const Home home;
  Embedder embedder;
  Program handle(home, embedded_words(shop, embedder));
  handle.write(buying_lines());
  const Json question = embedder.read_line();
  EXPECT_EQ(question["type"], "approval_request");
  EXPECT_EQ(question["detail"]["total"], 8638);
  EXPECT_EQ(question["detail"]["merchant_id"], "merchant-a");
  embedder.write_line(
      dump_json({{"id", question["id"]}, {"challenge", question["challenge"]}, {"approve", true}}));
  EXPECT_EQ(embedder.read_line()["outcome"], "approved");
  const Result result = handle.finish();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(orders_of(shop), 1U);
}

TEST(Surfaces, a_slow_embedding_program_is_waited_for) {
  LoopbackShop shop;
  const Home home;
  Embedder embedder;
  ASSERT_EQ(::fcntl(embedder.theirs, F_SETFL, O_NONBLOCK), 0);
  while (::write(embedder.theirs, "\n", 1) == 1) {  // until nothing more fits
  }
  Program handle(home, embedded_words(shop, embedder));
  handle.write(buying_lines());
  open_questions(home, 1);
  const Json question = embedder.read_line();
  embedder.write_line(
      dump_json({{"id", question["id"]}, {"challenge", question["challenge"]}, {"approve", true}}));
  EXPECT_EQ(embedder.read_line()["outcome"], "approved");
  EXPECT_EQ(handle.finish().exit_code, 0);
  EXPECT_EQ(orders_of(shop), 1U);
}

TEST(Surfaces, anything_but_a_yes_with_the_right_challenge_is_a_no) {
  for (const char* answer :
       {R"({"id":"ID","challenge":"aaaa","approve":true})", R"({"id":"ID","approve":true})",
        R"({"id":"ID","challenge":"CODE","approve":false})",
        R"({"id":"ID","challenge":"CODE","approve":true,"by":"me"})", "yes",
        R"({"id":"ID","id":"ID","challenge":"CODE","approve":true})"}) {
    LoopbackShop shop;
    const Home home;
    Embedder embedder;
    Program handle(home, embedded_words(shop, embedder));
    handle.write(buying_lines());
    const Json question = embedder.read_line();
    std::string line = answer;
    for (const auto& [mark, member] : {std::pair{"CODE", "challenge"}, std::pair{"ID", "id"}}) {
      for (std::size_t at; (at = line.find(mark)) != std::string::npos;) {
        line.replace(at, std::string(mark).size(), question[member].get<std::string>());
      }
    }
    embedder.write_line(line);
    EXPECT_EQ(embedder.read_line()["outcome"], "declined") << answer;
    EXPECT_EQ(handle.finish().exit_code, 10) << answer;
    EXPECT_EQ(orders_of(shop), 0U) << answer;
  }
}

TEST(Surfaces, a_descriptor_that_is_no_connected_socket_is_a_usage_error) {
  const Home home;
  const Result result =
      run(home, {"tools", "handle", "--provider", "openai", "--sandbox", "--approval-fd", "1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("no connected stream socket"));
}

}  // namespace
}  // namespace cartpilot::e2e
