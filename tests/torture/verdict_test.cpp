// The judge sees each kind of wrong, and calls a clean run clean.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "torture/verdict.h"

namespace cartpilot::torture {
namespace {

constexpr std::int64_t kNoon = 1'795'400'000'000;

std::string line(const Json& json) { return dump_json(json) + "\n"; }

std::string asked(const std::string& attempt, const std::string& checkout) {
  return line(
      {{"type", "approval_request"},
       {"attempt", attempt},
       {"checkout_id", checkout},
       {"merchant_id", "merchant-a"},
       {"total", 8638},
       {"currency", "USD"},
       {"items",
        Json::array({{{"product_id", "earbuds"}, {"quantity", 1}, {"unit_price_cents", 7999}}})}});
}

std::string told(const std::string& attempt, const std::string& checkout, const char* outcome) {
  return line({{"type", "purchase"},
               {"attempt", attempt},
               {"outcome", outcome},
               {"checkout_id", checkout}});
}

Json attempt(const std::string& id, const std::string& checkout, const char* state) {
  return {{"id", id},
          {"checkout_id", checkout},
          {"merchant_id", "merchant-a"},
          {"state", state},
          {"note", ""},
          {"sends", 1},
          {"created_ms", kNoon}};
}

Booking booking_of(const std::string& checkout) {
  Booking booking;
  booking.merchant_order_id = "ORD-" + checkout;
  booking.checkout_id = checkout;
  booking.merchant_id = "merchant-a";
  booking.lines = {{"earbuds", "", 1, 7999}};
  booking.total = booking.charged = 8638;
  booking.currency = "USD";
  booking.unix_ms = kNoon + 2'000;
  return booking;
}

/// One purchase that went as it should.
struct GoodRun {
  GoodRun() {
    ProgramRun program_run;
    program_run.exit_code = 0;
    program_run.said = line({{"type", "turn_begin"}}) + asked("a1", "c1");
    program_run.questions.push_back(question("c1", program_run.said.size()));
    program_run.said += told("a1", "c1", "done");
    records.program_runs.push_back(std::move(program_run));
    records.attempts = Json::array({attempt("a1", "c1", "done")});
    records.bookings = {booking_of("c1")};
    records.confirms["c1"] = {kNoon + 1'000};
    records.now_ms = kNoon + 10'000;
    records.api_key = "secret-key";
  }
  static Question question(const std::string& checkout, std::size_t said) {
    Question question;
    question.screen =
        fmt::format("merchant-a {} 1 x Earbuds earbuds 79.99 USD 86.38 USD", checkout);
    question.total = "86.38";
    question.agreed = true;
    question.at_ms = kNoon;
    question.said_before = said;
    return question;
  }
  ProgramRun& program_run() { return records.program_runs.front(); }
  Verdict verdict() { return judge(plan, records); }

  RunPlan plan;
  Records records;
};

TEST(Verdict, clean_run_has_no_findings) {
  const Verdict verdict = GoodRun().verdict();
  EXPECT_THAT(verdict.findings, testing::IsEmpty());
  EXPECT_EQ(verdict.bought, 1);
}

TEST(Verdict, booking_without_a_yes_is_unapproved) {
  GoodRun run;
  run.program_run().questions[0].agreed = false;
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, two_questions_about_one_purchase_are_one_consent_and_need_two_yeses) {
  GoodRun run;
  run.program_run().questions.push_back(run.program_run().questions[0]);
  EXPECT_THAT(run.verdict().findings, testing::IsEmpty());
  run.records.bookings.push_back(booking_of("c1"));
  EXPECT_EQ(run.verdict().duplicate, 1);
  run.records.bookings.pop_back();
  run.program_run().questions[1].agreed = false;
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, booking_of_other_things_than_agreed_is_unapproved) {
  const auto unapproved_with = [](auto change) {
    GoodRun run;
    change(run.records.bookings[0]);
    return run.verdict().unapproved;
  };
  EXPECT_EQ(unapproved_with([](Booking& booking) { booking.lines[0].product_id = "mug"; }), 1);
  EXPECT_EQ(unapproved_with([](Booking& booking) { booking.lines[0].quantity = 2; }), 1);
  EXPECT_EQ(unapproved_with([](Booking& booking) { booking.total = 8639; }), 1);
  EXPECT_EQ(unapproved_with([](Booking& booking) { booking.currency = "GBP"; }), 1);
  EXPECT_EQ(unapproved_with([](Booking& booking) { booking.merchant_id = "merchant-z"; }), 1);
  EXPECT_EQ(unapproved_with([](Booking& booking) { booking.checkout_id = "c2"; }), 1);
}

TEST(Verdict, confirm_after_the_consent_lapsed_is_unapproved) {
  GoodRun run;
  run.records.confirms["c1"] = {kNoon + 6 * 60'000};
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, purchase_without_a_question_under_a_permission_is_held_to_its_bound) {
  GoodRun run;
  run.program_run().questions.clear();
  run.plan.approve = "up-to:100:USD";
  run.plan.merchants = "merchant-a";
  EXPECT_EQ(run.verdict().unapproved, 0);
  run.plan.merchants = "merchant-b";
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, purchase_without_a_question_needs_a_rule_that_allows_it) {
  GoodRun run;
  run.program_run().questions.clear();
  const auto unapproved_under = [&](const char* rules) {
    run.plan.rules = rules;
    return run.verdict().unapproved;
  };
  EXPECT_EQ(unapproved_under("allow"), 0);
  EXPECT_EQ(unapproved_under("allow-once"), 0);
  EXPECT_EQ(unapproved_under("ask-first"), 0);
  EXPECT_EQ(unapproved_under("deny-big"), 0);
  EXPECT_EQ(unapproved_under("deny-merchant"), 1);
  EXPECT_EQ(unapproved_under("another-category"), 1);
  EXPECT_EQ(unapproved_under(""), 1);
}

TEST(Verdict, nobody_can_agree_to_what_a_rule_denies) {
  GoodRun run;
  run.plan.rules = "another-category";
  EXPECT_EQ(run.verdict().unapproved, 0);
  run.plan.rules = "deny-merchant";
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, rule_allows_no_more_than_its_count_and_no_basket_twice) {
  GoodRun run;
  run.program_run().questions.clear();
  run.plan.rules = "allow";
  const auto add = [&](const std::string& checkout, std::int64_t pieces) {
    run.records.bookings.push_back(booking_of(checkout));
    run.records.bookings.back().lines.front().quantity = pieces;
    Json request = parse_json(asked("a-" + checkout, checkout));
    request["items"][0]["quantity"] = pieces;
    run.program_run().said += line(request);
  };
  add("c2", 2);
  add("c3", 3);
  EXPECT_EQ(run.verdict().unapproved, 0);
  add("c4", 4);
  EXPECT_EQ(run.verdict().unapproved, 1);
  add("c5", 4);
  EXPECT_EQ(run.verdict().unapproved, 3);  // over the count, and a repetition
}

TEST(Verdict, second_booking_for_one_consent_is_a_duplicate) {
  GoodRun run;
  run.records.bookings.push_back(booking_of("c1"));
  EXPECT_EQ(run.verdict().duplicate, 1);
}

TEST(Verdict, same_basket_again_is_a_duplicate_unless_the_first_was_known_to_be_bought) {
  GoodRun run;
  run.records.bookings.push_back(booking_of("c2"));
  run.records.attempts.push_back(attempt("a2", "c2", "done"));
  run.records.confirms["c2"] = {kNoon + 1'000};
  std::string& said = run.program_run().said;
  const std::string first_result = told("a1", "c1", "done");
  said += asked("a2", "c2");
  run.program_run().questions.push_back(GoodRun::question("c2", said.size()));
  said += told("a2", "c2", "done");
  EXPECT_EQ(run.verdict().duplicate, 0);

  const std::string unknown_first = told("a1", "c1", "unknown");
  said.replace(said.find(first_result), first_result.size(), unknown_first);
  run.program_run().questions[1].said_before += unknown_first.size() - first_result.size();
  said += told("a1", "c1", "done");
  EXPECT_EQ(run.verdict().duplicate, 1);
}

TEST(Verdict, booking_the_program_does_not_know_is_lost) {
  GoodRun run;
  run.records.attempts = Json::array({attempt("a1", "c1", "approved")});
  run.program_run().said = line({{"type", "turn_begin"}}) + asked("a1", "c1");
  EXPECT_EQ(run.verdict().lost, 1);
  EXPECT_EQ(run.verdict().false_not_bought, 0);
}

TEST(Verdict, denied_booking_is_a_false_not_bought) {
  GoodRun run;
  run.records.attempts = Json::array({attempt("a1", "c1", "void")});
  EXPECT_EQ(run.verdict().false_not_bought, 1);
  EXPECT_EQ(run.verdict().lost, 1);
}

TEST(Verdict, claimed_purchase_without_a_booking_is_a_false_bought) {
  GoodRun run;
  run.records.bookings.clear();
  EXPECT_EQ(run.verdict().false_bought, 1);
}

TEST(Verdict, unknown_is_allowed_only_while_the_truth_cannot_be_seen) {
  GoodRun run;
  run.records.attempts = Json::array({attempt("a1", "c1", "unknown")});
  run.program_run().said =
      line({{"type", "turn_begin"}}) + asked("a1", "c1") + told("a1", "c1", "unknown");
  run.program_run().exit_code = 13;
  run.records.shown["c1"] = nullptr;  // CartPilot has forgotten
  EXPECT_EQ(run.verdict().unknown, 1);
  EXPECT_EQ(run.verdict().avoidable_unknown, 0);
  run.records.shown["c1"] = {{"status", "confirmed"}};
  EXPECT_EQ(run.verdict().avoidable_unknown, 1);
  run.records.shown["c1"] = {{"status", "approved"}};
  EXPECT_EQ(run.verdict().avoidable_unknown, 1);
  run.records.shown["c1"] = {{"status", "quoted"}};
  EXPECT_EQ(run.verdict().avoidable_unknown, 0);
}

TEST(Verdict, unfit_exit_codes_shown_keys_odd_bytes_and_hidden_fields_are_misbehaviour) {
  const auto misbehaved_with = [](auto change) {
    GoodRun run;
    change(run.program_run());
    return run.verdict().misbehaved;
  };
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.exit_code = 13; }), 1);
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.errors = "bearer secret-key"; }), 1);
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.screen = "\x1b[2J"; }), 1);
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.screen = "\xe2\x80\xae"; }), 1);
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.stuck = true; }), 1);
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.questions[0].total = "0.01"; }), 1);
  EXPECT_EQ(misbehaved_with([](ProgramRun& p) { p.questions[0].screen = "c1 86.38 USD"; }), 4);
}

