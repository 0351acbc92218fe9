#include "serve/page_json.h"

#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

Json offer() {
  return {{"id", "offer-1"},
          {"merchant_id", "merchant-a"},
          {"metadata", {{"merchant_name", "Merchant A"}}},
          {"items", Json::array({{{"title", "Lamp"},
                                  {"description", "A lamp."},
                                  {"price", {{"amount", 6181}, {"currency", "USD"}}},
                                  {"quantity_available", 3},
                                  {"rating", 4.56},
                                  {"review_count", 12},
                                  {"image_url", "http://shop.example/lamp.png"}},
                                 {{"title", "no price"}}})}};
}

TEST(PageJson, a_product_of_an_offer_is_a_card) {
  const Json card = {{"offer_id", "offer-1"},
                     {"title", "Lamp"},
                     {"price", "61.81 USD"},
                     {"price_note", "each"},
                     {"merchant", "Merchant A"},
                     {"stock", "3 left"},
                     {"why", "A lamp. Rated 4.6 of 5 by 12."},
                     {"image_url", ""}};
  EXPECT_EQ(cards_of("get_intent_offers", {{"items", Json::array({offer()})}}),
            Json::array({card}));
  EXPECT_EQ(cards_of("get_offer_details", offer()), Json::array()) << "it was found before";
  EXPECT_EQ(cards_of("get_checkout", offer()), Json::array());
}

TEST(PageJson, results_of_another_shape_give_no_cards) {
  for (const Json& result : {Json(nullptr), Json("text"), Json::array(), Json{{"items", 3}},
                             Json{{"items", Json::array({1, {{"items", {{"price", 1}}}}})}},
                             Json{{"error", true}, {"error_code", "X"}, {"message", "y"}}}) {
    EXPECT_EQ(cards_of("get_intent_offers", result), Json::array()) << result.dump();
  }
}

TEST(PageJson, pictures_come_from_encrypted_addresses_only) {
  Json pictured = offer();
  for (const auto& [url, shown] :
       {std::pair{"https://shop.example/a.png", "https://shop.example/a.png"},
        std::pair{"javascript:alert(1)", ""}, std::pair{"data:image/png;base64,AA", ""},
        std::pair{"//shop.example/a.png", ""}}) {
    pictured["items"][0]["image_url"] = url;
    const Json found = {{"items", Json::array({pictured})}};
    EXPECT_EQ(cards_of("get_intent_offers", found)[0]["image_url"], shown);
  }
}

TEST(PageJson, messages_are_joined_by_their_results_and_purchases) {
  Message asked = Message::user("buy it");
  Message answered;
  answered.role = Role::kAssistant;
  ToolCall call;
  call.id = "c1";
  call.name = "confirm_checkout";
  call.arguments = {{"checkout_id", "k1"}};
  answered.parts = {TextPart{"One moment.", nullptr}, call};
  Message result;
  result.role = Role::kTool;
  result.parts = {ToolResult{"c1", "confirm_checkout", {{"status", "confirmed"}}, false, nullptr}};
  purchase::Attempt attempt;
  attempt.id = "a1";
  attempt.checkout_id = "k1";
  attempt.state = purchase::AttemptState::kDone;
  attempt.total = {6181, "USD"};
  const Json shown = messages_json({asked, answered, result}, {attempt});
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(shown[0], (Json{{"id", "m0"}, {"role", "user"}, {"content", "buy it"}}));
  EXPECT_EQ(shown[1]["content"], "One moment.");
  EXPECT_EQ(
      shown[1]["toolCalls"],
      Json::array({{{"id", "c1"},
                    {"type", "function"},
                    {"function",
                     {{"name", "confirm_checkout"}, {"arguments", R"({"checkout_id":"k1"})"}}}}}));
  EXPECT_EQ(shown[2]["toolCallId"], "c1");
  EXPECT_EQ(shown[2]["purchase"]["state_text"], "Bought");
  EXPECT_EQ(shown[2]["purchase"]["total"], "61.81 USD");
}

}  // namespace
}  // namespace cartpilot::host
