// Rules of a person at the gate: who is asked, what is recorded, and that nothing else is loosened.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "cartpilot/error.h"
#include "cli/purchase_rules.h"
#include "fakes/store/test_state.h"
#include "gate_world.h"
#include "purchase/keys.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using enum AttemptState;

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

const std::string kAllow =
    "name='small', action='allow', up_to='100.00:USD', merchants=['merchant-a'], per_day=3";
const std::string kDeny = "name='none', action='deny', merchants=['merchant-a']";
const std::string kAsk = "name='guard', action='ask', above='50.00:USD'";

PurchasePolicy with_rules(const std::vector<std::string>& rules, const std::string& mode = "ask",
                          bool deny_only = false) {
  PurchasePolicy policy = mode.starts_with("up-to") ? parse_policy(mode, "merchant-a,merchant-b")
                                                    : parse_policy(mode, "");
  if (rules.empty()) return policy;
  const std::string text =
      fmt::format("purchases.rules = [{{ {} }}]\n", fmt::join(rules, " }, { "));
  policy.rules = {host::parse_rules(text, "config.toml"), "config.toml", deny_only};
  return policy;
}

/// The code of the first call that is refused, "" when it was bought.
std::string buy(GateWorld& world, const std::string& product = "headphones", int quantity = 1,
                const std::string& offer = "offer-a") {
  world.gate->begin_turn();
  const std::string id = world.prepare(product, quantity, offer);
  world.server.checkout(id)["expires_at"] = "2026-12-24T00:49:28.023294Z";
  const ToolOutcome approved = world.approve(id);
  return approved.ok ? code_of(world.confirm(id)) : code_of(approved);
}

TEST(RulesAtTheGate, allow_without_a_question_and_stand_in_the_record) {
  GateWorld world(with_rules({kAllow}));
  EXPECT_EQ(buy(world), "");
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_EQ(world.server.orders().size(), 1U);
  const Attempt attempt = world.journal.list().front();
  EXPECT_EQ(attempt.by, "policy: rule small (allow up to 100.00 USD at merchant-a, 3 in 24 hours)");
  EXPECT_EQ(attempt.channel, "policy");
  EXPECT_EQ(string_or(world.server.seen("approve").front().body, "approved_by"), "policy");
  EXPECT_THAT(world.events.lines,
              ElementsAre("request 86.38 USD", "decision approved by policy", "purchase: bought"));
  EXPECT_EQ(world.journal.verify(), std::nullopt);
}

TEST(RulesAtTheGate, deny_whoever_would_say_yes) {
  const PurchasePolicy policies[] = {with_rules({kAllow, kDeny}), with_rules({kDeny}, "ask", true),
                                     with_rules({kDeny}, "up-to:500:USD", true),
                                     with_rules({kDeny}, "never")};
  for (const PurchasePolicy& policy : policies) {
    GateWorld world(policy);
    EXPECT_EQ(buy(world), "APPROVAL_REFUSED_BY_POLICY") << policy.permission_text;
    EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
    EXPECT_EQ(world.gate->last_report()->message,
              "rule none (deny at merchant-a) in config.toml forbids it");
    EXPECT_THAT(world.person.questions, IsEmpty());
    EXPECT_EQ(world.server.count("approve"), 0);
    EXPECT_THAT(world.journal.list(), IsEmpty());
  }
}

