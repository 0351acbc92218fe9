#include "offline/utterance.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cartpilot::offline {
namespace {

/// The readings of a sentence, in one line.
std::string reading(const char* text) {
  const Utterance heard = read_utterance(text);
  std::string words;
  const auto add = [&](bool holds, const std::string& word) {
    if (holds) words += (words.empty() ? "" : " ") + word;
  };
  add(heard.yes, "yes");
  add(heard.no, "no");
  add(heard.lists_orders, "lists:" + heard.order_status);
  add(heard.asks_for_order, "asks:" + heard.order_id);
  add(heard.changes_order, "changes");
  return words;
}

TEST(Utterance, tells_agreement_from_refusal_and_from_everything_else) {
  for (const char* text : {"yes", "Yes!", "ok buy it", "yes please, go ahead", "OK", "sure",
                           "confirm the purchase", "y", "buy it", "do it", "looks good",
                           "Yes, I want to buy it", "go ahead and place the order"}) {
    EXPECT_EQ(reading(text), "yes") << text;
  }
  for (const char* text :
       {"no", "No thanks", "cancel", "cancel that", "never mind", "don't buy it", "do not buy it",
        "stop", "forget it", "cancel the plan", "I changed my mind"}) {
    EXPECT_EQ(reading(text), "no") << text;
  }
  for (const char* text : {"yes but two of them", "no, the second one", "buy the cheapest",
                           "yesterday's news", "I need headphones", "not the red one", "", "2"}) {
    EXPECT_EQ(reading(text), "") << text;
  }
}

TEST(Utterance, hears_questions_about_orders) {
  EXPECT_EQ(reading("where is my order"), "asks:");
  EXPECT_EQ(reading("Order status?"), "asks:");
  EXPECT_EQ(reading("status"), "asks:");
  EXPECT_EQ(reading("has my package shipped"), "asks:");
  EXPECT_EQ(reading("status of order 9048dc7c-47dc-40e6-a392-3bd6523428ee"),
            "asks:9048dc7c-47dc-40e6-a392-3bd6523428ee");
  EXPECT_EQ(reading("list my orders"), "lists:");
  EXPECT_EQ(reading("show me my shipped orders"), "lists:shipped");
  EXPECT_EQ(reading("my canceled orders"), "lists:cancelled");
  EXPECT_EQ(reading("order history"), "lists:");
  EXPECT_EQ(reading("refund my order please I changed my mind"), "changes");
  EXPECT_EQ(reading("cancel my order"), "no changes");
  EXPECT_EQ(reading("order a coffee maker"), "");
}

struct ChoiceRow {
  const char* text;
  std::optional<std::int64_t> number;
  std::optional<std::int64_t> quantity;
  const char* rest;  ///< cheapest, dearest, last, points, and the words
};

TEST(Utterance, reads_choices) {
  const std::vector<ChoiceRow> table = {
      {"the second one", 2, {}, "points"},
      {"2 of them", {}, 2, "points"},
      {"buy the cheapest", {}, {}, "cheapest"},
      {"buy number 3", 3, {}, ""},
      {"#3 please", 3, {}, ""},
      {"the Fabrikam one", {}, {}, "points fabrikam"},
      {"2 of the first", 1, 2, ""},
      {"two of number 4", 4, 2, ""},
      {"3x the cheapest", {}, 3, "cheapest"},
      {"3 x the last", {}, 3, "last"},
      {"buy 2", 2, {}, ""},
      {"3", 3, {}, ""},
      {"the 2nd", 2, {}, ""},
      {"buy 2 earbuds", {}, 2, "earbuds"},
      {"a couple of the cheapest ones", {}, 2, "cheapest points"},
      {"the most expensive one", {}, {}, "dearest points"},
      {"the one from merchant b", {}, {}, "points merchant-b"},
      {"I'll take the Stark headphones", {}, {}, "stark headphones"},
      {"coffee maker", {}, {}, "coffee maker"},
  };
  for (const ChoiceRow& row : table) {
    const Choice choice = read_utterance(row.text).choice;
    std::string rest;
    const auto add = [&](bool holds, const std::string& word) {
      if (holds) rest += (rest.empty() ? "" : " ") + word;
    };
    add(choice.cheapest, "cheapest");
    add(choice.dearest, "dearest");
    add(choice.last, "last");
    add(choice.points, "points");
    for (const std::string& word : choice.words) add(true, word);
    EXPECT_EQ(choice.number, row.number) << row.text;
    EXPECT_EQ(choice.quantity, row.quantity) << row.text;
    EXPECT_EQ(rest, row.rest) << row.text;
  }
}

TEST(Utterance, takes_greetings_and_questions_for_neither_wish_nor_choice) {
  for (const char* text : {"hello", "help", "thanks", "what can you do", "why is the sky blue",
                           "who are you", "what is the weather in Berlin today", "", "?!"}) {
    EXPECT_TRUE(read_utterance(text).helpless) << text;
  }
  for (const char* text :
       {"do you have coffee makers?", "any laptops", "backpack", "what about a desk lamp under $50",
        "I need help finding a laptop", "Kopfhörer"}) {
    EXPECT_FALSE(read_utterance(text).helpless) << text;
  }
}

}  // namespace
}  // namespace cartpilot::offline
