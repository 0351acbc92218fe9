#include "purchase/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "cartpilot/error.h"
#include "fakes/store/test_state.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using enum AttemptState;

constexpr std::int64_t kNow = 1'795'394'968'000;

Attempt attempt_named(const std::string& id, const std::string& basket = "basket-1") {
  Attempt attempt;
  attempt.id = id;
  attempt.session = "session-1";
  attempt.api_origin = "http://127.0.0.1:8000";
  attempt.checkout_id = "checkout-" + id;
  attempt.merchant_checkout_id = "merchant-session";
  attempt.merchant_id = "merchant-a";
  attempt.basket = basket;
  attempt.digest = "digest-" + id;
  attempt.payment_method = "test_card";
  attempt.total = {8638, "USD"};
  attempt.by = "human";
  return attempt;
}

struct JournalTest : testing::Test {
  std::int64_t now = kNow;
  store::StateDb db{store::open_test_state()};
  PurchaseJournal journal{db, [this] { return now; }};

  Attempt approved(const std::string& id, const std::string& basket = "basket-1") {
    const Attempt attempt = attempt_named(id, basket);
    journal.open(attempt);
    journal.advance(id, kApproved);
    return attempt;
  }
  void sql(const std::string& text) { db.run(text); }
  std::string reason_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.reason.empty() ? std::string(error_code_name(error.code)) : error.reason;
    }
    return "";
  }
};

TEST_F(JournalTest, tells_an_attempt_from_consent_to_order) {
  Attempt expected = approved("a1");
  now += 1000;
  journal.begin_send("a1");
  now += 500;
  journal.advance("a1", kDone, {"", "order-1", "ORD-1", false});

  expected.state = kDone;
  expected.order_id = "order-1";
  expected.merchant_order_id = "ORD-1";
  expected.sends = 1;
  expected.sent_unix_ms = kNow + 1000;
  expected.created_unix_ms = kNow;
  expected.updated_unix_ms = kNow + 1500;
  EXPECT_EQ(journal.find("a1"), expected);
  EXPECT_THAT(journal.events("a1"),
              ElementsAre(AttemptEvent{1, "a1", kConsent, kNow, ""},
                          AttemptEvent{2, "a1", kApproved, kNow, ""},
                          AttemptEvent{3, "a1", kConfirmSent, kNow + 1000, ""},
                          AttemptEvent{4, "a1", kDone, kNow + 1500, ""}));
  EXPECT_EQ(journal.done_on_checkout("checkout-a1"), expected);
  EXPECT_EQ(journal.done_on_basket("basket-1", kNow), expected);
  EXPECT_EQ(journal.done_on_basket("basket-1", kNow + 1501), std::nullopt);
  EXPECT_EQ(journal.verify(), std::nullopt);
}

TEST_F(JournalTest, lists_newest_first_and_finds_nothing_unknown) {
  approved("a1");
  now += 1;
  approved("a2", "basket-2");
  std::vector<std::string> ids;
  for (const Attempt& attempt : journal.list()) ids.push_back(attempt.id);
  EXPECT_THAT(ids, ElementsAre("a2", "a1"));
  EXPECT_EQ(journal.find("a3"), std::nullopt);
  EXPECT_THAT(journal.events("a3"), IsEmpty());
  EXPECT_EQ(reason_of([&] { journal.advance("a3", kVoid); }), "not_found");
}

TEST_F(JournalTest, lets_states_follow_each_other_only_as_allowed) {
  const std::vector<AttemptState> all = {kConsent, kApproveSent, kApproved, kConfirmSent,
                                         kDone,    kVoid,        kUnknown};
  const std::map<AttemptState, std::vector<AttemptState>> allowed = {
      {kConsent, {kApproveSent, kApproved, kVoid}},
      {kApproveSent, {kApproved, kVoid}},
      {kApproved, {kConfirmSent, kVoid}},
      {kConfirmSent, {kConfirmSent, kDone, kVoid, kUnknown}},
      {kDone, {}},
      {kVoid, {kDone}},  // after a send only: proof beats belief
      {kUnknown, {kConfirmSent, kDone, kVoid, kUnknown}},
  };
  int number = 0;
  for (const auto& [from, to] : allowed) {
    for (const AttemptState next : all) {
      const std::string id = "a" + std::to_string(++number);
      approved(id, "basket-" + id);
      if (from == kConsent || from == kApproveSent) {
        sql("UPDATE purchases SET state = '" + std::string(attempt_state_name(from)) +
            "' WHERE attempt = '" + id + "'");
      } else if (from != kApproved) {
        journal.begin_send(id);
        if (from != kConfirmSent) journal.advance(id, from);
      }
      const bool may = std::find(to.begin(), to.end(), next) != to.end();
      const auto step = [&] {
        if (next == kConfirmSent) {
          journal.begin_send(id);
        } else {
          journal.advance(id, next);
        }
      };
      EXPECT_EQ(reason_of(step), may ? "" : "state")
          << attempt_state_name(from) << " -> " << attempt_state_name(next);
    }
  }
}