TEST(RulesAtTheGate, give_way_to_what_a_flag_says_except_where_they_deny) {
  GateWorld asked(with_rules({kAllow}, "ask", true));
  EXPECT_EQ(buy(asked), "");
  EXPECT_THAT(asked.person.questions, SizeIs(1));
  EXPECT_EQ(asked.journal.list().front().by, "human");

  GateWorld never(with_rules({kAllow}, "never", true));
  EXPECT_EQ(buy(never), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(never.server.orders(), IsEmpty());

  GateWorld standing(with_rules({kAsk}, "up-to:500:USD", true));
  EXPECT_EQ(buy(standing), "");
  EXPECT_THAT(standing.person.questions, IsEmpty());
  EXPECT_THAT(standing.journal.list().front().by, HasSubstr("--approve up-to:500:USD"));
}

TEST(RulesAtTheGate, allow_where_nobody_can_be_asked_and_nothing_else_does) {
  GateWorld world(with_rules({kAllow}, "never"));
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world, "headphones", 1, "offer-b"), "APPROVAL_REFUSED_BY_POLICY");  // merchant-b
  EXPECT_EQ(buy(world, "headphones", 2), "APPROVAL_REFUSED_BY_POLICY");             // 172.77 USD
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_THAT(world.person.questions, IsEmpty());

  GateWorld guarded(with_rules({kAsk, kAllow}, "never"));
  EXPECT_EQ(buy(guarded), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_THAT(guarded.gate->last_report()->message,
              HasSubstr("rule guard (ask above 50.00 USD) wants a question"));
  EXPECT_EQ(buy(guarded, "mug"), "");
}

TEST(RulesAtTheGate, that_ask_are_named_in_the_question_and_the_record) {
  GateWorld world(with_rules({kAsk, kAllow}));
  EXPECT_EQ(buy(world), "");
  ASSERT_THAT(world.person.questions, SizeIs(1));
  EXPECT_THAT(world.person.questions.front().note,
              HasSubstr("decided by rule guard (ask above 50.00 USD)"));
  EXPECT_EQ(world.journal.list().front().by, "human (rule guard)");
  EXPECT_EQ(string_or(world.server.seen("approve").front().body, "approved_by"), "user");
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(buy(world, "headphones", 2), "APPROVAL_DECLINED");
}

TEST(RulesAtTheGate, that_do_not_match_change_nothing) {
  GateWorld world(with_rules({kAllow}));
  EXPECT_EQ(buy(world, "headphones", 2), "");
  ASSERT_THAT(world.person.questions, SizeIs(1));
  EXPECT_THAT(world.person.questions.front().note, Not(HasSubstr("rule")));
  EXPECT_EQ(world.journal.list().front().by, "human");
}

TEST(RulesAtTheGate, allow_so_many_in_24_hours_and_then_ask) {
  GateWorld world(with_rules({kAllow}));
  for (const char* product : {"mug", "earbuds", "headphones"}) EXPECT_EQ(buy(world, product), "");
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_EQ(buy(world, "mug", 2), "");
  EXPECT_THAT(world.person.questions, SizeIs(1));
  EXPECT_EQ(world.journal.list().front().by, "human");
  EXPECT_EQ(world.journal.rule_uses("small"), 3);
  EXPECT_EQ(world.journal.rule_uses("smal"), 0);  // names are whole

  world.policy.mode = ApprovalMode::kNever;
  world.restart("session-2");
  EXPECT_EQ(buy(world, "mug", 3), "APPROVAL_REFUSED_BY_POLICY");
  world.clock.passed_ms += kDayMs;
  EXPECT_EQ(world.journal.rule_uses("small"), 0);
  EXPECT_EQ(buy(world, "mug", 3), "");
}

TEST(RulesAtTheGate, count_purchases_whose_outcome_is_not_known_and_none_that_failed) {
  GateWorld world(with_rules({kAllow}));
  world.server.fault("confirm", 1, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "QUOTE_REQUIRED"));
  EXPECT_EQ(buy(world, "mug"), "QUOTE_REQUIRED");
  EXPECT_EQ(world.journal.rule_uses("small"), 0);
  world.server.fault("confirm", 2, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(500, "INTERNAL"));
  world.server.before("confirm", 2, [&] { world.server.lose_memory(); });
  EXPECT_EQ(buy(world, "earbuds"), "unknown");
  EXPECT_EQ(world.journal.rule_uses("small"), 1);
}

