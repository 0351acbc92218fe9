// The facts about the service that the purchase gate is built on, each shown on the fault-injecting
// CartPilot: one test for one fact.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "torture/key_holder.h"

namespace cartpilot::torture {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct World {
  explicit World(std::vector<Fault> faults = {}) { server.begin(std::move(faults)); }
  std::string status(const std::string& id) { return holder.checkout(id).text("status"); }
  std::size_t orders() { return holder.get("/orders").json.at("items").size(); }

  FaultCartPilot server{{}};
  KeyHolder holder{server};
};

Fault at_confirm(const std::string& kind, int nth = 1) { return {kind, "confirm", nth}; }

TEST(FaultCartPilot,
     finding_01_swapped_item_of_the_same_total_stays_approved_and_is_what_is_bought) {
  World world({{"swap_item", "get", 1}});
  const std::string id = world.holder.approved();
  const Json seen = world.holder.checkout(id).json;
  EXPECT_EQ(seen.at("status"), "approved");
  EXPECT_EQ(seen.at("frozen_receipt").at("items")[0].at("product_id"), world.holder.product);
  EXPECT_NE(seen.at("items")[0].at("product_id"), world.holder.product);
  EXPECT_EQ(world.holder.confirm(id).status, 200);
  ASSERT_THAT(world.server.bookings(), SizeIs(1));
  EXPECT_NE(world.server.bookings()[0].lines[0].product_id, world.holder.product);
}

TEST(FaultCartPilot, finding_02_swapped_currency_stays_approved_and_confirms) {
  World world({{"swap_currency", "get", 1}});
  const std::string id = world.holder.approved();
  const Json seen = world.holder.checkout(id).json;
  EXPECT_EQ(seen.at("status"), "approved");
  EXPECT_EQ(seen.at("total").at("currency"), "GBP");
  EXPECT_EQ(world.holder.confirm(id).json.at("total").at("currency"), "GBP");
  EXPECT_EQ(world.server.bookings().at(0).currency, "GBP");
}

TEST(FaultCartPilot, finding_03_two_checkouts_with_one_basket_share_the_frozen_hash) {
  World world;
  const Json one = world.holder.checkout(world.holder.frozen()).json;
  const Json two = world.holder.checkout(world.holder.frozen()).json;
  EXPECT_NE(one.at("id"), two.at("id"));
  EXPECT_EQ(one.at("frozen_receipt").at("hash"), two.at("frozen_receipt").at("hash"));
}

TEST(FaultCartPilot, finding_04_lost_answer_of_a_merchant_that_booked_is_a_400_and_still_approved) {
  World world({at_confirm("lost_merchant_answer")});
  const std::string id = world.holder.approved();
  const Told told = world.holder.confirm(id);
  EXPECT_EQ(told.status, 400);
  EXPECT_EQ(told.text("error_code"), "MERCHANT_ERROR");
  EXPECT_EQ(world.status(id), "approved");
  EXPECT_THAT(world.server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot, finding_05_confirming_the_same_checkout_again_makes_no_second_order) {
  World world({at_confirm("lost_merchant_answer")});
  const std::string id = world.holder.approved();
  world.holder.confirm(id);
  EXPECT_EQ(world.holder.confirm(id).status, 200);
  EXPECT_EQ(world.status(id), "confirmed");
  EXPECT_THAT(world.server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot, finding_05_a_merchant_of_another_make_books_again) {
  World world({at_confirm("lost_merchant_answer"), {"unrecognising", "", -1}});
  const std::string id = world.holder.approved();
  world.holder.confirm(id);
  world.holder.confirm(id);
  ASSERT_THAT(world.server.bookings(), SizeIs(2));
  EXPECT_EQ(world.holder.checkout(id).text("merchant_id"), world.server.bookings()[0].merchant_id);
  EXPECT_NE(world.server.bookings()[0].merchant_id, "merchant-a");
}

TEST(FaultCartPilot, finding_06_quoting_again_after_a_lost_answer_and_confirming_buys_twice) {
  World world({at_confirm("lost_merchant_answer"), {"unrecognising", "", -1}});
  const std::string id = world.holder.approved();
  world.holder.confirm(id);
  const std::string again = world.holder.approved();
  world.holder.confirm(again);
  EXPECT_THAT(world.server.bookings(), SizeIs(2));
}

TEST(FaultCartPilot,
     finding_07_price_change_at_confirm_is_a_409_and_the_checkout_keeps_the_old_total) {
  World world({at_confirm("price_change")});
  const std::string id = world.holder.approved();
  const Json before = world.holder.checkout(id).json;
  const Told told = world.holder.confirm(id);
  EXPECT_EQ(told.status, 409);
  EXPECT_EQ(told.text("error_code"), "REAPPROVAL_REQUIRED");
  const Json after = world.holder.checkout(id).json;
  EXPECT_EQ(after.at("status"), "approved");
  EXPECT_EQ(after.at("total"), before.at("total"));
  EXPECT_THAT(world.server.bookings(), IsEmpty());
}

TEST(FaultCartPilot, finding_08_quote_that_finds_a_new_price_is_a_200_and_falls_back_to_quoted) {
  for (const int percent : {15, -15}) {
    World world({{"requote_other", "get", 1, false, {{"percent", percent}}}});
    const std::string id = world.holder.approved();
    const Told told = world.holder.checkout(id);
    EXPECT_EQ(told.text("status"), "quoted");
    EXPECT_TRUE(told.json.at("frozen_receipt").is_null());
  }
}

TEST(FaultCartPilot, finding_09_body_of_the_409_names_no_totals) {
  World world({at_confirm("price_change")});
  const Json body = world.holder.confirm(world.holder.approved()).json;
  std::vector<std::string> members;
  for (const auto& [name, value] : body.items()) members.push_back(name);
  EXPECT_EQ(members, (std::vector<std::string>{"error_code", "message", "details", "request_id"}));
}

TEST(FaultCartPilot, finding_10_other_409_means_a_key_conflict) {
  World world;
  const std::string id = world.holder.approved();
  const std::string path = "/checkouts/" + id + "/confirm";
  world.holder.post(path, {{"payment_method", "one"}}, "key");
  const Told told = world.holder.post(path, {{"payment_method", "two"}}, "key");
  EXPECT_EQ(told.status, 409);
  EXPECT_EQ(told.text("error_code"), "IDEMPOTENCY_CONFLICT");
}

TEST(FaultCartPilot, finding_11_loser_of_two_confirms_hears_a_400_and_there_is_one_order) {
  World world({at_confirm("lost_race")});
  const std::string id = world.holder.approved();
  const Told told = world.holder.confirm(id);
  EXPECT_EQ(told.status, 400);
  EXPECT_EQ(told.text("error_code"), "CONFIRM_FAILED");
  EXPECT_EQ(world.status(id), "confirmed");
  EXPECT_THAT(world.server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot, finding_12_known_body_key_gives_the_old_checkout_whatever_is_asked) {
  World world;
  world.holder.create();
  const auto create = [&](const Json& items) {
    return world.holder.post(
        "/checkouts",
        {{"offer_id", world.holder.offer}, {"items", items}, {"idempotency_key", "same"}});
  };
  const Told one = create(world.holder.items());
  const Told two = create(Json::array({{{"product_id", "another"}, {"quantity", 9}}}));
  EXPECT_EQ(two.status, 201);
  EXPECT_EQ(two.json, one.json);
  EXPECT_THAT(one.json.at("items"), IsEmpty());
}

TEST(FaultCartPilot, finding_13_repeated_confirm_names_no_order) {
  World world;
  const std::string id = world.holder.approved();
  EXPECT_TRUE(world.holder.confirm(id).json.at("order_id").is_string());
  EXPECT_TRUE(world.holder.confirm(id).json.at("order_id").is_null());
}

TEST(FaultCartPilot, finding_14_merchant_that_charges_more_is_not_seen_in_any_answer) {
  World world({at_confirm("overcharge")});
  const std::string id = world.holder.approved();
  const Told told = world.holder.confirm(id);
  const Booking booking = world.server.bookings().at(0);
  EXPECT_EQ(told.json.at("total").at("amount"), booking.total);
  EXPECT_EQ(booking.charged, booking.total + 777);
}

TEST(FaultCartPilot, finding_15_quote_without_amounts_is_taken_for_zero) {
  World world({{"zero_quote", "quote", 1}});
  const Json seen = world.holder.checkout(world.holder.frozen()).json;
  EXPECT_EQ(seen.at("status"), "awaiting_approval");
  EXPECT_EQ(seen.at("total").at("amount"), 0);
  EXPECT_EQ(seen.at("items")[0].at("quantity"), 1);
}

TEST(FaultCartPilot, finding_16_refused_key_is_remembered_and_refused_again_with_the_right_one) {
  World world({at_confirm("bad_key")});
  const std::string id = world.holder.approved();
  EXPECT_EQ(world.holder.confirm(id, "key").status, 401);
  const Told again = world.holder.confirm(id, "key");
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(header_value(again.headers, "X-Idempotent-Replayed"), "true");
  EXPECT_THAT(world.server.bookings(), IsEmpty());
}

TEST(FaultCartPilot, finding_17_refusals_are_remembered_under_the_key_and_5xx_are_not) {
  World world({at_confirm("lost_merchant_answer"), {"status_before", "approve", 1}});
  const std::string id = world.holder.frozen();
  const std::string approve = "/checkouts/" + id + "/approve";
  EXPECT_EQ(world.holder.post(approve, Json::object(), "key").status, 503);
  EXPECT_EQ(world.holder.post(approve, Json::object(), "key").status, 200);
  EXPECT_EQ(world.holder.confirm(id, "key").status, 400);
  EXPECT_EQ(world.holder.confirm(id, "key").status, 400);
  EXPECT_EQ(world.holder.confirm(id, "next key").status, 200);
}

TEST(FaultCartPilot, finding_18_remembered_answer_is_given_without_any_authorization) {
  World world;
  const std::string id = world.holder.approved();
  world.holder.confirm(id, "key");
  world.holder.bearer = "";
  EXPECT_EQ(world.holder.confirm(id, "key").status, 200);
  EXPECT_EQ(world.holder.confirm(id, "other").status, 401);
}

TEST(FaultCartPilot, finding_19_two_requests_with_one_key_under_way_together_both_run) {
  World world({{"twins", "create_intent", 0}});
  KeyHolder other(world.server);
  std::string ids[2];
  std::thread twin([&] { ids[0] = other.post("/intents", {{"query", "mug"}}, "key").text("id"); });
  ids[1] = world.holder.post("/intents", {{"query", "mug"}}, "key").text("id");
  twin.join();
  EXPECT_NE(ids[0], "");
  EXPECT_NE(ids[1], "");
  EXPECT_NE(ids[0], ids[1]);
}

TEST(FaultCartPilot, finding_20_key_in_the_header_is_remembered_and_the_one_in_the_body_is_not) {
  World world;
  const std::string id = world.holder.approved();
  const std::string path = "/checkouts/" + id + "/confirm";
  const Told first = world.holder.post(path, {{"idempotency_key", "k"}}, "k");
  const Told body_only = world.holder.post(path, {{"idempotency_key", "k"}});
  const Told header = world.holder.post(path, {{"idempotency_key", "k"}}, "k");
  EXPECT_EQ(header.json, first.json);
  EXPECT_TRUE(body_only.json.at("order_id").is_null());
}

TEST(FaultCartPilot, finding_21_expired_checkout_is_charged_first_and_refused_afterwards) {
  World world({at_confirm("expire")});
  const std::string id = world.holder.approved();
  const Told told = world.holder.confirm(id);
  EXPECT_EQ(told.status, 400);
  EXPECT_EQ(told.text("error_code"), "CHECKOUT_EXPIRED");
  EXPECT_EQ(world.status(id), "approved");
  EXPECT_THAT(world.server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot,
     finding_22_quote_while_a_confirm_is_under_way_books_the_old_basket_and_shows_the_new) {
  World world({at_confirm("requote_in_flight")});
  const std::string id = world.holder.approved();
  const Told told = world.holder.confirm(id);
  EXPECT_EQ(told.text("error_code"), "CONFIRM_FAILED");
  const Json seen = world.holder.checkout(id).json;
  EXPECT_EQ(seen.at("status"), "quoted");
  EXPECT_NE(seen.at("items")[0].at("product_id"), world.holder.product);
  ASSERT_THAT(world.server.bookings(), SizeIs(1));
  EXPECT_EQ(world.server.bookings()[0].lines[0].product_id, world.holder.product);
  EXPECT_EQ(world.orders(), 0U);
}

TEST(FaultCartPilot, finding_23_confirm_succeeds_without_an_order_on_the_list) {
  World world({at_confirm("hide_order")});
  const Told told = world.holder.confirm(world.holder.approved());
  EXPECT_EQ(told.status, 200);
  EXPECT_TRUE(told.json.at("order_id").is_null());
  EXPECT_EQ(world.orders(), 0U);
  EXPECT_THAT(world.server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot,
     finding_24_memory_is_lost_with_checkouts_orders_and_keys_but_not_the_bookings) {
  World world({{"lose_memory", "get", 1}});
  const std::string id = world.holder.approved();
  world.holder.confirm(id, "key");
  EXPECT_EQ(world.holder.checkout(id).status, 404);
  EXPECT_EQ(world.holder.confirm(id, "key").status, 404);
  EXPECT_EQ(world.orders(), 0U);
  EXPECT_THAT(world.server.bookings(), SizeIs(1));
}

TEST(FaultCartPilot, finding_25_no_endpoint_takes_an_approval_back) {
  World world;
  const std::string id = world.holder.approved();
  for (const char* action : {"/cancel", "/reject", "/unapprove"}) {
    EXPECT_EQ(world.holder.post("/checkouts/" + id + action, Json::object()).status, 404);
  }
  EXPECT_EQ(world.status(id), "approved");
}

TEST(FaultCartPilot, finding_26_confirm_asks_for_no_total_so_a_swap_in_the_gap_is_bought) {
  World world({at_confirm("swap_in_gap")});
  const std::string id = world.holder.approved();
  EXPECT_EQ(world.holder.checkout(id).json.at("items")[0].at("product_id"), world.holder.product);
  EXPECT_EQ(world.holder.confirm(id).status, 200);
  EXPECT_NE(world.server.bookings().at(0).lines[0].product_id, world.holder.product);
}

TEST(FaultCartPilot, finding_27_prices_and_stock_change_when_told_and_never_by_chance) {
  World world({at_confirm("stock_out")});
  const Told told = world.holder.confirm(world.holder.approved());
  EXPECT_EQ(told.text("error_code"), "MERCHANT_ERROR");
  EXPECT_THAT(told.text("message"), testing::HasSubstr("OUT_OF_STOCK"));
  EXPECT_THAT(world.server.bookings(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::torture
