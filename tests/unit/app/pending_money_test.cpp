// Money functions of plugins where nobody waits for the answer, and looks beside a turn.
#include <gmock/gmock.h>

#include "app/plugin_tools.h"
#include "app_world.h"
#include "fakes/store/test_state.h"

namespace cartpilot::app {
namespace {

using purchase::ApprovalQuestion;
using purchase::Questions;

constexpr std::int64_t kMinuteMs = 60'000;

class AsksAndGoes final : public purchase::Approver {
 public:
  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  bool waits() const override { return false; }
  void ask(const ApprovalQuestion&, Questions&, const CallContext&) override { ++asked; }
  int asked = 0;
};

class Payer final : public ToolSet {
 public:
  std::vector<ToolSpec> list() const override {
    return {{"pay", "Pays.", Json{{"type", "object"}}, EffectClass::kMoney}};
  }
  ToolOutcome call(const std::string&, const Json& arguments, const CallContext&) override {
    paid.push_back(arguments);
    return {true, arguments};
  }
  std::vector<Json> paid;
};

struct NoGate final : chat::CallGuard {
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override {
    return tool_error("GATE", "the gate");
  }
  void begin_turn() override {}
};

struct MoneyWorld {
  MoneyWorld() { guard.admit("pay", "payer", payer); }
  ToolOutcome pay(const std::string& whom) {
    return guard.run_money(chat::call_of("c", "pay", {{"whom", whom}}), context);
  }
  void answer(bool yes) {
    const auto open = questions.list_open();
    ASSERT_EQ(open.size(), 1U);
    questions.answer(open[0].id, open[0].challenge, yes ? open[0].challenge : "no",
                     {"approve", "you"});
  }
  std::int64_t now = 1'000'000;
  store::StateDb db{store::open_test_state()};
  Questions questions{db, [this] { return now; }};
  AsksAndGoes approver;
  NoGate gate;
  Payer payer;
  CallContext context;
  purchase::PurchasePolicy policy = purchase::parse_policy("ask", "");
  PluginMoneyGuard guard{gate, questions, approver, "s", policy};
};

std::string code(const ToolOutcome& outcome) { return string_or(outcome.content, "error_code"); }

TEST(PendingMoney, the_same_call_is_carried_out_once_after_the_yes) {
  MoneyWorld world;
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_PENDING");
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_PENDING");
  EXPECT_EQ(world.approver.asked, 1);
  world.answer(true);
  EXPECT_TRUE(world.pay("a").ok);
  EXPECT_EQ(world.payer.paid.size(), 1U);
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_PENDING");
  EXPECT_EQ(world.payer.paid.size(), 1U);
}

TEST(PendingMoney, a_yes_is_for_the_arguments_that_were_shown) {
  MoneyWorld world;
  world.pay("a");
  world.answer(true);
  EXPECT_EQ(code(world.pay("b")), "APPROVAL_PENDING");
  EXPECT_TRUE(world.payer.paid.empty());
}

TEST(PendingMoney, a_yes_lapses_after_five_minutes) {
  MoneyWorld world;
  world.pay("a");
  world.answer(true);
  world.now += 5 * kMinuteMs;
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_DECLINED");
  EXPECT_TRUE(world.payer.paid.empty());
}

TEST(PendingMoney, a_no_is_final_for_ten_minutes) {
  MoneyWorld world;
  world.pay("a");
  world.answer(false);
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_DECLINED");
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_DECLINED");
  EXPECT_EQ(world.approver.asked, 1);
  world.now += 10 * kMinuteMs;
  EXPECT_EQ(code(world.pay("a")), "APPROVAL_PENDING");
}

TEST(PendingMoney, three_questions_in_ten_minutes) {
  MoneyWorld world;
  for (const char* whom : {"a", "b", "c"}) EXPECT_EQ(code(world.pay(whom)), "APPROVAL_PENDING");
  EXPECT_EQ(code(world.pay("d")), "TOO_MANY_QUESTIONS");
}

TEST(PendingMoney, is_not_asked_about_in_a_dry_run) {
  MoneyWorld world;
  world.policy.dry_run = true;
  EXPECT_EQ(code(world.pay("a")), "DRY_RUN");
  EXPECT_EQ(world.approver.asked, 0);
  EXPECT_TRUE(world.payer.paid.empty());
}

TEST(PendingMoney, other_money_goes_to_the_gate) {
  MoneyWorld world;
  EXPECT_EQ(code(world.guard.run_money(chat::call_of("c", "confirm_checkout", Json::object()),
                                       world.context)),
            "GATE");
}

TEST(Look, runs_only_what_looks) {
  purchase::LoopbackShop shop;
  const purchase::TemporaryFolder folder;
  Process process(folder.path());
  purchase::EventLog purchases;
  purchase::ScriptedPerson person;
  ShoppingSession session(process.services, settings_at(shop), {purchases, person});
  const Cancellation never;
  Turn turn(session, never);  // a look needs none of its own
  EXPECT_FALSE(session.look(chat::call_of("c", "list_orders", Json::object()), never).is_error);
  for (const char* name : {"create_checkout", "approve_checkout", "confirm_checkout"}) {
    const ToolResult result = session.look(chat::call_of("c", name, Json::object()), never);
    EXPECT_EQ(string_or(result.content, "error_code"), "NOT_A_LOOK") << name;
  }
}

}  // namespace
}  // namespace cartpilot::app
