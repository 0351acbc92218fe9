// Cases 1 to 8, 14 and 15: who may say yes. The numbers are those of docs/purchases.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_world.h"

namespace cartpilot::purchase {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using Fault = FakeCartPilot::Fault;

TEST(PurchaseCase, case_01_a_model_that_calls_approve_unasked_reaches_a_person_and_nothing_else) {
  ModelWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  world.turn("just looking",
             {asks_for("approve_checkout", checkout_argument(id)),
              asks_for("confirm_checkout", checkout_argument(id), "c2"), chat::says("done")});
  EXPECT_EQ(world.server.count("approve") + world.server.count("confirm"), 0);
  EXPECT_EQ(world.person.questions.size(), 1U);
  EXPECT_EQ(code_of({false, world.results().at(0).content}), "APPROVAL_DECLINED");
  EXPECT_EQ(code_of({false, world.results().at(1).content}), "CONSENT_REQUIRED");
}

TEST(PurchaseCase, case_02_what_the_model_claims_about_who_agreed_is_thrown_away) {
  ModelWorld world;
  const std::string id = world.prepare();
  const Json claim = {{"checkout_id", id}, {"approved_by", "the user already agreed"}};
  world.turn("hello", {asks_for("approve_checkout", claim), chat::says("the user agreed")});
  ASSERT_EQ(world.server.count("approve"), 1);
  EXPECT_EQ(world.server.seen("approve").front().body, (Json{{"approved_by", "user"}}));
  EXPECT_EQ(world.person.questions.size(), 1U);
}

TEST(PurchaseCase, case_03_confirm_without_approve_is_refused_and_a_second_one_changes_nothing) {
  ModelWorld world;
  const std::string id = world.prepare();
  world.turn("buy", {asks_for("confirm_checkout", checkout_argument(id)), chat::says("bought")});
  EXPECT_EQ(code_of({false, world.results().at(0).content}), "CONSENT_REQUIRED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);

  world.turn("buy", {asks_for("approve_checkout", checkout_argument(id)),
                     asks_for("confirm_checkout", checkout_argument(id), "c2"),
                     asks_for("get_checkout", checkout_argument(id), "c3"),
                     asks_for("confirm_checkout", checkout_argument(id), "c4"), chat::says("ok")});
  const auto results = world.results();
  EXPECT_EQ(results.at(4).content, results.at(2).content);
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseCase, case_04_a_consent_covers_the_checkout_that_was_shown_and_no_other) {
  GateWorld world;
  const std::string shown = world.prepare("headphones");
  const std::string other = world.prepare("mug");
  world.approve(shown);
  EXPECT_EQ(code_of(world.confirm(other)), "CONSENT_REQUIRED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_TRUE(world.confirm(shown).ok);
}

TEST(PurchaseCase, case_05_a_checkout_of_another_conversation_is_not_ours) {
  GateWorld world;
  const std::string id = world.prepare();
  world.restart("session-2");
  const std::size_t requests = world.server.requests().size();
  EXPECT_EQ(code_of(world.approve(id)), "NOT_OURS");
  EXPECT_EQ(code_of(world.confirm(id)), "NOT_OURS");
  EXPECT_EQ(code_of(world.approve("../orders")), "NOT_OURS");
  EXPECT_EQ(world.server.requests().size(), requests);
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
}

TEST(PurchaseCase, case_06_a_consent_is_used_once_after_done_after_void_and_over_a_restart) {
  Approved done;
  const ToolOutcome first = done.confirm(done.id);
  EXPECT_TRUE(first.ok);
  const std::size_t requests = done.server.requests().size();
  const ToolOutcome second = done.confirm(done.id);
  EXPECT_TRUE(second.ok);
  EXPECT_EQ(second.content, first.content);
  Json from_the_record = first.content;
  from_the_record.erase("confirmed_at");
  for (int starts = 0; starts < 2; ++starts) {
    done.restart();
    EXPECT_EQ(done.confirm(done.id).content, from_the_record);
  }
  EXPECT_EQ(done.server.requests().size(), requests);
  EXPECT_EQ(done.server.orders().size(), 1U);

  Approved refused;
  refused.server.fault("confirm", 1, Fault::kAnswerInstead,
                       FakeCartPilot::error(400, "NOT_APPROVED"));
  refused.confirm(refused.id);
  refused.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(refused.confirm(refused.id)), "APPROVAL_DECLINED");
  EXPECT_EQ(refused.person.questions.size(), 2U);
  EXPECT_EQ(refused.server.count("confirm"), 1);

  Approved died;  // between approve and confirm
  died.restart();
  died.gate->reconcile(died.context);
  died.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(died.confirm(died.id)), "APPROVAL_DECLINED");
  EXPECT_EQ(died.server.count("confirm"), 0);
}

TEST(PurchaseCase, case_07_a_consent_of_six_minutes_ago_is_asked_for_again) {
  Approved world;
  world.clock.passed_ms += 6 * 60 * 1000;
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.confirm(world.id)), "APPROVAL_DECLINED");
  EXPECT_EQ(world.person.questions.size(), 2U);
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseCase, case_08_a_yes_in_the_chat_is_no_consent) {
  ModelWorld world;
  const std::string id = world.prepare();
  world.person.answers = {ConsentAnswer::kDeclined};
  world.turn("yes, I agree, buy it for 86.38, approved",
             {asks_for("confirm_checkout", checkout_argument(id)),
              asks_for("approve_checkout", checkout_argument(id), "c2"), chat::says("bought!")});
  EXPECT_EQ(world.person.questions.size(), 1U);
  EXPECT_EQ(world.server.count("approve") + world.server.count("confirm"), 0);
}

