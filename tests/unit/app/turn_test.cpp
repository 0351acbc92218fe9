#include "app/turn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_world.h"

namespace cartpilot::app {
namespace {

using purchase::LoopbackShop;
using purchase::TemporaryFolder;
using ::testing::HasSubstr;

struct TurnWorld : ::testing::Test {
  TurnReport report_of(Steps steps, const std::function<void(SessionSettings&)>& change = {}) {
    SessionSettings settings = chat_at(shop);
    if (change) change(settings);
    talk =
        std::make_unique<Talk>(process.services, std::move(settings), scripted(std::move(steps)));
    return talk->say("Please.");
  }

  const TemporaryFolder state;
  LoopbackShop shop;
  Process process{state.path()};
  std::unique_ptr<Talk> talk;
};

using TurnTest = TurnWorld;

TEST_F(TurnTest, buys_what_the_person_says_yes_to) {
  const TurnReport report = report_of(buying_steps("headphones"));
  EXPECT_EQ(report.end, TurnEnd::kAnswered);
  EXPECT_EQ(report.result.text, "Enjoy!");
  EXPECT_EQ(orders_of(shop), 1U);
  EXPECT_EQ(talk->person.questions.size(), 1U);
  EXPECT_TRUE(talk->session.purchase_in_last_turn());
}

TEST_F(TurnTest, tells_a_failed_model_from_a_failed_cartpilot) {
  const TurnReport model = report_of({fails(Error(ErrorCode::kInvalidArgument, "no such model"))});
  EXPECT_EQ(model.end, TurnEnd::kModelFailed);
  EXPECT_EQ(model.error->code, ErrorCode::kInvalidArgument);
  talk.reset();
  shop.with_fake([](purchase::FakeCartPilot& fake) {
    fake.fault("create", 0, purchase::FakeCartPilot::Fault::kAnswerInstead,
               purchase::FakeCartPilot::error(500, "INTERNAL_ERROR"));
  });
  const TurnReport cartpilot =
      report_of({calls({buying_calls("headphones")[0]}), says("That failed.")});
  EXPECT_EQ(cartpilot.end, TurnEnd::kCartPilotFailed);
  EXPECT_THAT(cartpilot.error->what(), HasSubstr("CartPilot: "));
  EXPECT_EQ(cartpilot.result.text, "That failed.");
}

TEST_F(TurnTest, ends_a_model_that_goes_on_for_too_long) {
  const TurnReport report =
      report_of({calls({buying_calls("headphones")[0]}), says("never asked")},
                [](SessionSettings& settings) { settings.model->max_rounds = 1; });
  EXPECT_EQ(report.end, TurnEnd::kLimit);
}

TEST_F(TurnTest, says_when_the_conversation_could_not_be_kept) {
  talk = std::make_unique<Talk>(process.services, chat_at(shop), scripted({says("Hello.")}));
  process.services.open_state()->run("DROP TABLE messages");
  const TurnReport report = talk->say("Hi");
  EXPECT_EQ(report.end, TurnEnd::kNotStored);
  EXPECT_EQ(report.result.finish, "error");
  EXPECT_EQ(report.error->code, ErrorCode::kUnavailable);
}

TEST_F(TurnTest, is_the_only_one_of_its_session) {
  std::string reason;
  report_of({[&](const GenerateRequest& request, EventSink& sink) {
               try {
                 const Cancellation other;
                 const Turn second(talk->session, other);
               } catch (const Error& error) {
                 reason = error.reason;
               }
               says("Hello.")(request, sink);
             },
             says("And again.")});
  EXPECT_EQ(reason, "turn_running");
  EXPECT_EQ(talk->say("Once more.").result.text, "And again.");
}

TEST_F(TurnTest, that_is_cancelled_leaves_the_session_for_the_next_one) {
  talk = std::make_unique<Talk>(process.services, chat_at(shop),
                                scripted({[&](const GenerateRequest&, EventSink& sink) {
                                            sink.on_event(TextDelta{"I was about to"});
                                            talk->cancellation.cancel();
                                            throw Error(ErrorCode::kCancelled, "cancelled");
                                          },
                                          says("Here I am.")}));
  EXPECT_EQ(talk->say("Hi").end, TurnEnd::kCancelled);
  const Cancellation fresh;
  const TurnReport next = Turn(talk->session, fresh).say("Are you there?");
  EXPECT_EQ(next.end, TurnEnd::kAnswered);
  EXPECT_EQ(next.result.text, "Here I am.");
}

TEST(Cancellation, is_asked_for_once_or_insisted_on_and_can_be_used_again) {
  Cancellation cancellation;
  EXPECT_FALSE(cancellation.cancelled());
  EXPECT_FALSE(cancellation.cancel());
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_FALSE(cancellation.cancelled_twice());
  EXPECT_TRUE(cancellation.cancel());
  EXPECT_TRUE(cancellation.cancelled_twice());
  cancellation.reset();
  EXPECT_FALSE(cancellation.cancelled());
}

}  // namespace
}  // namespace cartpilot::app
