// Whole conversations against the strict fake service, over real HTTP on loopback.
#include <gtest/gtest.h>

#include "conversation.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::FakeGemini;
using fakes::FakeGeminiOptions;

void expect_purchase(FakeGemini& service, Conversation& conversation) {
  EXPECT_EQ(conversation.say("wireless headphones under $100"),
            "The cheapest is Plain Headphones for 79.99 USD.");
  EXPECT_EQ(conversation.say("buy the cheapest"), "The total is 86.38 USD. Shall I buy it?");
  EXPECT_EQ(conversation.say("yes"), "Done: order ORD-7");
  EXPECT_EQ(service.violations(), Lines{});
  const std::set<std::string> distinct(conversation.ids.begin(), conversation.ids.end());
  EXPECT_EQ(distinct.size(), 10U);
  EXPECT_EQ(conversation.ids.size(), 10U);
}

TEST(GeminiConversation, a_purchase_over_a_stream) {
  FakeGemini service;
  Conversation conversation(service);
  expect_purchase(service, conversation);
  // The two offers were read in one step, so one content answers both.
  const Json contents = service.bodies().back()["contents"];
  EXPECT_EQ(contents[6]["parts"].size(), 2U);
}

TEST(GeminiConversation, a_purchase_with_whole_answers) {
  FakeGemini service;
  Conversation conversation(service, {}, false);
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_purchase_with_every_byte_sent_alone) {
  FakeGeminiOptions options;
  options.chunk_bytes = 1;
  options.calls_in_one_chunk = true;
  FakeGemini service(fakes::shopping_model, options);
  Conversation conversation(service);
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_purchase_with_calls_that_have_no_ids_and_numbers_that_are_doubles) {
  FakeGeminiOptions options;
  options.call_ids = false;
  options.whole_numbers_as_doubles = true;
  FakeGemini service(fakes::shopping_model, options);
  Conversation conversation(service);
  expect_purchase(service, conversation);
}

TEST(GeminiConversation, a_request_begins_with_the_bytes_of_the_one_before) {
  FakeGemini service;
  Conversation conversation(service);
  expect_purchase(service, conversation);
  const auto requests = service.requests();
  ASSERT_GT(requests.size(), 8U);
  for (std::size_t i = 1; i < requests.size(); ++i) {
    const std::string& before = requests[i - 1].body;
    // The tail closes contents and body.
    const std::string prefix = before.substr(0, before.rfind("]}"));
    EXPECT_EQ(requests[i].body.compare(0, prefix.size() - 2, prefix, 0, prefix.size() - 2), 0) << i;
  }
}

TEST(GeminiConversation, all_models_are_listed_over_several_pages) {
  FakeGemini service;
  Conversation conversation(service);
  std::vector<std::string> ids;
  for (const ModelInfo& model : conversation.provider().models(CallContext())) {
    ids.push_back(model.id + ": " + model.description);
  }
  EXPECT_EQ(ids, (Lines{"gemini-3.8-flash: Display gemini-3.8-flash",
                        "gemini-3.6-flash: Display gemini-3.6-flash",
                        "gemini-4-argon: Display gemini-4-argon",
                        "gemini-2.5-flash: Display gemini-2.5-flash"}));
  EXPECT_EQ(service.violations(), Lines{});
}

}  // namespace
}  // namespace cartpilot::gemini::tests
