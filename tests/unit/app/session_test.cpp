#include "app/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_world.h"

namespace cartpilot::app {
namespace {

using purchase::LoopbackShop;
using purchase::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = SessionChoice::Kind;

/// The code and the reason of the Error that opening ends with.
std::pair<ErrorCode, std::string> refusal(AppServices& services, SessionSettings settings) {
  try {
    const Talk talk(services, std::move(settings), scripted({}));
  } catch (const Error& error) {
    return {error.code, error.reason};
  }
  return {ErrorCode::kOk, ""};
}

TEST(ShoppingSession, goes_on_with_a_conversation_where_another_process_left_it) {
  const TemporaryFolder state;
  LoopbackShop shop;
  std::string id;
  {
    Process first(state.path());
    Talk talk(first.services, chat_at(shop), scripted({says("Hello.")}));
    EXPECT_FALSE(talk.session.continued());
    EXPECT_EQ(talk.say("Hi").result.text, "Hello.");
    id = talk.session.id();
  }
  Process second(state.path());
  for (const SessionChoice& choice :
       {SessionChoice{Kind::kNewest, ""}, SessionChoice{Kind::kEarlier, id},
        SessionChoice{Kind::kNamed, id}}) {
    SessionSettings settings = chat_at(shop, "");
    settings.choice = choice;
    const Talk talk(second.services, std::move(settings), scripted({}));
    EXPECT_TRUE(talk.session.continued());
    EXPECT_EQ(talk.session.id(), id);
    EXPECT_EQ(talk.session.provider_name(), "scripted");
    ASSERT_EQ(talk.session.history().size(), 2U);
    EXPECT_EQ(text_of(talk.session.history()[1]), "Hello.");
  }
}

TEST(ShoppingSession, refuses_what_it_cannot_open_and_says_why) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  SessionSettings settings = chat_at(shop);
  settings.choice = {Kind::kNewest, ""};
  EXPECT_EQ(refusal(process.services, settings),
            std::pair(ErrorCode::kInvalidArgument, std::string()));
  settings.choice = {Kind::kEarlier, "s1"};
  EXPECT_EQ(refusal(process.services, settings),
            std::pair(ErrorCode::kInvalidArgument, std::string("no_session")));
  settings.choice = {Kind::kNamed, "s1"};
  settings.model->provider = "";
  EXPECT_EQ(refusal(process.services, settings),
            std::pair(ErrorCode::kNotFound, std::string("no_provider")));
  settings.model->provider = "scripted";
  settings.cartpilot = [] {
    commerce::ClientOptions options;
    options.base_url = "http://shop.example";  // no TLS
    return options;
  };
  EXPECT_EQ(refusal(process.services, settings).first, ErrorCode::kInvalidArgument);
  // What was refused holds nothing.
  SessionSettings good = chat_at(shop);
  good.choice = {Kind::kNamed, "s1"};
  EXPECT_EQ(refusal(process.services, good).first, ErrorCode::kOk);
}

TEST(ShoppingSession, is_open_once_also_inside_one_process) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  SessionSettings settings = chat_at(shop);
  settings.choice = {Kind::kNamed, "s1"};
  {
    const Talk talk(process.services, settings, scripted({}));
    EXPECT_EQ(refusal(process.services, settings),
              std::pair(ErrorCode::kUnavailable, std::string("session_open")));
  }
  EXPECT_EQ(refusal(process.services, settings).first, ErrorCode::kOk);
}

TEST(ShoppingSession, goes_on_at_the_cartpilot_where_it_began_or_not_at_all) {
  const TemporaryFolder state;
  LoopbackShop shop;
  LoopbackShop other;
  Process process(state.path());
  SessionSettings settings = chat_at(shop);
  settings.choice = {Kind::kNamed, "real"};
  EXPECT_EQ(refusal(process.services, settings).first, ErrorCode::kOk);
  settings.cartpilot = settings_at(other).cartpilot;
  EXPECT_EQ(refusal(process.services, settings),
            std::pair(ErrorCode::kInvalidArgument, std::string("other_cartpilot")));

  const auto sandbox = [&](const std::string& id) {
    return [options = settings_at(shop).cartpilot(), id]() mutable {
      options.sandbox_id = id;
      return options;
    };
  };
  settings.choice = {Kind::kNamed, "play"};
  settings.cartpilot = sandbox("s-1");
  EXPECT_EQ(refusal(process.services, settings).first, ErrorCode::kOk);
  settings.cartpilot = settings_at(other).cartpilot;
  EXPECT_EQ(refusal(process.services, settings).second, "other_cartpilot");
  settings.own_sandbox = sandbox("s-2");
  EXPECT_EQ(refusal(process.services, settings).second, "other_cartpilot");
  settings.own_sandbox = sandbox("s-1");
  const Talk back(process.services, settings, scripted({}));
  EXPECT_EQ(back.session.cartpilot(), commerce::CartPilotIdentity::sandbox("s-1"));
}

