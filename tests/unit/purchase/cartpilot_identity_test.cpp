// Money, checkouts and limits belong to one CartPilot; records from before count against every real
// one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "commerce/identity.h"
#include "fakes/store/test_state.h"
#include "format_1_state.h"
#include "gate_world.h"
#include "purchase/attempt_record.h"
#include "purchase/keys.h"
#include "store/sessions.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using commerce::CartPilotIdentity;
using testing::HasSubstr;
using testing::Not;
using enum AttemptState;

std::string real(const std::string& url, const std::string& key = "key") {
  return CartPilotIdentity::real(url, key, "salt").text();
}

TEST(CartPilotIdentity, is_the_normalised_address_and_the_account) {
  const std::string one = real("https://shop.example");
  for (const char* same :
       {"https://shop.example/", "https://SHOP.example:443", "https://shop.example/./"}) {
    EXPECT_EQ(real(same), one) << same;
  }
  EXPECT_EQ(real("https://shop.example/v1/"), real("https://shop.example//x/../v1"));
  for (const char* other : {"https://shop.example:8443", "https://shop.example/v1",
                            "https://shop.example.org", "https://shop.example/V1"}) {
    EXPECT_NE(real(other), one) << other;
  }
  EXPECT_NE(real("https://shop.example", "another"), one);
  EXPECT_NE(CartPilotIdentity::real("https://shop.example", "key", "other salt").text(), one);
  EXPECT_THAT(one, Not(HasSubstr("key")));
  const std::string local = real("http://localhost:8000");
  for (const char* same : {"http://127.0.0.1:8000", "http://127.9.9.9:8000", "http://[::1]:8000"}) {
    EXPECT_EQ(real(same), local) << same;
  }
  EXPECT_NE(real("http://localhost:8001"), local);
  EXPECT_NE(real("https://127.evil.com"), real("https://localhost"));
  const auto identity = CartPilotIdentity::from_text(real("https://shop.example/v1"));
  EXPECT_EQ(identity.shown(), "https://shop.example/v1");
  EXPECT_EQ(host::flag_remedy(Remedy::kReachCartPilot, identity.text()),
            "--api-url https://shop.example/v1");
  EXPECT_FALSE(identity.is_sandbox());
  EXPECT_EQ(CartPilotIdentity::sandbox("s-1").shown(), "sandbox");
  EXPECT_TRUE(CartPilotIdentity::sandbox("s-1").is_sandbox());
  EXPECT_EQ(CartPilotIdentity().shown(), "unknown");
}

struct OwnMoney : testing::Test {
  std::int64_t now = kStartUnixMs;
  store::StateDb db{store::open_test_state()};
  PurchaseJournal journal{db, [this] { return now; }};
  const std::string shop = real("https://shop.example");
  const std::string other = real("https://other.example");
  const std::string sandbox = CartPilotIdentity::sandbox("s-1").text();
  int made = 0;

  /// Sends an attempt over `cents` and leaves it unknown.
  Attempt spend(const std::string& cartpilot, std::int64_t cents, const std::string& basket) {
    Attempt attempt;
    attempt.id = "a" + std::to_string(++made);
    attempt.session = "session-1";
    attempt.checkout_id = "checkout-1";
    attempt.basket = basket;
    attempt.digest = attempt.id;
    attempt.total = {cents, "USD"};
    attempt.cartpilot = cartpilot;
    journal.open(attempt);
    journal.advance(attempt.id, kApproved);
    return journal.begin_send(attempt.id);
  }
};

TEST_F(OwnMoney, is_counted_for_its_cartpilot_and_unknown_money_for_every_real_one) {
  spend(shop, 1, "b1");
  spend(other, 10, "b2");
  spend(sandbox, 100, "b3");
  spend("", 1000, "b4");  // from before
  EXPECT_EQ(journal.spent("USD", "session-1", shop), (Spent{1001, 1001}));
  EXPECT_EQ(journal.spent("USD", "session-1", other), (Spent{1010, 1010}));
  EXPECT_EQ(journal.spent("USD", "session-1", sandbox), (Spent{100, 100}));
  EXPECT_EQ(journal.spent("USD", "session-1", CartPilotIdentity::sandbox("s-2").text()),
            (Spent{0, 0}));
}

TEST_F(OwnMoney, keeps_the_limit_under_the_lock_for_its_cartpilot) {
  SpendLimits limits;
  limits.day = {1500, "USD"};
  spend(sandbox, 1400, "b1");
  const auto try_to_send = [&](const std::string& cartpilot, const std::string& basket) {
    Attempt attempt;
    attempt.id = "t" + std::to_string(++made);
    attempt.checkout_id = attempt.id;
    attempt.basket = basket;
    attempt.digest = attempt.id;
    attempt.total = {200, "USD"};
    attempt.cartpilot = cartpilot;
    journal.open(attempt);
    journal.advance(attempt.id, kApproved);
    try {
      journal.begin_send(attempt.id, limits);
      return std::string();
    } catch (const Error& error) {
      return error.reason;
    }
  };
  EXPECT_EQ(try_to_send(sandbox, "b2"), "limit");
  EXPECT_EQ(try_to_send(shop, "b2"), "");
  spend("", 1400, "b3");
  EXPECT_EQ(try_to_send(shop, "b4"), "limit");
  EXPECT_EQ(try_to_send(other, "b4"), "limit");
}