TEST(RulesAtTheGate, are_counted_again_under_the_lock_that_records_the_send) {
  PurchasePolicy policy = with_rules(
      {"name='one', action='allow', up_to='100:USD', merchants=['merchant-a'], per_day=1"});
  GateWorld world(policy);
  const std::string first = world.prepare("mug");
  const std::string second = world.prepare("earbuds");
  EXPECT_TRUE(world.approve(first).ok);
  EXPECT_TRUE(world.approve(second).ok);  // nothing is bought yet
  EXPECT_TRUE(world.confirm(first).ok);
  EXPECT_EQ(code_of(world.confirm(second)), "RULE_USED_UP");
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
  EXPECT_THAT(world.gate->last_report()->message,
              HasSubstr("rule one allowed 1 of 1 purchases in 24 hours"));
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.states().back(), kVoid);
  EXPECT_TRUE(world.approve(second).ok);
  EXPECT_THAT(world.person.questions, SizeIs(1));
  EXPECT_TRUE(world.confirm(second).ok);
}

TEST(RulesAtTheGate, are_not_used_more_often_by_a_hundred_purchases_at_once) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  {
    store::StateDb db(store::open_test_state(state));
    PurchaseJournal journal(db);
  }
  std::atomic<int> sent{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> programs;
  for (int program = 0; program < 10; ++program) {
    programs.emplace_back([&, program] {
      store::StateDb db(store::open_test_state(state));
      PurchaseJournal journal(db);
      for (int i = 0; i < 10; ++i) {
        Attempt attempt;
        attempt.id = fmt::format("{}-{}", program, i);
        attempt.checkout_id = attempt.basket = attempt.digest = attempt.id;
        attempt.total = {100, "USD"};
        attempt.by = rule_record_prefix("five") + "allow)";
        journal.open(attempt);
        journal.advance(attempt.id, kApproved);
        try {
          journal.begin_send(attempt.id, {}, 0, {std::nullopt, true, nullptr, "five", 5});
          ++sent;
        } catch (const Error& error) {
          EXPECT_EQ(error.reason, "rule");
          ++refused;
        }
      }
    });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_EQ(sent, 5);
  EXPECT_EQ(refused, 95);
}

TEST(RulesAtTheGate, are_counted_for_each_cartpilot_by_itself) {
  GateWorld world(with_rules({kAllow}));
  Attempt other;
  other.id = "other";
  other.checkout_id = other.basket = "elsewhere";
  other.total = {100, "USD"};
  other.by = rule_record_prefix("small") + "allow)";
  other.cartpilot = commerce::CartPilotIdentity::from_text("sandbox:1234").text();
  world.journal.open(other);
  world.journal.advance("other", kApproved);
  world.journal.begin_send("other");
  EXPECT_EQ(world.journal.rule_uses("small", other.cartpilot), 1);
  EXPECT_EQ(world.journal.rule_uses("small", world.gate->cartpilot().text()), 0);
}

TEST(RulesAtTheGate, allow_no_repetition_without_a_person) {
  GateWorld world(with_rules({kAllow}));
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world), "");
  EXPECT_THAT(world.person.questions, SizeIs(2));  // a repetition is asked about twice
  EXPECT_THAT(world.person.questions.back().note,
              AllOf(HasSubstr("the same basket was bought"), HasSubstr("rule small")));
  EXPECT_EQ(world.journal.list().front().by, "human (rule small)");
  EXPECT_EQ(world.journal.rule_uses("small"), 1);

  GateWorld alone(with_rules({kAllow}, "never"));
  EXPECT_EQ(buy(alone), "");
  EXPECT_EQ(buy(alone), "REPEATED_BASKET");
  EXPECT_THAT(alone.gate->last_report()->message,
              HasSubstr("rule small allows a basket once in 24 hours"));
  EXPECT_EQ(alone.server.orders().size(), 1U);
}

TEST(RulesAtTheGate, allow_no_repetition_under_the_lock_either) {
  GateWorld world(with_rules({kAllow}));
  const std::string first = world.prepare();
  world.gate->begin_turn();  // or create_checkout would answer the same checkout
  const std::string second = world.prepare();
  EXPECT_TRUE(world.approve(first).ok);
  EXPECT_TRUE(world.approve(second).ok);
  EXPECT_TRUE(world.confirm(first).ok);
  EXPECT_EQ(code_of(world.confirm(second)), "REPEATED_BASKET");
  EXPECT_THAT(world.gate->last_report()->message,
              HasSubstr("rule small allows a basket once in 24 hours; call approve_checkout"));
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.states().back(), kVoid);
}

