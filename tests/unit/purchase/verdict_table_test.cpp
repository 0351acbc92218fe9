// What the answer to a confirm proves, row by row of docs/purchases.md: each answer comes once
// after CartPilot booked the order and once without, and must be judged alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;
using Reply = FakeCartPilot::Reply;

Reply html(int status) { return {status, "<html>blocked</html>", "text/html", {}}; }

std::string name_of(const Reply& reply) {
  return std::to_string(reply.status) + " " + reply.body.substr(0, 90);
}

/// The answer proves nothing: the gate looks, and finds out what CartPilot knows.
void expect_looked_into(const Reply& reply) {
  Approved booked;
  booked.server.fault("confirm", 1, Fault::kReplaceAnswer, reply);
  EXPECT_TRUE(booked.confirm(booked.id).ok) << name_of(reply);
  EXPECT_EQ(booked.server.count("confirm"), 1) << name_of(reply);
  EXPECT_EQ(booked.server.orders().size(), 1U) << name_of(reply);
  EXPECT_THAT(booked.states(), Contains(kUnknown)) << name_of(reply);
  EXPECT_EQ(booked.end(), PurchaseEnd::kBought) << name_of(reply);

  // CartPilot cannot be seen behind what answers: it stays unknown, whatever happened.
  Approved lost;
  lost.server.fault("confirm", 1, Fault::kReplaceAnswer, reply);
  for (int nth = 4; nth < 20; ++nth) {
    lost.server.fault("get", nth, Fault::kAnswerInstead, html(403));
  }
  const int looks = lost.server.count("get");
  EXPECT_EQ(code_of(lost.confirm(lost.id)), "unknown") << name_of(reply);
  EXPECT_EQ(lost.end(), PurchaseEnd::kUnknown) << name_of(reply);
  EXPECT_EQ(lost.server.count("get") - looks, 1 + 3) << name_of(reply);  // one before the confirm
  EXPECT_GT(lost.clock.slept_ms, 10'000) << name_of(reply);
  EXPECT_LE(lost.clock.slept_ms, 30'000) << name_of(reply);
  EXPECT_EQ(lost.states().back(), kUnknown) << name_of(reply);
  for (const std::string& line : lost.events.lines) EXPECT_THAT(line, Not(HasSubstr("not_done")));
}

void expect_not_bought(const Reply& reply, PurchaseEnd end) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kAnswerInstead, reply);
  EXPECT_FALSE(world.confirm(world.id).ok) << name_of(reply);
  EXPECT_EQ(world.end(), end) << name_of(reply);
  EXPECT_EQ(world.states().back(), kVoid) << name_of(reply);
  EXPECT_EQ(world.server.count("confirm"), 1) << name_of(reply);
  EXPECT_THAT(world.states(), Not(Contains(kUnknown))) << name_of(reply);
}

Reply confirmation(const std::string& checkout, const std::string& status,
                   const std::string& total) {
  return {200,
          R"({"checkout_id":")" + checkout +
              R"(","merchant_order_id":"ORD-1","order_id":"order-ORD-1","status":")" + status +
              R"(","total":)" + total + R"(,"confirmed_at":"2026-11-23T00:49:28Z"})",
          "application/json",
          {}};
}

TEST(VerdictTable, a_200_as_agreed_is_bought) {
  Approved world;
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_THAT(world.states(), Not(Contains(kUnknown)));
  EXPECT_EQ(world.states().back(), kDone);
}

TEST(VerdictTable, a_200_about_something_else_proves_nothing) {
  expect_looked_into(confirmation("id-9", "confirmed", R"({"amount":8638,"currency":"USD"})"));
  expect_looked_into(confirmation("id-0001", "approved", R"({"amount":8638,"currency":"USD"})"));
  expect_looked_into(confirmation("id-0001", "confirmed", R"({"amount":1,"currency":"USD"})"));
  expect_looked_into(confirmation("id-0001", "confirmed", R"({"amount":8638,"currency":"EUR"})"));
}