TEST_F(OwnMoney, replaces_consents_on_a_checkout_of_its_cartpilot_only) {
  const auto agree = [&](const std::string& id, const std::string& cartpilot) {
    Attempt attempt;
    attempt.id = id;
    attempt.checkout_id = "checkout-1";
    attempt.digest = id;
    attempt.total = {1, "USD"};
    attempt.cartpilot = cartpilot;
    journal.open(attempt);
  };
  agree("here", shop);
  agree("there", other);
  EXPECT_EQ(journal.find("here")->state, kConsent);
  agree("again", shop);
  EXPECT_EQ(journal.find("here")->state, kVoid);
  EXPECT_EQ(journal.find("there")->state, kConsent);
}

TEST_F(OwnMoney, locks_baskets_and_knows_checkouts_of_its_cartpilot_only) {
  spend(sandbox, 1, "basket");
  EXPECT_EQ(journal.unfinished_on("basket", shop), std::nullopt);
  EXPECT_TRUE(journal.unfinished_on("basket", sandbox).has_value());
  const Attempt bought = spend(shop, 1, "basket");
  EXPECT_TRUE(journal.unfinished_on("basket", shop).has_value());
  EXPECT_EQ(journal.unfinished_on("basket", other), std::nullopt);
  journal.advance(bought.id, kDone);
  EXPECT_TRUE(journal.done_on_checkout("checkout-1", shop).has_value());
  EXPECT_EQ(journal.done_on_checkout("checkout-1", other), std::nullopt);
  EXPECT_TRUE(journal.bought_in_a_day("basket", shop).has_value());
  EXPECT_EQ(journal.bought_in_a_day("basket", sandbox), std::nullopt);
  spend("", 1, "old");
  EXPECT_TRUE(journal.unfinished_on("old", shop).has_value());
  EXPECT_EQ(journal.unfinished_on("old", sandbox), std::nullopt);

  journal.remember_checkout("session-1", "c1", "[]", sandbox);
  EXPECT_TRUE(journal.knows_checkout("session-1", "c1", sandbox));
  EXPECT_FALSE(journal.knows_checkout("session-1", "c1", shop));
}

TEST(CartPilotIdentity, is_part_of_the_record_with_what_was_bought_and_when_the_yes_came) {
  GateWorld world;
  const std::string id = world.prepare("headphones", 2);
  ASSERT_TRUE(world.approve(id).ok);
  ASSERT_TRUE(world.confirm(id).ok);
  const Attempt attempt = world.journal.list().front();
  EXPECT_EQ(attempt.cartpilot, world.gate->cartpilot().text());
  EXPECT_EQ(world.gate->cartpilot().shown(), "http://localhost:8000");
  EXPECT_EQ(attempt.channel, "terminal");
  EXPECT_EQ(attempt.approved_unix_ms, kStartUnixMs);
  EXPECT_EQ(parse_json(attempt.receipt),
            parse_json(R"({"items":[{"product_id":"headphones","sku":"SKU-headphones",
              "title":"A fine headphones","quantity":2,"unit_price":7999}],"subtotal":15998,
              "tax":1279,"shipping":0,"total":17277,"currency":"USD",
              "expires_at":"2026-11-24T00:49:28.023294Z"})"));
  for (const char* edit :
       {"UPDATE purchases SET cartpilot = ''",
        "UPDATE purchases SET receipt = replace(receipt, '7999', '1')",
        "UPDATE purchases SET channel = 'policy'", "UPDATE purchases SET approved_ms = 1"}) {
    world.db.run("SAVEPOINT before");
    world.db.run(edit);
    EXPECT_TRUE(first_broken_event(world.db).has_value()) << edit;
    world.db.run("ROLLBACK TO before; RELEASE before");
  }
  EXPECT_EQ(world.journal.verify(), std::nullopt);
}

TEST(CartPilotIdentity, of_a_sandbox_is_believed_of_a_server_on_this_machine_only) {
  FakeCartPilot server;
  server.sandbox = "s-1";
  const auto said = [&](const std::string& url) {
    commerce::ClientOptions options;
    options.base_url = url;
    return commerce::CartPilotClient(options, server).health(CallContext()).sandbox_id;
  };
  EXPECT_EQ(said("http://127.0.0.1:8000"), "s-1");
  EXPECT_EQ(said("https://shop.example"), "");
  server.sandbox = "no id";
  EXPECT_EQ(said("http://127.0.0.1:8000"), "");
}