TEST_F(JournalTest, takes_back_no_void_that_was_never_sent) {
  approved("a1");
  journal.advance("a1", kVoid);
  EXPECT_EQ(reason_of([&] { journal.advance("a1", kDone); }), "state");
}

TEST_F(JournalTest, sends_for_one_attempt_per_basket_at_a_time) {
  approved("a1");
  approved("a2");
  approved("a3", "basket-2");
  journal.begin_send("a1");
  EXPECT_EQ(reason_of([&] { journal.begin_send("a2"); }), "basket");
  EXPECT_EQ(reason_of([&] { journal.begin_send("a3"); }), "");
  journal.advance("a1", kUnknown);
  EXPECT_EQ(reason_of([&] { journal.begin_send("a2"); }), "basket");
  EXPECT_EQ(journal.unfinished_on("basket-1")->id, "a1");
  journal.resolve("a1", false);
  EXPECT_EQ(journal.unfinished_on("basket-1"), std::nullopt);
  EXPECT_EQ(reason_of([&] { journal.begin_send("a2"); }), "");
}

TEST_F(JournalTest, claims_no_second_send_too_soon) {
  approved("a1");
  journal.begin_send("a1", {}, 15'000);
  now += 14'999;
  EXPECT_EQ(reason_of([&] { journal.begin_send("a1", {}, 15'000); }), "too_soon");
  now += 1;
  EXPECT_EQ(journal.begin_send("a1", {}, 15'000).sends, 2);
}

TEST_F(JournalTest, counts_the_key_on_after_a_kept_answer_even_in_the_next_attempt) {
  Attempt attempt = approved("a1");
  EXPECT_EQ(journal.begin_send("a1").key_ordinal, 0);
  journal.advance("a1", kUnknown);
  EXPECT_EQ(journal.begin_send("a1").key_ordinal, 0);
  journal.advance("a1", kVoid, {"INVALID_API_KEY", "", "", true});

  attempt.id = "a2";
  journal.open(attempt);
  EXPECT_EQ(journal.find("a2")->key_ordinal, 1);
  attempt.id = "a3";
  attempt.digest = "another";
  journal.open(attempt);
  EXPECT_EQ(journal.find("a3")->key_ordinal, 0);
}

TEST_F(JournalTest, keeps_only_the_newest_consent_of_a_checkout) {
  Attempt attempt = approved("a1");
  attempt.id = "a2";
  journal.open(attempt);
  EXPECT_EQ(journal.find("a1")->state, kVoid);
  EXPECT_EQ(reason_of([&] { journal.begin_send("a1"); }), "state");
}

TEST_F(JournalTest, voids_abandoned_consents_but_nothing_that_was_sent) {
  approved("a1");
  approved("a2", "basket-2");
  journal.begin_send("a2");
  now += 1000;
  journal.void_abandoned(1000);
  EXPECT_EQ(journal.find("a1")->state, kApproved);
  now += 1;
  journal.void_abandoned(1000);
  EXPECT_EQ(journal.find("a1")->state, kVoid);
  EXPECT_EQ(journal.find("a2")->state, kConfirmSent);
}

TEST_F(JournalTest, takes_a_persons_word_on_unfinished_attempts_only) {
  approved("a1");
  EXPECT_EQ(reason_of([&] { journal.resolve("a1", true); }), "state");
  EXPECT_EQ(reason_of([&] { journal.resolve("a9", true); }), "not_found");
  journal.begin_send("a1");
  journal.advance("a1", kUnknown);
  const Attempt resolved = journal.resolve("a1", true);
  EXPECT_EQ(resolved.state, kDone);
  EXPECT_EQ(resolved.note, "resolved by a person: bought");
  EXPECT_EQ(journal.find("a1"), resolved);
  EXPECT_EQ(reason_of([&] { journal.resolve("a1", false); }), "state");
}

TEST_F(JournalTest, keeps_notes_to_one_line_of_plain_ascii) {
  approved("a1");
  journal.advance("a1", kVoid, {"a\x1b[2Jb\n\xe2\x80\xae" + std::string(1000, 'x'), "", "", false});
  EXPECT_THAT(journal.find("a1")->note, MatchesRegex("a\\?\\[2Jb\\?\\?\\?\\?x+"));
  EXPECT_EQ(journal.find("a1")->note.size(), 300U);
  EXPECT_EQ(journal.verify(), std::nullopt);
}

TEST_F(JournalTest, finds_every_kind_of_tampering) {
  const std::pair<const char*, std::int64_t> edits[] = {
      {"UPDATE purchase_events SET record = replace(record, '8638', '1') WHERE seq = 2", 2},
      {"UPDATE purchase_events SET hash = 'x' WHERE seq = 3", 3},
      {"UPDATE purchase_events SET note = 'x' WHERE seq = 3", 3},
      {"UPDATE purchase_events SET state = 'void' WHERE seq = 4", 4},
      {"UPDATE purchase_events SET attempt = 'a2' WHERE seq = 1", 1},
      {"UPDATE purchase_events SET unix_ms = 1 WHERE seq = 1", 1},
      {"DELETE FROM purchase_events WHERE seq = 2", 2},
      {"DELETE FROM purchase_events WHERE seq = 4", 3},
      {"DELETE FROM purchase_events WHERE seq = 1", 1},
      {"DELETE FROM purchase_events", 1},
      {"UPDATE purchases SET total_minor = 1", 4},
      {"UPDATE purchases SET state = 'void'", 4},
      {"UPDATE purchases SET approved_by = 'policy: x'", 4},
      {"DELETE FROM purchases", 4},
      {"INSERT INTO purchases SELECT 'a2', session, api_origin, checkout_id, merchant_checkout_id, "
       "merchant_id, basket, digest, payment_method, total_minor, currency, approved_by, state, "
       "order_id, merchant_order_id, note, sends, key_ordinal, sent_ms, created_ms, updated_ms, "
       "cartpilot, receipt, channel, approved_ms FROM purchases",
       5},
  };
  for (const auto& [edit, seq] : edits) {
    store::StateDb fresh(store::open_test_state());
    PurchaseJournal one(fresh, [] { return kNow; });
    one.open(attempt_named("a1"));
    one.advance("a1", kApproved);
    one.begin_send("a1");
    one.advance("a1", kDone, {"", "order-1", "ORD-1", false});
    ASSERT_EQ(one.verify(), std::nullopt);
    fresh.run(edit);
    EXPECT_EQ(one.verify(), seq) << edit;
  }
}

TEST_F(JournalTest, knows_a_sessions_own_checkouts_and_what_was_first_asked_for) {
  journal.remember_checkout("s1", "c1", "[1]");
  journal.remember_checkout("s1", "c1", "[2]");
  EXPECT_TRUE(journal.knows_checkout("s1", "c1"));
  EXPECT_FALSE(journal.knows_checkout("s2", "c1"));
  EXPECT_FALSE(journal.knows_checkout("s1", "c2"));
  EXPECT_EQ(journal.requested_of("s1", "c1"), "[1]");
}

TEST_F(JournalTest, makes_one_secret_per_installation) {
  const std::string secret = journal.install_secret();
  EXPECT_THAT(secret, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(PurchaseJournal(db).install_secret(), secret);
  store::StateDb elsewhere(store::open_test_state());
  EXPECT_NE(PurchaseJournal(elsewhere).install_secret(), secret);
}

TEST(PurchaseJournal, shows_another_process_what_was_recorded_at_once) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("cartpilot-journal-" + std::to_string(::getpid()));
  {
    store::StateDb mine(store::open_test_state(folder / "state.db"));
    store::StateDb theirs(store::open_test_state(folder / "state.db"));
    PurchaseJournal writer(mine);
    PurchaseJournal reader(theirs);
    writer.open(attempt_named("a1"));
    writer.advance("a1", kApproved);
    writer.begin_send("a1");
    ASSERT_EQ(reader.unfinished().size(), 1U);
    EXPECT_EQ(reader.unfinished().front(), writer.find("a1"));
    EXPECT_EQ(reader.verify(), std::nullopt);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cartpilot::purchase