TEST(RulesAtTheGate, loosen_no_limit) {
  PurchasePolicy policy = with_rules({kAllow});
  policy.limits = parse_limits("50:USD", "", "");
  GateWorld world(policy);
  EXPECT_EQ(buy(world), "OVER_LIMIT");
  EXPECT_EQ(buy(world, "mug"), "");
  EXPECT_THAT(world.person.questions, IsEmpty());

  PurchasePolicy daily = with_rules({kAllow});
  daily.limits = parse_limits("", "", "100:USD");
  GateWorld second(daily);
  const std::string mug = second.prepare("mug");  // 26.17 USD
  const std::string headphones = second.prepare();
  EXPECT_TRUE(second.approve(mug).ok);
  EXPECT_TRUE(second.approve(headphones).ok);  // nothing is spent yet
  EXPECT_TRUE(second.confirm(mug).ok);
  EXPECT_EQ(code_of(second.confirm(headphones)), "OVER_LIMIT");
}

TEST(RulesAtTheGate, hold_for_exactly_the_receipt_they_allowed) {
  GateWorld world(with_rules({kAllow}));
  const std::string id = world.prepare();
  EXPECT_TRUE(world.approve(id).ok);
  world.server.checkout(id)["items"][0]["title"] = "Something else";
  EXPECT_EQ(code_of(world.confirm(id)), "RECEIPT_CHANGED");
  EXPECT_THAT(world.server.orders(), IsEmpty());
}

const std::string kAudio = kAllow + ", categories=['Electronics > Audio']";
const std::string kNoAudio = "name='no-audio', action='deny', categories=['Electronics > Audio']";

TEST(RulesAtTheGate, look_categories_up_in_the_offer) {
  GateWorld world(with_rules({kAudio}));
  world.server.categories["headphones"] = "Electronics > Audio > Headphones";
  world.server.categories["mug"] = "Home > Kitchen";
  EXPECT_EQ(buy(world), "");
  EXPECT_THAT(world.person.questions, IsEmpty());
  EXPECT_EQ(world.server.count("offer"), 1);
  EXPECT_EQ(buy(world, "mug"), "");
  EXPECT_THAT(world.person.questions, SizeIs(1));

  GateWorld denied(with_rules({kNoAudio, kAllow}));
  denied.server.categories = world.server.categories;
  EXPECT_EQ(buy(denied), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_EQ(buy(denied, "mug"), "");
}

TEST(RulesAtTheGate, take_a_category_that_cannot_be_had_for_unknown) {
  const auto worlds = [](const std::function<void(GateWorld&)>& change) {
    GateWorld allowed(with_rules({kAudio}));
    allowed.server.categories["headphones"] = "Electronics > Audio";
    change(allowed);
    EXPECT_EQ(buy(allowed), "");
    EXPECT_THAT(allowed.person.questions, SizeIs(1));
    GateWorld denied(with_rules({kNoAudio}));
    denied.server.categories["headphones"] = "Home";
    change(denied);
    EXPECT_EQ(buy(denied), "APPROVAL_REFUSED_BY_POLICY");
  };
  worlds([](GateWorld& world) { world.server.categories.clear(); });
  worlds([](GateWorld& world) {
    world.server.fault("offer", 0, FakeCartPilot::Fault::kAnswerInstead,
                       FakeCartPilot::error(404, "OFFER_NOT_FOUND"));
  });
  worlds(
      [](GateWorld& world) { world.server.fault("offer", 0, FakeCartPilot::Fault::kResetBefore); });
  worlds([](GateWorld& world) { world.server.offers_of = "merchant-b"; });
}

TEST(RulesAtTheGate, ask_for_no_offer_when_none_needs_it) {
  GateWorld world(with_rules({kAllow, kAsk}));
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(world.server.count("offer"), 0);
}

/// Shows nothing and waits for nothing.
class SlowApprover final : public Approver {
 public:
  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return kSharedLifetime; }
  bool waits() const override { return false; }
  void ask(const ApprovalQuestion&, Questions&, const CallContext&) override {}
};