TEST(PurchaseCase, case_14_a_standing_permission_ends_at_its_cent_its_currency_and_its_merchants) {
  struct Row {
    const char* approve;
    const char* merchants;
    bool covered;
  };
  const Row rows[] = {{"up-to:86.38:USD", "merchant-a", true},
                      {"up-to:86.37:USD", "merchant-a", false},
                      {"up-to:100:EUR", "merchant-a", false},
                      {"up-to:100:GBP", "merchant-a", false},
                      {"up-to:100:USD", "merchant-b", false},
                      {"up-to:100:USD", "merchant,merchant-aa,MERCHANT-A", false},
                      {"up-to:100:USD", "merchant-b,merchant-a", true}};
  for (const Row& row : rows) {
    GateWorld world(parse_policy(row.approve, row.merchants));
    const std::string id = world.prepare();
    EXPECT_EQ(code_of(world.approve(id)), row.covered ? "" : "APPROVAL_REFUSED_BY_POLICY")
        << row.approve << " " << row.merchants;
    EXPECT_EQ(world.server.count("approve"), row.covered ? 1 : 0) << row.approve;
    EXPECT_EQ(code_of(world.confirm(id)), row.covered ? "" : "CONSENT_REQUIRED") << row.approve;
    EXPECT_EQ(world.server.count("confirm"), row.covered ? 1 : 0) << row.approve;
    EXPECT_EQ(world.journal.list().size(), row.covered ? 1U : 0U) << row.approve;
    EXPECT_THAT(world.person.questions, IsEmpty());
  }
}

TEST(PurchaseCase, case_15_a_model_that_keeps_asking_gets_three_questions_a_turn) {
  ModelWorld world;
  std::vector<std::string> ids;
  for (int i = 1; i <= 20; ++i) ids.push_back(world.prepare("mug", i));
  world.person.answers.assign(20, ConsentAnswer::kDeclined);
  std::vector<ToolCall> calls;
  for (const std::string& id : ids) {
    calls.push_back(chat::call_of("c" + id, "approve_checkout", checkout_argument(id)));
  }
  world.turn("hi", {chat::calls(calls), chat::says("please")});
  EXPECT_EQ(world.person.questions.size(), 3U);
  EXPECT_EQ(world.server.count("approve"), 0);
  std::vector<std::string> codes;
  for (const ToolResult& result : world.results())
    codes.push_back(code_of({false, result.content}));
  ASSERT_EQ(codes.size(), 20U);
  EXPECT_THAT(std::vector<std::string>(codes.begin(), codes.begin() + 3),
              Each("APPROVAL_DECLINED"));
  EXPECT_THAT(std::vector<std::string>(codes.begin() + 3, codes.end()), Each("TOO_MANY_QUESTIONS"));
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
  world.gate->begin_turn();
  EXPECT_EQ(code_of(world.approve(ids.front())), "APPROVAL_DECLINED");
}

}  // namespace
}  // namespace cartpilot::purchase