TEST(Verdict, swap_by_another_key_holder_that_was_told_is_counted_apart) {
  GoodRun run;
  run.records.bookings[0].lines[0].product_id = "something else";
  run.records.attempts[0]["note"] = "not as agreed: the order lists other items";
  run.plan.fault_name = "swap_in_gap";
  EXPECT_EQ(run.verdict().told_otherwise, 1);
  EXPECT_EQ(run.verdict().unapproved, 0);
  run.plan.fault_name = "none";
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, consent_of_a_company_is_judged_by_what_its_program_recorded_as_far_as_it_fits) {
  constexpr std::int64_t kMinute = 60'000;
  const auto unapproved_with = [](double read_at, double sent_at, double arrived, int sends = 1) {
    const auto moment = [](double minutes) {
      return kNoon + static_cast<std::int64_t>(minutes * kMinute);
    };
    GoodRun run;
    run.plan.scripts = {"buy", "buy"};
    Json& attempt = run.records.attempts[0];
    attempt["approved_ms"] = moment(read_at);
    attempt["sent_ms"] = moment(sent_at);
    attempt["sends"] = sends;
    run.records.confirms["c1"] = {moment(arrived)};
    return run.verdict().unapproved;
  };
  EXPECT_EQ(unapproved_with(0, 4, 4), 0);
  EXPECT_EQ(unapproved_with(0, 6, 6), 1);
  EXPECT_EQ(unapproved_with(0, 4, 30), 0);
  EXPECT_EQ(unapproved_with(2, 6, 30), 0);
  // What does not fit is not believed.
  EXPECT_EQ(unapproved_with(3, 4, 16), 1);
  EXPECT_EQ(unapproved_with(-1, 4, 16), 1);
  EXPECT_EQ(unapproved_with(0, 17, 16), 1);
  EXPECT_EQ(unapproved_with(0, 16, 14, 2), 0);  // sent_ms is of the last send
  EXPECT_EQ(unapproved_with(0, 16, 16, 2), 1);
}

