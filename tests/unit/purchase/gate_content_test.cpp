// What was agreed to is what is bought.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using enum AttemptState;

using Change = std::function<void(Json&)>;

/// Same total, other article, in the live items and the frozen ones.
void swap_item(Json& checkout) {
  checkout["items"][0]["product_id"] = "earbuds";
  checkout["frozen_receipt"]["items"][0]["product_id"] = "earbuds";
}

/// What a re-quote at the same total does: the frozen receipt goes on showing the old item.
void swap_live_item(Json& checkout) {
  checkout["items"][0]["product_id"] = "earbuds";
  checkout["merchant_checkout_id"] = "another-session";
}

void swap_currency(Json& checkout) {
  for (const char* name : {"subtotal", "tax", "shipping", "total"}) {
    checkout[name]["currency"] = "GBP";
  }
  for (const char* name : {"unit_price", "line_total"}) {
    checkout["items"][0][name]["currency"] = "GBP";
  }
  checkout["frozen_receipt"]["currency"] = "GBP";
  checkout["frozen_receipt"]["items"][0]["currency"] = "GBP";
}

void swap_session(Json& checkout) { checkout["merchant_checkout_id"] = "another-session"; }

void swap_merchant(Json& checkout) { checkout["merchant_id"] = "merchant-\xd0\xb0"; }

void shift_tax_to_shipping(Json& checkout) {
  checkout["tax"] = price_of(539);
  checkout["shipping"] = price_of(100);
  checkout["frozen_receipt"]["tax_cents"] = 539;
  checkout["frozen_receipt"]["shipping_cents"] = 100;
}

void swap_title(Json& checkout) {
  checkout["items"][0]["title"] = "A refurbished headphones";
  checkout["frozen_receipt"]["items"][0]["title"] = "A refurbished headphones";
}

const std::pair<const char*, Change> kSwaps[] = {
    {"item", swap_item},       {"live item", swap_live_item}, {"currency", swap_currency},
    {"session", swap_session}, {"merchant", swap_merchant},   {"tax", shift_tax_to_shipping},
    {"title", swap_title},
};

TEST(PurchaseGate, voids_the_consent_when_anything_changed_while_the_person_thought) {
  for (const auto& [name, change] : kSwaps) {
    GateWorld world;
    const std::string id = world.prepare();
    world.person.meanwhile = [&, &swap = change] { swap(world.server.checkout(id)); };
    EXPECT_EQ(world.approve(id).ok, false) << name;
    EXPECT_EQ(world.server.count("approve"), 0) << name;
    EXPECT_EQ(world.exit_code(), 12) << name;
    EXPECT_THAT(world.states(), ElementsAre(kConsent, kVoid)) << name;
  }
}

TEST(PurchaseGate, voids_the_consent_when_the_checkout_left_its_state_while_the_person_thought) {
  const std::pair<const char*, int> states[] = {
      {"failed", 12}, {"cancelled", 12}, {"confirmed", 14}};
  for (const auto& [state, exit_code] : states) {
    GateWorld world;
    const std::string id = world.prepare();
    world.person.meanwhile = [&, &now = state] { world.server.checkout(id)["status"] = now; };
    EXPECT_EQ(world.approve(id).ok, false) << state;
    EXPECT_EQ(world.server.count("approve"), 0) << state;
    EXPECT_EQ(world.exit_code(), exit_code) << state;
    EXPECT_THAT(world.states(), ElementsAre(kConsent, kVoid)) << state;
  }
}

TEST(PurchaseGate, voids_the_consent_when_anything_changed_before_the_confirm) {
  for (const auto& [name, change] : kSwaps) {
    GateWorld world;
    const std::string id = world.prepare();
    world.approve(id);
    change(world.server.checkout(id));
    EXPECT_EQ(world.confirm(id).ok, false) << name;
    EXPECT_EQ(world.server.count("confirm"), 0) << name;
    EXPECT_EQ(world.exit_code(), 12) << name;
    EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kVoid)) << name;
  }
}

TEST(PurchaseGate, voids_the_consent_when_the_approve_itself_changed_something) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.before("approve", 1, [&] { swap_item(world.server.checkout(id)); });
  EXPECT_EQ(code_of(world.approve(id)), "RECEIPT_CHANGED");
  world.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.confirm(id)), "APPROVAL_DECLINED");
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseGate, shows_the_quoted_quantity_and_the_difference_to_the_request) {
  GateWorld world;
  const std::string id = string_or(world.create("headphones", 1), "id");
  world.quote(id, "headphones", 7);
  world.request_approval(id);
  world.person.answers = {ConsentAnswer::kDeclined};
  world.approve(id);
  ASSERT_EQ(world.person.questions.size(), 1U);
  EXPECT_EQ(world.person.questions[0].total, (commerce::Money{60472, "USD"}));
  EXPECT_EQ(world.person.questions[0].note,
            "NOT what was asked for\n1 asked for, the receipt has 7\n"
            "spent 0.00 of 20000.00 USD in 24 hours");
}