TEST(RulesAtTheGate, decide_in_the_same_way_where_nobody_waits) {
  GateWorld world(with_rules({kAsk, kAllow}));
  SlowApprover approver;
  world.gate =
      std::make_unique<PurchaseGate>(world.client, world.journal, world.policy, world.questions,
                                     approver, world.events, "session-1", world.clock.gate_clock());
  EXPECT_EQ(buy(world, "mug"), "");
  EXPECT_THAT(world.questions.list_open(), IsEmpty());

  world.gate->begin_turn();
  const std::string id = world.prepare();
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_PENDING");
  const ApprovalQuestion question = world.questions.list_open().front();
  world.questions.answer(question.id, question.challenge,
                         commerce::format_money(*question.total) + " " + question.challenge,
                         {"approve", "you"});
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.journal.list().front().by, "human (rule guard)");
}

struct Rehearsal {
  PurchasePolicy policy;
  std::string says;
};

TEST(DryRun, says_what_would_be_decided_and_sends_nothing) {
  PurchasePolicy limited = parse_policy("ask", "");
  limited.limits = parse_limits("5:USD", "", "");
  const Rehearsal rehearsals[] = {
      {with_rules({kAllow}), "this would be approved by rule small (allow up to 100.00 USD"},
      {with_rules({kAsk}), "you would be asked because of rule guard (ask above 50.00 USD)"},
      {with_rules({kDeny}), "this would be refused: rule none (deny at merchant-a) in config.toml"},
      {with_rules({}), "without it you would be asked"},
      {parse_policy("up-to:500:USD", "merchant-a"), "would be approved by --approve up-to:500:USD"},
      {parse_policy("never", ""), "would be refused: refused because of --approve never"},
      {limited, "would be refused: 86.38 USD is more than the 5.00 USD"}};
  for (Rehearsal rehearsal : rehearsals) {
    rehearsal.policy.dry_run = true;
    GateWorld world(rehearsal.policy);
    EXPECT_EQ(buy(world), "DRY_RUN") << rehearsal.says;
    EXPECT_EQ(world.end(), PurchaseEnd::kDryRun);
    EXPECT_THAT(world.gate->last_report()->message,
                AllOf(HasSubstr("dry run: "), HasSubstr(rehearsal.says)));
    EXPECT_THAT(world.person.questions, IsEmpty());
    EXPECT_EQ(world.server.count("approve") + world.server.count("confirm"), 0);
    EXPECT_THAT(world.journal.list(), IsEmpty());
  }
}

TEST(DryRun, confirms_nothing_that_is_approved_already_or_open) {
  Approved world;
  world.policy.dry_run = true;
  world.restart();
  EXPECT_EQ(code_of(world.confirm(world.id)), "DRY_RUN");

  const std::string other = world.prepare("mug");
  world.sent_by_another_program("other", other);
  world.clock.passed_ms += 60'000;  // a confirm may be sent again
  const auto requests = world.server.requests().size();
  EXPECT_THAT(world.gate->reconcile(world.context), IsEmpty());
  // Its checkout is one of this conversation, so its confirm would be looked into and sent again.
  world.journal.remember_checkout("session-1", "elsewhere", "[]", world.gate->cartpilot().text());
  EXPECT_EQ(code_of(world.confirm("elsewhere")), "DRY_RUN");
  EXPECT_EQ(world.server.requests().size(), requests);
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(DryRun, says_that_nobody_can_be_asked) {
  PurchasePolicy policy = with_rules({});
  policy.dry_run = true;
  GateWorld world(policy);
  world.person.answers = {ConsentAnswer::kNoTerminal};
  EXPECT_EQ(buy(world), "DRY_RUN");
  EXPECT_THAT(world.gate->last_report()->message,
              HasSubstr("would be refused: there is no terminal to ask on"));
}

}  // namespace
}  // namespace cartpilot::purchase
