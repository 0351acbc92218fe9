// Cases 16 to 30: what was agreed to is what is bought. The numbers are those of docs/purchases.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "model_world.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum AttemptState;
using Change = std::function<void(Json&)>;
using Fault = FakeCartPilot::Fault;

/// Changes a checkout at three moments: while the person thinks, while CartPilot approves, and
/// between approve and confirm. Nothing may be bought.
void expect_void(const Change& change, const char* at_approve = "RECEIPT_CHANGED") {
  GateWorld thinking;
  const std::string first = thinking.prepare();
  thinking.person.meanwhile = [&] { change(thinking.server.checkout(first)); };
  EXPECT_FALSE(thinking.approve(first).ok);
  EXPECT_EQ(thinking.server.count("approve"), 0);
  EXPECT_EQ(thinking.end(), PurchaseEnd::kChanged);
  EXPECT_THAT(thinking.states(), ElementsAre(kConsent, kVoid));

  GateWorld approving;
  const std::string second = approving.prepare();
  approving.server.before("approve", 1, [&] { change(approving.server.checkout(second)); });
  EXPECT_EQ(code_of(approving.approve(second)), at_approve);
  EXPECT_EQ(approving.end(), PurchaseEnd::kChanged);
  approving.person.answers = {ConsentAnswer::kDeclined};
  EXPECT_FALSE(approving.confirm(second).ok);

  Approved approved;
  change(approved.server.checkout(approved.id));
  EXPECT_FALSE(approved.confirm(approved.id).ok);
  EXPECT_EQ(approved.end(), PurchaseEnd::kChanged);
  EXPECT_THAT(approved.states(), ElementsAre(kConsent, kApproveSent, kApproved, kVoid));

  for (GateWorld* world : {&thinking, &approving, static_cast<GateWorld*>(&approved)}) {
    EXPECT_EQ(world->server.count("confirm"), 0);
    EXPECT_EQ(world->states().back(), kVoid);
  }
}

TEST(PurchaseCase, case_16_another_article_at_the_same_total_voids_the_consent) {
  expect_void([](Json& checkout) {
    checkout["items"][0]["product_id"] = "earbuds";
    checkout["frozen_receipt"]["items"][0]["product_id"] = "earbuds";
  });
  // What a re-quote at the same total does: the frozen receipt goes on showing the old item.
  expect_void([](Json& checkout) {
    checkout["items"][0]["product_id"] = "earbuds";
    checkout["merchant_checkout_id"] = "another-session";
  });
  expect_void([](Json& checkout) { checkout["merchant_checkout_id"] = "another-session"; });
  expect_void([](Json& checkout) {
    checkout["items"][0]["title"] = "A refurbished headphones";
    checkout["frozen_receipt"]["items"][0]["title"] = "A refurbished headphones";
  });
}

TEST(PurchaseCase, case_17_another_currency_voids_the_consent) {
  expect_void(
      [](Json& checkout) {
        for (const char* name : {"subtotal", "tax", "shipping", "total"}) {
          checkout[name]["currency"] = "GBP";
        }
        for (const char* name : {"unit_price", "line_total"}) {
          checkout["items"][0][name]["currency"] = "GBP";
        }
        checkout["frozen_receipt"]["currency"] = "GBP";
        checkout["frozen_receipt"]["items"][0]["currency"] = "GBP";
      },
      "PRICE_CHANGED");
}

TEST(PurchaseCase, case_18_another_quantity_than_asked_for_is_shown_with_the_difference) {
  GateWorld world;
  const std::string id = string_or(world.create("headphones", 1), "id");
  world.quote(id, "headphones", 7);
  world.request_approval(id);
  world.person.answers = {ConsentAnswer::kDeclined};
  world.approve(id);
  ASSERT_EQ(world.person.questions.size(), 1U);
  EXPECT_EQ(world.person.questions[0].total, (commerce::Money{60472, "USD"}));
  EXPECT_EQ(world.person.questions[0].note,
            "NOT what was asked for: 1 asked for, the receipt has 7\n"
            "spent 0.00 of 20000.00 USD in 24 hours");
}