TEST(VerdictTable, a_200_that_cannot_be_read_proves_nothing) {
  Reply typed = confirmation("id-0001", "confirmed", R"({"amount":8638,"currency":"USD"})");
  typed.content_type = "text/html";
  Reply cut = confirmation("id-0001", "confirmed", R"({"amount":8638,"currency":"USD"})");
  cut.body.resize(cut.body.size() / 2);
  Reply twice = confirmation("id-0001", R"(failed","status":"confirmed)",
                             R"({"amount":8638,"currency":"USD"})");
  for (const Reply& reply :
       {typed, cut, twice, html(200), Reply{200, "", "application/json", {}}}) {
    expect_looked_into(reply);
  }
}

TEST(VerdictTable, an_own_409_reapproval_is_a_price_change) {
  expect_not_bought(FakeCartPilot::error(409, "REAPPROVAL_REQUIRED"), PurchaseEnd::kChanged);
}

TEST(VerdictTable, an_own_400_from_before_the_merchant_is_not_bought) {
  for (const char* code : {"NOT_APPROVED", "QUOTE_REQUIRED", "MERCHANT_NOT_FOUND"}) {
    expect_not_bought(FakeCartPilot::error(400, code), PurchaseEnd::kCartPilotFailed);
  }
}

TEST(VerdictTable, an_own_400_from_after_the_merchant_proves_nothing) {
  for (const char* code : {"MERCHANT_ERROR", "CONFIRM_FAILED", "CHECKOUT_EXPIRED", "SOMETHING_NEW",
                           "REAPPROVAL_REQUIRED"}) {
    expect_looked_into(FakeCartPilot::error(400, code));
  }
}

TEST(VerdictTable, an_own_409_of_another_kind_proves_nothing) {
  for (const char* code : {"IDEMPOTENCY_CONFLICT", "NOT_APPROVED", "CONFLICT"}) {
    expect_looked_into(FakeCartPilot::error(409, code));
  }
}

TEST(VerdictTable, a_401_or_403_proves_nothing) {
  for (const int status : {401, 403}) {
    expect_looked_into(html(status));
    expect_looked_into(FakeCartPilot::error(status, "INVALID_API_KEY"));
    expect_looked_into(FakeCartPilot::error(status, "NOT_APPROVED"));
    expect_looked_into({status, R"({"error_code":"X","message":"m"})", "application/json", {}});
  }
}

TEST(VerdictTable, a_404_405_or_422_proves_nothing) {
  expect_looked_into(FakeCartPilot::error(404, "CHECKOUT_NOT_FOUND"));
  for (const int status : {404, 405, 422}) {
    expect_looked_into(html(status));
    expect_looked_into({status, R"({"detail":"Not Found"})", "application/json", {}});
    expect_looked_into(FakeCartPilot::error(status, "MERCHANT_NOT_FOUND"));
  }
}

TEST(VerdictTable, what_proxies_and_firewalls_answer_proves_nothing) {
  for (const int status : {400, 407, 408, 409, 413, 429, 451}) expect_looked_into(html(status));
  for (const int status : {407, 408, 413, 429, 451}) {
    expect_looked_into(FakeCartPilot::error(status, "NOT_APPROVED"));
  }
}

TEST(VerdictTable, a_5xx_proves_nothing) {
  for (const int status : {500, 501, 502, 503, 504, 520}) {
    expect_looked_into(html(status));
    expect_looked_into(FakeCartPilot::error(status, "NOT_APPROVED"));
  }
}

TEST(VerdictTable, a_redirect_proves_nothing) {
  for (const int status : {301, 302, 307, 308}) {
    expect_looked_into({status, "", "text/html", {{"Location", "http://127.0.0.1:1/"}}});
  }
}