TEST(Verdict, yes_of_a_company_belongs_to_the_attempt_that_was_approved_while_it_was_asked) {
  GoodRun run;
  run.plan.scripts = {"buy", "buy"};
  // Two requests for one checkout, of which the first never led to a question.
  run.program_run().said = asked("a0", "c1") + run.program_run().said;
  run.program_run().questions[0].said_before = asked("a0", "c1").size();
  run.records.attempts[0]["approved_ms"] = kNoon + 1'000;
  run.records.attempts[0]["sent_ms"] = kNoon + 2'000;
  EXPECT_THAT(run.verdict().findings, testing::IsEmpty());
  // A yes long before is none for it.
  run.program_run().questions[0].at_ms = kNoon - 20 * 60'000;
  EXPECT_EQ(run.verdict().unapproved, 1);
}

TEST(Verdict, swap_by_another_key_holder_must_be_named_where_the_outcome_is_unknown) {
  GoodRun run;
  run.records.bookings[0].lines[0].product_id = "something else";
  run.records.attempts[0]["state"] = "unknown";
  run.records.attempts[0]["note"] = "MERCHANT_ERROR (HTTP 400)";
  run.program_run().said =
      line({{"type", "turn_begin"}}) + asked("a1", "c1") + told("a1", "c1", "unknown");
  run.program_run().exit_code = 13;
  run.plan.fault_name = "swap_in_gap + lost_merchant_answer";
  run.plan.faults.emplace_back().kind = "swap_in_gap";
  run.records.shown["c1"] = {{"status", "approved"}};
  EXPECT_EQ(run.verdict().unapproved, 1);  // CartPilot shows it, the program did not look
  run.records.attempts[0]["note"] = "CartPilot now shows it as approved, with another receipt";
  EXPECT_THAT(run.verdict().findings, testing::IsEmpty());
  EXPECT_EQ(run.verdict().told_otherwise, 1);
  run.program_run().said += told("a1", "c1", "done");
  EXPECT_EQ(run.verdict().unapproved, 1);

  run.program_run().said =
      line({{"type", "turn_begin"}}) + asked("a1", "c1") + told("a1", "c1", "unknown");
  run.records.attempts[0]["note"] = "MERCHANT_ERROR (HTTP 400)";
  run.records.shown["c1"] = nullptr;  // nobody can see it
  EXPECT_THAT(run.verdict().findings, testing::IsEmpty());
}

TEST(Verdict, exit_code_is_that_of_the_last_attempt) {
  const auto misbehaved_with = [](const std::string& later, int exit_code) {
    GoodRun run;
    run.program_run().said += later;
    run.program_run().exit_code = exit_code;
    return run.verdict().misbehaved;
  };
  EXPECT_EQ(misbehaved_with(told("", "c1", "not_done"), 0), 0);
  EXPECT_EQ(misbehaved_with(told("", "c1", "not_done"), 5), 1);
  EXPECT_EQ(misbehaved_with(told("", "c2", "not_done"), 5), 0);
  EXPECT_EQ(misbehaved_with(told("", "c2", "not_done"), 0), 1);
  EXPECT_EQ(misbehaved_with(told("a2", "c2", "not_done"), 10), 0);
  EXPECT_EQ(misbehaved_with(told("a2", "c2", "not_done"), 0), 1);
}

}  // namespace
}  // namespace cartpilot::torture