TEST(CartPilotIdentity, stands_first_on_the_receipt) {
  GateWorld world;
  const std::string id = world.prepare();
  auto receipt = commerce::make_receipt("http://localhost:8000", "test_card",
                                        world.client.get_checkout(id, world.context).value);
  const auto first = [&] {
    const ReceiptField field = receipt_fields(receipt, std::nullopt).front();
    return field.label + ": " + field.value;
  };
  EXPECT_EQ(first(), "CartPilot: http://localhost:8000");
  receipt.cartpilot = "https://shop.example/v1";
  EXPECT_EQ(first(), "CartPilot: https://shop.example/v1");
  receipt.cartpilot = CartPilotIdentity::sandbox("s-1").shown();
  EXPECT_EQ(first(), "CartPilot: SANDBOX, no real money");
  EXPECT_EQ(receipt_detail(receipt)["cartpilot"], "sandbox");
}

TEST(CartPilotIdentity, that_changed_under_the_conversation_stops_every_purchase) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.sandbox = "s-1";  // a sandbox answers where a real CartPilot did
  EXPECT_EQ(code_of(world.approve(id)), "CARTPILOT_CHANGED");
  EXPECT_TRUE(world.person.questions.empty());
  world.server.sandbox.clear();
  ASSERT_TRUE(world.approve(id).ok);
  world.server.sandbox = "s-1";
  EXPECT_EQ(code_of(world.confirm(id)), "CARTPILOT_CHANGED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  world.server.sandbox.clear();
  EXPECT_TRUE(world.confirm(id).ok);
}

TEST(CartPilotIdentity, of_a_record_of_format_1_is_unknown_and_counts_against_every_real_limit) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  make_format_1_state(state, kStartUnixMs);
  // As a program of format 1 computed it: its chain must go on fitting.
  EXPECT_EQ(chain_hash("", 1, format_1_record(kStartUnixMs)),
            "4870c49525e1a9ed80d1abdda80f5c1eecb7b0cf08d34910a820d1fd1e4be255");
  for (int start = 0; start < 2; ++start) {  // brought up to date once
    store::StateDb db(state);
    PurchaseJournal journal(db, [] { return kStartUnixMs + 1000; });
    EXPECT_EQ(journal.integrity_problem(), std::nullopt);
    ASSERT_EQ(journal.list().size(), 1U);
    EXPECT_EQ(journal.list().front().cartpilot, "");
    EXPECT_EQ(attempt_record(journal.list().front()), format_1_record(kStartUnixMs));
    for (const char* url : {"https://shop.example", "http://localhost:8000"}) {
      EXPECT_EQ(journal.spent("USD", "session-1", real(url)), (Spent{8638, 8638}));
      EXPECT_TRUE(journal.unfinished_on("basket", real(url)).has_value());
    }
    EXPECT_EQ(journal.spent("USD", "session-1", CartPilotIdentity::sandbox("s").text()),
              (Spent{0, 0}));
    EXPECT_TRUE(journal.knows_checkout("session-1", "c-1", real("https://shop.example")));
    EXPECT_FALSE(
        journal.knows_checkout("session-1", "c-1", CartPilotIdentity::sandbox("s").text()));
    store::SessionStore sessions(db);
    ASSERT_TRUE(sessions.find("session-1").has_value());
    EXPECT_EQ(sessions.find("session-1")->cartpilot, "");
    EXPECT_EQ(sessions.find("session-1")->title, "a mug");
  }
  store::StateDb db(state);
  PurchaseJournal journal(db, [] { return kStartUnixMs + 1000; });
  journal.resolve("a1", true);
  EXPECT_EQ(journal.verify(), std::nullopt);
  store::SessionStore sessions(db);
  sessions.bind("session-1", real("https://shop.example"));
  sessions.bind("session-1", real("https://other.example"));  // stays where it is
  EXPECT_EQ(sessions.find("session-1")->cartpilot, real("https://shop.example"));
}

TEST(CartPilotIdentity, of_an_old_attempt_is_no_name_that_only_looks_local) {
  GateWorld world;
  Attempt old;
  old.id = "old";
  old.session = "session-1";
  old.api_origin = "https://127.evil.com";
  old.checkout_id = "id-7777";
  old.merchant_id = "merchant-a";
  old.basket = "basket";
  old.digest = "digest";
  old.total = {1, "USD"};
  world.journal.open(old);
  world.journal.advance("old", kApproved);
  world.journal.begin_send("old");
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_THAT(reports[0].message, HasSubstr("--api-url https://127.evil.com"));
  EXPECT_TRUE(world.server.requests().empty());
}

}  // namespace
}  // namespace cartpilot::purchase