TEST(VerdictTable, a_refusal_in_another_shape_proves_nothing) {
  for (const auto& [status, code] :
       {std::pair{400, "NOT_APPROVED"}, {409, "REAPPROVAL_REQUIRED"}}) {
    const Json own = parse_json(FakeCartPilot::error(status, code).body);
    const auto json = [status = status](const Json& body, const char* type = "application/json") {
      return Reply{status, dump_json(body), type, {}};
    };
    expect_looked_into(json(own, "text/html"));
    expect_looked_into(json(own, ""));
    Reply cut = json(own);
    cut.body.pop_back();
    expect_looked_into(cut);
    for (const char* member : {"message", "details", "request_id"}) {
      Json without = own;
      without.erase(member);
      expect_looked_into(json(without));
      Json other = own;
      other[member] = 1;
      expect_looked_into(json(other));
    }
    Json more = own;
    more["support"] = "call the firewall";
    expect_looked_into(json(more));
    expect_looked_into(json(Json{{"detail", own}}));
    expect_looked_into(json(Json::array({own})));
    Reply twice = json(own);
    twice.body.insert(1, R"("error_code":"OTHER",)");
    expect_looked_into(twice);
    twice = json(own);
    twice.body.insert(twice.body.size() - 1, R"(,"error_code":"OTHER")");
    expect_looked_into(twice);
  }
}

TEST(VerdictTable, silence_proves_nothing) {
  Approved booked;
  booked.server.fault("confirm", 1, Fault::kLoseAnswer);
  EXPECT_TRUE(booked.confirm(booked.id).ok);
  EXPECT_EQ(booked.server.count("confirm"), 1);
  Approved lost;
  lost.server.fault("confirm", 1, Fault::kLoseAnswer);
  for (int nth = 4; nth < 20; ++nth) lost.server.fault("get", nth, Fault::kResetBefore);
  EXPECT_EQ(code_of(lost.confirm(lost.id)), "unknown");
  EXPECT_EQ(lost.end(), PurchaseEnd::kUnknown);
}

TEST(VerdictTable, nothing_sent_is_not_bought) {
  Approved world;
  world.server.fault("confirm", 0, Fault::kRefuseConnection);
  EXPECT_FALSE(world.confirm(world.id).ok);
  EXPECT_EQ(world.end(), PurchaseEnd::kCartPilotFailed);
  EXPECT_EQ(world.states().back(), kVoid);
  EXPECT_EQ(world.server.count("confirm"), 3);
}

TEST(VerdictTable, finds_a_purchase_that_is_only_seen_at_the_last_look) {
  // An intermediary that answers the looks as well, until it lets one through.
  Approved world;
  world.server.fault("confirm", 1, Fault::kReplaceAnswer, html(403));
  for (int nth = 4; nth <= 5; ++nth) {
    world.server.fault("get", nth, Fault::kAnswerInstead, html(401));
  }
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
  EXPECT_EQ(world.server.count("confirm"), 1);
  // At a merchant that is still at it, the order appears after the first look.
  Approved slow;
  slow.server.fault("confirm", 1, Fault::kReplaceAnswer, html(502));
  slow.server.before("get", 4, [&] { slow.server.checkout(slow.id)["status"] = "approved"; });
  slow.server.before("get", 5, [&] { slow.server.checkout(slow.id)["status"] = "confirmed"; });
  EXPECT_TRUE(slow.confirm(slow.id).ok);
  EXPECT_EQ(slow.server.count("confirm"), 1);
  EXPECT_EQ(slow.server.orders().size(), 1U);
}

TEST(VerdictTable, is_documented_row_by_row_with_these_tests) {
  std::ifstream page(CARTPILOT_PURCHASES_PAGE);
  std::multiset<std::string> documented;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    in_table = (in_table && line.starts_with("|")) || line.starts_with("| Answer to the confirm |");
    const std::size_t begin = line.rfind("| `");
    if (in_table && begin != std::string::npos) {
      documented.insert(line.substr(begin + 3, line.rfind("` |") - begin - 3));
    }
  }
  const testing::TestSuite* suite = testing::UnitTest::GetInstance()->current_test_suite();
  std::multiset<std::string> rows;
  for (int i = 0; i < suite->total_test_count(); ++i) {
    const std::string name = suite->GetTestInfo(i)->name();
    if (name != "is_documented_row_by_row_with_these_tests" &&
        name != "finds_a_purchase_that_is_only_seen_at_the_last_look") {
      rows.insert(name);
    }
  }
  EXPECT_EQ(documented, rows);
}

}  // namespace
}  // namespace cartpilot::purchase
