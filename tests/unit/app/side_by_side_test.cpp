// Several conversations in one process, each on a thread of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <latch>
#include <thread>

#include "app/remote_approver.h"
#include "app_world.h"

namespace cartpilot::app {
namespace {

using purchase::LoopbackShop;
using purchase::TemporaryFolder;
using ::testing::ElementsAre;

/// `steps`, each of which waits until the other conversation has come as far.
Steps in_step(Steps steps, std::barrier<>& together) {
  for (auto& step : steps) {
    step = [step, &together](const GenerateRequest& request, EventSink& sink) {
      together.arrive_and_wait();
      step(request, sink);
    };
  }
  return steps;
}

/// Lines that every purchase of a person looks like, with its total.
auto purchase_of(const std::string& total) {
  return ElementsAre("request " + total, "decision approved by human", "purchase: bought");
}

TEST(SideBySide, two_conversations_buy_at_their_own_cartpilot_through_their_own_surface) {
  const TemporaryFolder state;
  LoopbackShop first_shop;
  LoopbackShop second_shop;
  Process process(state.path());
  std::barrier together(2);
  Talk first(process.services, chat_at(first_shop, "one"),
             scripted(in_step(buying_steps("headphones", "First."), together), "one"));
  Talk second(process.services, chat_at(second_shop, "two"),
              scripted(in_step(buying_steps("mug", "Second."), together), "two"));
  TurnReport of_first;
  std::thread other([&] { of_first = first.say("Headphones, please."); });
  const TurnReport of_second = second.say("A mug, please.");
  other.join();

  EXPECT_EQ(of_first.result.text, "First.");
  EXPECT_EQ(of_second.result.text, "Second.");
  EXPECT_THAT(first.purchases.lines, purchase_of("86.38 USD"));
  EXPECT_EQ(second.purchases.lines.size(), 3U);
  EXPECT_NE(second.purchases.lines[0], "request 86.38 USD");
  EXPECT_EQ(first.words.lines.back(), "text First.");
  EXPECT_EQ(second.words.lines.back(), "text Second.");
  EXPECT_EQ(first.person.questions.size(), 1U);
  EXPECT_EQ(second.person.questions.size(), 1U);
  for (LoopbackShop* shop : {&first_shop, &second_shop}) EXPECT_EQ(orders_of(*shop), 1U);
  EXPECT_EQ(first.session.model(), "one-1");
  EXPECT_EQ(second.session.model(), "two-1");

  const auto db = process.services.open_state();
  const purchase::PurchaseJournal journal(*db);
  EXPECT_EQ(journal.verify(), std::nullopt);
  std::map<std::string, std::string> origins;
  for (const purchase::Attempt& attempt : journal.list()) {
    EXPECT_EQ(attempt.state, purchase::AttemptState::kDone);
    origins[attempt.session] = attempt.api_origin;
  }
  EXPECT_EQ(origins,
            (std::map<std::string, std::string>{{first.session.id(), first_shop.url()},
                                                {second.session.id(), second_shop.url()}}));
}

TEST(SideBySide, cancelling_one_conversation_leaves_the_other_alone) {
  const TemporaryFolder state;
  LoopbackShop first_shop;
  LoopbackShop second_shop;
  Process process(state.path());
  std::latch both(2);
  Talk first(process.services, chat_at(first_shop, "patient"),
             std::make_unique<PatientModel>([&](EventSink&, const CallContext& context) {
               both.arrive_and_wait();
               while (!context.cancelled()) std::this_thread::yield();
               throw Error(ErrorCode::kCancelled, "cancelled");
             }));
  Steps steps = buying_steps("mug");
  steps[0] = [&, step = steps[0]](const GenerateRequest& request, EventSink& sink) {
    both.arrive_and_wait();
    first.cancellation.cancel();
    first.cancellation.cancel();
    step(request, sink);
  };
  Talk second(process.services, chat_at(second_shop), scripted(std::move(steps)));
  TurnReport of_first;
  std::thread other([&] { of_first = first.say("Think about it."); });
  const TurnReport of_second = second.say("A mug, please.");
  other.join();
  EXPECT_EQ(of_first.end, TurnEnd::kCancelled);
  EXPECT_EQ(of_second.end, TurnEnd::kAnswered);
  EXPECT_EQ(orders_of(first_shop), 0U);
  EXPECT_EQ(orders_of(second_shop), 1U);
}

/// Waits until `count` questions are open; by conversation.
std::map<std::string, purchase::ApprovalQuestion> open_questions(purchase::Questions& questions,
                                                                 std::size_t count) {
  std::map<std::string, purchase::ApprovalQuestion> open;
  while (open.size() < count) {
    for (purchase::ApprovalQuestion& question : questions.list_open()) {
      open[question.session] = std::move(question);
    }
    std::this_thread::yield();
  }
  return open;
}

TEST(SideBySide, an_answer_from_elsewhere_lands_where_its_receipt_was_shown) {
  const TemporaryFolder state;
  Process process(state.path());
  const std::vector<std::string> products = {"headphones", "mug", "earbuds"};
  std::array<LoopbackShop, 3> shops;
  std::array<TurnReport, 3> reports;
  std::array<std::string, 3> ids;
  std::latch opened(4);
  std::vector<std::thread> conversations;
  for (std::size_t i = 0; i < shops.size(); ++i) {
    conversations.emplace_back([&, i] {
      std::vector<std::string> announced;
      RemoteApprover approver(
          [&](const purchase::ApprovalQuestion& question) { announced.push_back(question.id); });
      purchase::EventLog purchases;
      chat::Notebook words;
      const Cancellation cancellation;
      ShoppingSession session(process.services, chat_at(shops[i]), {purchases, approver, &words},
                              CallContext(), scripted(buying_steps(products[i])));
      ids[i] = session.id();
      opened.arrive_and_wait();
      reports[i] = Turn(session, cancellation).say("Please buy it.");
      EXPECT_EQ(announced.size(), 1U);
    });
  }
  opened.arrive_and_wait();
  const auto db = process.services.open_state();
  purchase::Questions questions(*db);
  auto open = open_questions(questions, shops.size());
  const purchase::AnswerSource person{"approve", "you"};
  const auto yes_to = [&](const purchase::ApprovalQuestion& question) {
    const std::string total = commerce::format_money(*question.total) + " ";
    return questions.answer(question.id, question.challenge, total + question.challenge, person)
        .kind;
  };
  // In another order than they were asked, and one of them no.
  EXPECT_EQ(yes_to(open[ids[2]]), purchase::AnswerResult::Kind::kApproved);
  EXPECT_EQ(questions.decline(open[ids[0]].id, person, "").kind,
            purchase::AnswerResult::Kind::kDeclined);
  EXPECT_EQ(yes_to(open[ids[1]]), purchase::AnswerResult::Kind::kApproved);
  for (std::thread& thread : conversations) thread.join();
  EXPECT_EQ(orders_of(shops[0]), 0U);
  EXPECT_EQ(orders_of(shops[1]), 1U);
  EXPECT_EQ(orders_of(shops[2]), 1U);
  for (const TurnReport& report : reports) EXPECT_EQ(report.end, TurnEnd::kAnswered);
}

}  // namespace
}  // namespace cartpilot::app