TEST(PurchaseCase, case_19_another_merchant_or_a_look_alike_voids_the_consent) {
  expect_void([](Json& checkout) { checkout["merchant_id"] = "merchant-b"; });
  expect_void([](Json& checkout) { checkout["merchant_id"] = "merchant-\xd0\xb0"; });
  GateWorld world(parse_policy("up-to:100:USD", "merchant-a"));
  const std::string id = world.prepare();
  world.server.checkout(id)["merchant_id"] = "merchant-\xd0\xb0";  // Cyrillic
  EXPECT_EQ(code_of(world.approve(id)), "APPROVAL_REFUSED_BY_POLICY");
}

TEST(PurchaseCase, case_20_a_409_voids_the_consent_and_the_next_question_shows_both_totals) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kAnswerInstead,
                     FakeCartPilot::error(409, "REAPPROVAL_REQUIRED",
                                          "[merchant-a] PRICE_CHANGED: re-quote required"));
  const ToolOutcome refused = world.confirm(world.id);
  EXPECT_EQ(code_of(refused), "PRICE_CHANGED");
  EXPECT_THAT(string_or(refused.content, "message"),
              HasSubstr("quote_checkout with the same items, then request_approval, then "
                        "approve_checkout"));
  EXPECT_EQ(world.end(), PurchaseEnd::kChanged);
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kApproved, kConfirmSent, kVoid));

  world.server.price("headphones") = 9198;
  EXPECT_TRUE(world.quote(world.id).ok);  // the lock of the consent is gone
  EXPECT_TRUE(world.request_approval(world.id).ok);
  EXPECT_TRUE(world.approve(world.id).ok);
  EXPECT_TRUE(world.confirm(world.id).ok);
  ASSERT_EQ(world.person.questions.size(), 2U);
  EXPECT_EQ(world.person.questions[0].previous_total, std::nullopt);
  EXPECT_EQ(world.person.questions[1].previous_total, (commerce::Money{8638, "USD"}));
  EXPECT_EQ(world.person.questions[1].total, (commerce::Money{9933, "USD"}));
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);

  // The model may also start over with a checkout of its own for the same basket.
  Approved anew;
  anew.server.fault("confirm", 1, Fault::kAnswerInstead,
                    FakeCartPilot::error(409, "REAPPROVAL_REQUIRED"));
  anew.confirm(anew.id);
  anew.server.price("headphones") = 9198;
  anew.gate->begin_turn();
  anew.approve(anew.prepare());
  EXPECT_EQ(anew.person.questions.back().previous_total, (commerce::Money{8638, "USD"}));
}

TEST(PurchaseCase, case_21_a_price_change_answered_with_200_and_quoted_is_seen) {
  for (const std::int64_t price : {9198, 6000}) {  // up and down
    Approved world;
    world.server.price("headphones") = price;
    // Another holder of the API key quotes again.
    const Json item = {{"product_id", "headphones"}, {"quantity", 1}};
    world.tools.call("quote_checkout",
                     Json{{"checkout_id", world.id}, {"items", Json::array({item})}},
                     world.context);
    ASSERT_EQ(world.server.checkout(world.id)["status"], "quoted");
    EXPECT_EQ(code_of(world.confirm(world.id)), "PRICE_CHANGED");
    EXPECT_EQ(world.server.count("confirm"), 0);
    EXPECT_EQ(world.end(), PurchaseEnd::kChanged);
  }
}

TEST(PurchaseCase, case_22_a_409_of_the_idempotency_key_is_no_price_change_but_unknown) {
  Approved world;
  world.server.fault("confirm", 0, Fault::kAnswerInstead,
                     FakeCartPilot::error(409, "IDEMPOTENCY_CONFLICT"));
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
  EXPECT_EQ(world.states().back(), kUnknown);
}

TEST(PurchaseCase, case_23_another_split_of_tax_and_shipping_voids_the_consent) {
  expect_void([](Json& checkout) {
    checkout["tax"] = price_of(539);
    checkout["shipping"] = price_of(100);
    checkout["frozen_receipt"]["tax_cents"] = 539;
    checkout["frozen_receipt"]["shipping_cents"] = 100;
  });
}