TEST(PurchaseGate, says_when_other_products_are_on_the_receipt_than_were_asked_for) {
  GateWorld world;
  const std::string id = string_or(world.create("headphones", 1), "id");
  world.quote(id, "mug", 1);
  world.request_approval(id);
  world.approve(id);
  EXPECT_THAT(world.person.questions.at(0).note,
              StartsWith("NOT the products that were asked for\n1 asked for, the receipt has 1\n"));
}

TEST(PurchaseGate, says_when_the_same_basket_was_bought_a_moment_ago) {
  GateWorld world;
  const std::string first = world.prepare();
  world.approve(first);
  world.confirm(first);
  world.clock.passed_ms += 3 * 60 * 1000;
  world.gate->begin_turn();
  const std::string second = world.prepare();
  ASSERT_NE(first, second);
  world.approve(second);
  ASSERT_EQ(world.person.questions.size(), 3U);
  EXPECT_EQ(world.person.questions[1].note,
            "the same basket was bought 3 minutes ago\n1 asked for, the receipt has 1\n"
            "spent 86.38 of 20000.00 USD in 24 hours");
  EXPECT_EQ(world.person.questions[2].note,
            "AGAIN: the same basket was bought 3 minutes ago; type the total once more to buy it a "
            "second time");
}

TEST(PurchaseGate, says_when_cartpilots_own_hash_does_not_fit) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.checkout(id)["frozen_receipt"]["hash"] = "0000000000000000";
  world.approve(id);
  EXPECT_THAT(world.person.questions.at(0).note,
              StartsWith("CartPilot's own receipt hash does not fit these lines\n"));
}

TEST(PurchaseGate, starts_over_after_a_price_change_at_confirm_with_both_totals_shown) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.fault("confirm", 1, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(409, "REAPPROVAL_REQUIRED",
                                          "[merchant-a] PRICE_CHANGED: re-quote required"));
  const ToolOutcome refused = world.confirm(id);
  EXPECT_EQ(code_of(refused), "PRICE_CHANGED");
  EXPECT_THAT(string_or(refused.content, "message"),
              HasSubstr("quote_checkout with the same items, then request_approval, then "
                        "approve_checkout"));
  EXPECT_EQ(world.exit_code(), 12);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kVoid));

  world.server.price("headphones") = 9198;
  EXPECT_TRUE(world.quote(id).ok);  // the lock of the consent is gone
  EXPECT_TRUE(world.request_approval(id).ok);
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_TRUE(world.confirm(id).ok);

  ASSERT_EQ(world.person.questions.size(), 2U);
  EXPECT_EQ(world.person.questions[0].previous_total, std::nullopt);
  EXPECT_EQ(world.person.questions[1].previous_total, (commerce::Money{8638, "USD"}));
  EXPECT_EQ(world.person.questions[1].total, (commerce::Money{9933, "USD"}));
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.exit_code(), 0);
}

TEST(PurchaseGate, sees_a_price_change_that_cartpilot_answers_with_200_and_quoted) {
  for (const std::int64_t price : {9198, 6000}) {  // up and down
    GateWorld world;
    const std::string id = world.prepare();
    world.approve(id);
    // Another holder of the API key quotes again.
    world.server.price("headphones") = price;
    world.tools.call(
        "quote_checkout",
        Json{{"checkout_id", id},
             {"items", Json::array({Json{{"product_id", "headphones"}, {"quantity", 1}}})}},
        world.context);
    ASSERT_EQ(world.server.checkout(id)["status"], "quoted");
    EXPECT_EQ(code_of(world.confirm(id)), "PRICE_CHANGED");
    EXPECT_EQ(world.server.count("confirm"), 0);
    EXPECT_EQ(world.exit_code(), 12);
  }
}

TEST(PurchaseGate, does_not_take_an_idempotency_conflict_for_a_price_change) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.fault("confirm", 0, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(409, "IDEMPOTENCY_CONFLICT"));
  EXPECT_EQ(code_of(world.confirm(id)), "unknown");
  EXPECT_EQ(world.exit_code(), 13);
}

