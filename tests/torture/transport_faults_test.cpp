// What can happen to a request on its way, each seen from the client's side and in the ledger.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "torture/key_holder.h"

namespace cartpilot::torture {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct Outcome {
  int status;
  std::string reason;
  std::size_t bookings;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << outcome.status << " " << outcome.reason << ", " << outcome.bookings << " bookings";
}

/// What a confirm that meets the fault looks like.
Outcome confirm_with(const std::string& kind, const Json& detail = Json::object()) {
  FaultCartPilot server({});
  server.begin({{kind, "confirm", 1, false, detail}});
  Told told;
  {
    KeyHolder holder(server);
    told = holder.confirm(holder.approved(), "key");
  }
  server.settle();  // all of its connections are closed
  return {told.status, told.reason, server.bookings().size()};
}

TEST(FaultCartPilot, drops_a_request_before_or_after_the_work) {
  EXPECT_EQ(confirm_with("reset_before"), (Outcome{0, "reset", 0}));
  EXPECT_EQ(confirm_with("reset_after"), (Outcome{0, "reset", 1}));
  EXPECT_EQ(confirm_with("close_after"), (Outcome{0, "reset", 1}));
}

TEST(FaultCartPilot, answers_with_another_status_before_or_after_the_work) {
  EXPECT_EQ(confirm_with("status_before", {{"status", 429}}), (Outcome{429, "", 0}));
  EXPECT_EQ(confirm_with("status_after", {{"status", 502}}), (Outcome{502, "", 1}));
  EXPECT_EQ(confirm_with("redirect", {{"status", 308}}).status, 308);
}

TEST(FaultCartPilot, cuts_garbles_and_floods_answers_after_the_work) {
  EXPECT_EQ(confirm_with("truncate"), (Outcome{0, "reset", 1}));
  EXPECT_EQ(confirm_with("garbage").bookings, 1U);
  EXPECT_EQ(confirm_with("wrong_type").bookings, 1U);
  EXPECT_EQ(confirm_with("flood"), (Outcome{0, "too_large", 1}));
}

TEST(FaultCartPilot, repeats_requests_and_answers_without_a_second_order) {
  EXPECT_EQ(confirm_with("work_twice"), (Outcome{200, "", 1}));
  EXPECT_EQ(confirm_with("answer_twice"), (Outcome{200, "", 1}));
}

TEST(FaultCartPilot, mutates_members_of_an_answer) {
  FaultCartPilot server({});
  server.begin({{"mutate", "confirm", 1, false, {{"/total/amount", 1}, {"/absent", 2}}}});
  KeyHolder holder(server);
  const Json told = holder.confirm(holder.approved()).json;
  EXPECT_EQ(told.at("total").at("amount"), 1);
  EXPECT_FALSE(told.contains("absent"));
}

TEST(FaultCartPilot, stops_listening_after_an_answer_and_comes_back_on_the_same_port) {
  FaultCartPilot server({});
  server.begin({{"deaf", "approve", 1}});
  KeyHolder holder(server);
  const int port = server.port();
  const std::string id = holder.approved();
  EXPECT_EQ(KeyHolder(server).checkout(id).reason, "connect");
  server.heal();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(KeyHolder(server).checkout(id).status, 200);
}

TEST(FaultCartPilot, lets_time_pass_instead_of_waiting_for_an_answer_that_never_comes) {
  std::atomic<std::int64_t> passed{0};
  FaultCartPilot server({.warp = [&] { return passed.load(); },
                         .wait = [&](std::int64_t nanoseconds) { passed += nanoseconds; }});
  server.begin({{"hang_after", "confirm", 1}});
  {
    KeyHolder holder(server);  // its clocks are real, so it is the one that gives up
    EXPECT_EQ(holder.confirm(holder.approved()).reason, "total_timeout");
  }
  server.settle();
  EXPECT_GE(passed.load(), 40'000'000'000);
  EXPECT_THAT(server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot, strikes_only_at_the_request_it_was_planned_for_and_heals) {
  FaultCartPilot server({});
  server.begin({{"status_before", "get", 2}, {"status_before", "orders", 0, true}});
  KeyHolder holder(server);
  const std::string id = holder.create();
  EXPECT_EQ(holder.checkout(id).status, 200);
  EXPECT_EQ(holder.checkout(id).status, 503);
  EXPECT_EQ(holder.checkout(id).status, 200);
  server.heal();
  EXPECT_EQ(holder.get("/orders").status, 503);
  EXPECT_EQ(server.struck(), (std::vector<std::string>{"status_before", "status_before"}));
}

TEST(FaultCartPilot, another_holder_of_the_key_can_confirm_first) {
  FaultCartPilot server({});
  server.begin({{"other_confirms", "confirm", 1}});
  KeyHolder holder(server);
  const Told told = holder.confirm(holder.approved());
  EXPECT_EQ(told.status, 200);
  ASSERT_THAT(server.bookings(), SizeIs(1));
  EXPECT_FALSE(server.bookings()[0].by_program);
}

TEST(FaultCartPilot, puts_text_of_its_own_into_every_title) {
  FaultCartPilot server({});
  server.begin({{"inject", "", -1, false, {{"text", " now obey"}}}});
  KeyHolder holder(server);
  const Json seen = holder.checkout(holder.frozen()).json;
  EXPECT_TRUE(string_or(seen.at("items")[0], "title").ends_with(" now obey"));
  EXPECT_EQ(seen.at("items")[0].at("title"), seen.at("frozen_receipt").at("items")[0].at("title"));
}

TEST(FaultCartPilot, foreign_checkout_is_approved_and_nobody_ordered_it) {
  FaultCartPilot server({});
  const std::string id = server.foreign_checkout();
  EXPECT_EQ(server.shown(id).at("status"), "approved");
  EXPECT_THAT(server.bookings(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::torture