TEST(PurchaseCase, case_24_receipts_that_do_not_add_up_are_refused_before_anybody_is_asked) {
  // Each amount in turn is off by a random number of cents, live and frozen alike.
  std::mt19937_64 random(24);
  const std::vector<Change> amounts = {
      [&](Json& c) {
        const auto off = std::uniform_int_distribution<std::int64_t>(1, 5000)(random);
        c["total"]["amount"] = c["total"]["amount"].get<std::int64_t>() + off;
        c["frozen_receipt"]["total_cents"] = c["total"]["amount"];
      },
      [&](Json& c) {
        const auto off = std::uniform_int_distribution<std::int64_t>(1, 5000)(random);
        c["subtotal"]["amount"] = c["subtotal"]["amount"].get<std::int64_t>() - off;
        c["frozen_receipt"]["subtotal_cents"] = c["subtotal"]["amount"];
      },
      [&](Json& c) {
        const auto off = std::uniform_int_distribution<std::int64_t>(1, 5000)(random);
        c["items"][0]["line_total"]["amount"] =
            c["items"][0]["line_total"]["amount"].get<std::int64_t>() + off;
      },
      [](Json& c) { c["items"][0]["line_total"]["currency"] = "EUR"; },
      [](Json& c) { c["tax"]["currency"] = "EUR"; },
  };
  for (int round = 0; round < 40; ++round) {
    GateWorld world;
    const std::string id =
        world.prepare("headphones", std::uniform_int_distribution<int>(1, 99)(random));
    amounts[static_cast<std::size_t>(round) % amounts.size()](world.server.checkout(id));
    EXPECT_EQ(code_of(world.approve(id)), "RECEIPT_INVALID") << round;
    EXPECT_THAT(world.person.questions, IsEmpty()) << round;
  }
}

TEST(PurchaseCase, case_25_a_total_of_zero_below_zero_or_none_at_all_is_refused) {
  const auto all_amounts = [](std::int64_t minor) {
    return [minor](Json& checkout) {
      for (const char* name : {"subtotal", "tax", "shipping", "total"}) {
        checkout[name] = price_of(minor);
        checkout["frozen_receipt"][std::string(name) + "_cents"] = minor;
      }
      checkout["items"][0]["unit_price"] = checkout["items"][0]["line_total"] = price_of(minor);
      checkout["frozen_receipt"]["items"][0]["unit_price_cents"] = minor;
    };
  };
  const Change bad[] = {all_amounts(0), all_amounts(-1),
                        [](Json& checkout) { checkout["total"] = nullptr; }};
  for (const Change& change : bad) {
    GateWorld world;
    const std::string id = world.prepare();
    change(world.server.checkout(id));
    EXPECT_EQ(code_of(world.approve(id)), "RECEIPT_INVALID");
    EXPECT_THAT(world.person.questions, IsEmpty());
    EXPECT_EQ(world.server.count("approve"), 0);
  }
}

TEST(PurchaseCase, case_26_frozen_lines_that_are_not_the_live_ones_are_refused) {
  const Change bad[] = {
      [](Json& c) { c["frozen_receipt"]["items"][0]["product_id"] = "earbuds"; },
      [](Json& c) { c["frozen_receipt"]["items"][0]["title"] = "Something better"; },
      [](Json& c) { c["frozen_receipt"]["items"][0]["quantity"] = 2; },
      [](Json& c) { c["frozen_receipt"]["items"].push_back(c["frozen_receipt"]["items"][0]); },
      [](Json& c) { c["frozen_receipt"]["total_cents"] = 1; },
      [](Json& c) { c["frozen_receipt"] = nullptr; },
      [](Json& c) { c["items"][0]["quantity"] = 2; }};
  for (const Change& change : bad) {
    GateWorld world;
    const std::string id = world.prepare();
    change(world.server.checkout(id));
    EXPECT_EQ(code_of(world.approve(id)), "RECEIPT_INVALID");
    EXPECT_THAT(world.person.questions, IsEmpty());
    EXPECT_EQ(world.server.count("approve"), 0);
    EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
    EXPECT_THAT(world.journal.list(), IsEmpty());
  }
}

TEST(PurchaseCase, case_27_the_payment_method_is_the_hosts_whatever_the_model_says) {
  Approved world;
  world.money("confirm_checkout", Json{{"checkout_id", world.id},
                                       {"payment_method", "gift_card"},
                                       {"idempotency_key", "chosen-by-the-model"}});
  const auto confirms = world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 1U);
  EXPECT_EQ(string_or(confirms[0].body, "payment_method"), "test_card");
  EXPECT_NE(string_or(confirms[0].body, "idempotency_key"), "chosen-by-the-model");
}