TEST(PurchaseGate, refuses_receipts_that_do_not_add_up_before_asking) {
  const std::pair<const char*, Change> cases[] = {
      {"zero total",
       [](Json& checkout) {
         for (const char* name : {"subtotal", "tax", "shipping", "total"}) {
           checkout[name] = price_of(0);
           checkout["frozen_receipt"][std::string(name) + "_cents"] = 0;
         }
         checkout["items"][0]["unit_price"] = checkout["items"][0]["line_total"] = price_of(0);
         checkout["frozen_receipt"]["items"][0]["unit_price_cents"] = 0;
       }},
      {"missing total", [](Json& checkout) { checkout["total"] = nullptr; }},
      {"frozen total differs",
       [](Json& checkout) { checkout["frozen_receipt"]["total_cents"] = 1; }},
      {"line is not unit times quantity",
       [](Json& checkout) { checkout["items"][0]["quantity"] = 2; }},
      {"no frozen receipt", [](Json& checkout) { checkout["frozen_receipt"] = nullptr; }},
      {"frozen item differs",
       [](Json& checkout) { checkout["frozen_receipt"]["items"][0]["product_id"] = "earbuds"; }},
      {"a title too long to show",
       [](Json& checkout) {
         checkout["items"][0]["title"] = std::string(10'000, 'x');
         checkout["frozen_receipt"]["items"][0]["title"] = std::string(10'000, 'x');
       }},
  };
  for (const auto& [name, change] : cases) {
    GateWorld world;
    const std::string id = world.prepare();
    change(world.server.checkout(id));
    EXPECT_EQ(code_of(world.approve(id)), "RECEIPT_INVALID") << name;
    EXPECT_THAT(world.person.questions, IsEmpty()) << name;
    EXPECT_EQ(world.server.count("approve"), 0) << name;
    EXPECT_EQ(world.exit_code(), 11) << name;
    EXPECT_THAT(world.journal.list(), IsEmpty()) << name;
  }
}

TEST(PurchaseGate, does_not_ask_about_a_checkout_that_expires_within_a_minute_or_unreadably) {
  for (const char* expiry :
       {"2026-11-23T00:50:27Z", "2026-11-22T00:00:00Z", "tomorrow", "", "2026-11-24 00:49:28Z",
        "2026-11-24T00:49:28+00:00", "2026-11-24T00:49:28+00:00Z", "2026-13-24T00:49:28Z"}) {
    GateWorld world;
    const std::string id = world.prepare();
    world.server.checkout(id)["expires_at"] = expiry;
    EXPECT_EQ(code_of(world.approve(id)), "CHECKOUT_EXPIRED") << expiry;
    EXPECT_THAT(world.person.questions, IsEmpty()) << expiry;
  }
}

TEST(PurchaseGate, pays_with_the_hosts_method_whatever_the_model_says) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.money("confirm_checkout", Json{{"checkout_id", id},
                                       {"payment_method", "gift_card"},
                                       {"idempotency_key", "chosen-by-the-model"}});
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 1U);
  EXPECT_EQ(string_or(confirms[0].body, "payment_method"), "test_card");
  EXPECT_NE(string_or(confirms[0].body, "idempotency_key"), "chosen-by-the-model");
}

TEST(PurchaseGate, says_loudly_when_the_order_is_not_what_was_agreed_to) {
  const std::pair<const char*, std::function<void(Json&)>> cases[] = {
      {"other items", [](Json& order) { order["items"][0]["quantity"] = 3; }},
      {"another total", [](Json& order) { order["total"] = price_of(9999); }},
      {"another checkout", [](Json& order) { order["checkout_id"] = "id-9999"; }},
  };
  for (const auto& [name, change] : cases) {
    GateWorld world;
    const std::string id = world.prepare();
    world.approve(id);
    world.server.before("order", 1, [&, &spoil = change] { spoil(world.server.orders().at(0)); });
    const ToolOutcome outcome = world.confirm(id);
    EXPECT_EQ(code_of(outcome), "NOT_AS_AGREED") << name;
    EXPECT_EQ(world.exit_code(), 14) << name;
    EXPECT_EQ(world.gate->last_report()->outcome, PurchaseOutcome::kDone) << name;
    EXPECT_THAT(world.gate->last_report()->message, HasSubstr("Cancel or refund it")) << name;
    EXPECT_THAT(world.journal.list().front().note, HasSubstr("not as agreed")) << name;
    EXPECT_EQ(world.states().back(), kDone) << name;
  }
}

TEST(PurchaseGate, says_loudly_when_the_confirmed_checkout_shows_another_receipt) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.before("confirm", 1, [&] { swap_item(world.server.checkout(id)); });
  EXPECT_EQ(code_of(world.confirm(id)), "NOT_AS_AGREED");
  EXPECT_EQ(world.exit_code(), 14);
}

TEST(PurchaseGate, never_repeats_a_purchase_that_is_not_as_agreed_as_a_plain_one) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.before("confirm", 1, [&] { swap_item(world.server.checkout(id)); });
  world.confirm(id);
  const std::string loud = "purchase done exit 14";
  EXPECT_EQ(world.events.lines.back(), loud);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(code_of(world.confirm(id)), "NOT_AS_AGREED");
    EXPECT_EQ(world.events.lines.back(), loud);
    EXPECT_EQ(code_of(world.approve(id)), "NOT_AS_AGREED");
    EXPECT_EQ(world.exit_code(), 14);
    world.restart();
  }
}

TEST(PurchaseGate, tells_when_the_checkout_was_confirmed_from_elsewhere) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.client.confirm(id, "test_card", "", {}, world.context);
  EXPECT_EQ(code_of(world.confirm(id)), "ALREADY_CONFIRMED");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.exit_code(), 14);
}

}  // namespace
}  // namespace cartpilot::purchase