TEST(ShoppingSession, recognises_a_sandbox_on_this_machine_and_takes_silence_for_a_real_one) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  const auto cartpilot = [&](SessionSettings settings) {
    const Talk talk(process.services, std::move(settings), scripted({}));
    return talk.session.cartpilot().shown();
  };
  EXPECT_THAT(cartpilot(chat_at(shop)), HasSubstr("http://localhost:"));
  shop.with_fake([](purchase::FakeCartPilot& fake) { fake.sandbox = "s-1"; });
  EXPECT_EQ(cartpilot(chat_at(shop)), "sandbox");
  SessionSettings nobody = chat_at(shop);
  nobody.cartpilot = [options = nobody.cartpilot()]() mutable {
    options.base_url = "http://127.0.0.1:1";
    return options;
  };
  EXPECT_EQ(cartpilot(std::move(nobody)), "http://localhost:1");
}

TEST(ShoppingSession, belongs_to_a_cartpilot_once_it_may_do_more_than_look) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  SessionSettings settings = settings_at(shop);
  settings.choice = {Kind::kNamed, "s1"};
  purchase::EventLog purchases;
  purchase::ScriptedPerson person;
  const Cancellation cancellation;
  const auto db = process.services.open_state();
  const store::SessionStore sessions(*db);
  ShoppingSession session(process.services, settings, {purchases, person});
  Turn(session, cancellation).run({chat::call_of("c1", "list_orders")});
  EXPECT_EQ(sessions.find("s1"), std::nullopt);
  Turn(session, cancellation).run({buying_calls("mug")[0]});
  ASSERT_TRUE(sessions.find("s1").has_value());
  EXPECT_EQ(sessions.find("s1")->cartpilot, session.cartpilot().text());
}

TEST(ShoppingSession, tells_the_model_what_the_program_and_the_front_end_want) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  std::string system;
  SessionSettings settings = chat_at(shop);
  settings.model->instructions = "Speak like a pirate.";
  Talk talk(process.services, std::move(settings),
            scripted({[&](const GenerateRequest& request, EventSink& sink) {
              system = request.system;
              says("Arr.")(request, sink);
            }}));
  EXPECT_EQ(talk.say("Hi").end, TurnEnd::kAnswered);
  EXPECT_THAT(system, ::testing::StartsWith("You help a person shop through CartPilot"));
  EXPECT_THAT(system, ::testing::EndsWith("\n\nSpeak like a pirate."));
}

TEST(ShoppingSession, carries_out_calls_of_a_program_that_has_its_model_elsewhere) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  purchase::EventLog purchases;
  purchase::ScriptedPerson person;
  ShoppingSession session(process.services, settings_at(shop), {purchases, person}, CallContext());
  EXPECT_EQ(session.tools().size(), 11U);
  const Cancellation cancellation;
  Turn turn(session, cancellation);
  turn.reconcile();
  const std::vector<ToolResult> results = turn.run(buying_calls("headphones"));
  ASSERT_EQ(results.size(), 5U);
  for (const ToolResult& result : results) EXPECT_FALSE(result.is_error) << result.content;
  EXPECT_EQ(orders_of(shop), 1U);
  ASSERT_TRUE(session.last_purchase());
  EXPECT_EQ(session.last_purchase()->outcome, purchase::PurchaseOutcome::kDone);
  EXPECT_TRUE(session.purchase_in_last_turn());
  EXPECT_EQ(person.questions.size(), 1U);
}

TEST(ShoppingSession, begins_another_record_only_when_the_present_one_was_altered) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  SessionSettings settings = settings_at(shop);
  settings.new_record = true;
  purchase::EventLog purchases;
  purchase::ScriptedPerson person;
  const Cancellation cancellation;
  {
    ShoppingSession session(process.services, settings_at(shop), {purchases, person},
                            CallContext());
    Turn(session, cancellation).run(buying_calls("headphones"));
  }
  { const ShoppingSession whole(process.services, settings, {purchases, person}, CallContext()); }
  const auto db = process.services.open_state();
  db->run("UPDATE purchase_events SET note = 'altered' WHERE seq = 1");
  { const ShoppingSession altered(process.services, settings, {purchases, person}, CallContext()); }
  EXPECT_THAT(process.notices,
              ElementsAre("the record of purchases is intact, so no new one was started",
                          HasSubstr("a new record of purchases was started; the old one is kept")));
  EXPECT_EQ(purchase::PurchaseJournal(*db).verify(), std::nullopt);
}

TEST(ShoppingSession, that_is_refused_has_not_accepted_an_altered_record) {
  const TemporaryFolder state;
  LoopbackShop shop;
  LoopbackShop other;
  Process process(state.path());
  SessionSettings settings = settings_at(shop);
  settings.choice = {Kind::kNamed, "s1"};
  purchase::EventLog purchases;
  purchase::ScriptedPerson person;
  const Cancellation cancellation;
  {
    ShoppingSession session(process.services, settings, {purchases, person});
    Turn(session, cancellation).run(buying_calls("headphones"));
  }
  const auto db = process.services.open_state();
  db->run("UPDATE purchase_events SET note = 'altered' WHERE seq = 1");
  settings.cartpilot = settings_at(other).cartpilot;
  settings.new_record = true;
  EXPECT_THROW(ShoppingSession(process.services, settings, {purchases, person}), Error);
  EXPECT_NE(purchase::PurchaseJournal(*db).verify(), std::nullopt);
}

}  // namespace
}  // namespace cartpilot::app