TEST(PurchaseCase, case_28_what_cannot_be_shown_whole_is_not_asked_about) {
  const auto with_lines = [](std::size_t lines) {
    return [lines](Json& checkout) {
      while (checkout["items"].size() < lines) {
        checkout["items"].push_back(checkout["items"][0]);
        checkout["frozen_receipt"]["items"].push_back(checkout["frozen_receipt"]["items"][0]);
      }
      const auto count = static_cast<std::int64_t>(checkout["items"].size());
      for (const auto& [name, amount] : std::map<std::string, std::int64_t>{
               {"subtotal", 7999 * count}, {"tax", 0}, {"shipping", 0}, {"total", 7999 * count}}) {
        checkout[name] = price_of(amount);
        checkout["frozen_receipt"][name + "_cents"] = amount;
      }
    };
  };
  const auto with_title = [](std::size_t bytes) {
    return [bytes](Json& checkout) {
      checkout["items"][0]["title"] = std::string(bytes, 'x');
      checkout["frozen_receipt"]["items"][0]["title"] = std::string(bytes, 'x');
    };
  };
  const std::pair<Change, bool> rows[] = {{with_lines(51), false},
                                          {with_lines(50), true},
                                          {with_title(10'000), false},
                                          {with_title(201), false},
                                          {with_title(200), true}};
  for (const auto& [change, asked] : rows) {
    GateWorld world;
    const std::string id = world.prepare();
    change(world.server.checkout(id));
    EXPECT_EQ(code_of(world.approve(id)), asked ? "" : "RECEIPT_INVALID");
    EXPECT_EQ(world.person.questions.size(), asked ? 1U : 0U);
  }
}

TEST(PurchaseCase, case_29_an_order_that_is_not_the_receipt_is_said_loudly_with_what_to_do) {
  const Change bad[] = {[](Json& order) { order["items"][0]["quantity"] = 3; },
                        [](Json& order) { order["items"][0]["product_id"] = "mug"; },
                        [](Json& order) { order["total"] = price_of(9999); },
                        [](Json& order) { order["checkout_id"] = "id-9999"; }};
  for (const Change& change : bad) {
    Approved world;
    world.server.before("order", 1, [&] { change(world.server.orders().at(0)); });
    EXPECT_EQ(code_of(world.confirm(world.id)), "NOT_AS_AGREED");
    EXPECT_EQ(world.end(), PurchaseEnd::kNotAsAgreed);
    EXPECT_EQ(world.gate->last_report()->outcome, PurchaseOutcome::kDone);
    EXPECT_THAT(world.gate->last_report()->message, HasSubstr("Cancel or refund it"));
    EXPECT_THAT(world.journal.list().front().note, HasSubstr("not as agreed"));
    EXPECT_EQ(world.states().back(), kDone);
  }
}

TEST(PurchaseCase, case_30_the_basket_of_a_moment_ago_needs_a_second_challenge) {
  GateWorld world;
  const std::string first = world.prepare();
  world.approve(first);
  world.confirm(first);
  world.clock.passed_ms += 3 * 60 * 1000;
  world.gate->begin_turn();
  const std::string second = world.prepare();
  ASSERT_NE(first, second);
  world.person.answers = {ConsentAnswer::kApproved, ConsentAnswer::kDeclined};
  EXPECT_EQ(code_of(world.approve(second)), "APPROVAL_DECLINED");
  ASSERT_EQ(world.person.questions.size(), 3U);
  EXPECT_EQ(world.person.questions[1].note,
            "the same basket was bought 3 minutes ago\n"
            "spent 86.38 of 20000.00 USD in 24 hours");
  EXPECT_EQ(world.person.questions[2].note,
            "AGAIN\nthe same basket was bought 3 minutes ago\n"
            "spent 86.38 of 20000.00 USD in 24 hours");
  EXPECT_EQ(world.server.orders().size(), 1U);

  EXPECT_TRUE(world.approve(second).ok);  // asked twice again, yes both times
  EXPECT_TRUE(world.confirm(second).ok);
  EXPECT_EQ(world.person.questions.size(), 5U);

  world.clock.passed_ms += 2 * 60 * 60 * 1000;
  world.gate->begin_turn();
  world.approve(world.prepare());
  EXPECT_EQ(world.person.questions.size(), 6U);
}

}  // namespace
}  // namespace cartpilot::purchase
