// What a conversation that was forked may not do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_world.h"

namespace cartpilot::app {
namespace {

using purchase::LoopbackShop;
using purchase::TemporaryFolder;
using testing::Contains;
using testing::IsEmpty;

constexpr const char* kProduct = "headphones";
constexpr const char* kNotOfThisConversation = "NOT_OURS";

/// Continues `id` with a model that makes these calls, one an answer.
SessionSettings continuing(const LoopbackShop& shop, const std::string& id) {
  SessionSettings settings = chat_at(shop);
  settings.choice = {SessionChoice::Kind::kEarlier, id};
  return settings;
}

std::string forked(Process& process, const std::string& id) {
  const auto state = process.services.open_state();
  store::SessionStore(*state).fork(id, "the-fork", 1);
  return "the-fork";
}

/// One turn of each part of a purchase, by its first and last call.
Steps steps_of(const std::vector<ToolCall>& all, std::size_t begin, std::size_t end) {
  Steps steps;
  for (std::size_t i = begin; i < end; ++i) steps.push_back(calls({all[i]}));
  steps.push_back(says("Done."));
  return steps;
}

/// The id of the newest checkout that the model was told.
std::string newest_checkout(const GenerateRequest& request) {
  std::string id;
  for (const Message& message : request.messages) {
    for (const Part& part : message.parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (result != nullptr && result->name == "create_checkout") {
        id = string_or(result->content, "id", id);
      }
    }
  }
  return id;
}

/// A purchase whose calls name the newest checkout.
Steps buying_the_newest() {
  Steps steps;
  for (const ToolCall& call : buying_calls(kProduct)) {
    steps.push_back([call](const GenerateRequest& request, EventSink& sink) {
      ToolCall now = call;
      if (now.arguments.contains("checkout_id")) {
        now.arguments["checkout_id"] = newest_checkout(request);
      }
      calls({now})(request, sink);
    });
  }
  steps.push_back(says("Done."));
  return steps;
}

/// The codes of the errors that calls were answered with.
std::vector<std::string> refusals(const ShoppingSession& session) {
  std::vector<std::string> codes;
  for (const Message& message : session.history()) {
    for (const Part& part : message.parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (result != nullptr && result->is_error) {
        codes.push_back(string_or(result->content, "error_code"));
      }
    }
  }
  return codes;
}

TEST(ForkedSession, cannot_approve_a_checkout_of_the_original) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  const auto all = buying_calls(kProduct);
  std::string id;
  {
    Talk original(process.services, chat_at(shop), scripted(steps_of(all, 0, 3)));
    original.say("Prepare it.");
    EXPECT_THAT(refusals(original.session), IsEmpty());
    id = original.session.id();
  }
  Talk fork(process.services, continuing(shop, forked(process, id)), scripted(steps_of(all, 3, 5)));
  ASSERT_EQ(fork.session.history().size(), 8u);
  fork.say("Buy it.");
  EXPECT_THAT(refusals(fork.session), Contains(kNotOfThisConversation));
  EXPECT_TRUE(fork.person.questions.empty());
  EXPECT_EQ(orders_of(shop), 0u);
}

TEST(ForkedSession, cannot_confirm_what_was_approved_in_the_original_which_still_can) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  const auto all = buying_calls(kProduct);
  std::string id;
  {
    Talk original(process.services, chat_at(shop), scripted(steps_of(all, 0, 4)));
    original.say("Prepare it.");
    EXPECT_EQ(original.person.questions.size(), 1u);
    id = original.session.id();
  }
  {
    Talk fork(process.services, continuing(shop, forked(process, id)),
              scripted(steps_of(all, 4, 5)));
    fork.say("Confirm it.");
    EXPECT_THAT(refusals(fork.session), Contains(kNotOfThisConversation));
    EXPECT_EQ(orders_of(shop), 0u);
  }
}

TEST(ForkedSession, buys_the_basket_of_the_original_no_second_time_by_a_standing_permission) {
  const TemporaryFolder state;
  LoopbackShop shop;
  Process process(state.path());
  std::string id;
  {
    Talk original(process.services, chat_at(shop), scripted(buying_steps(kProduct)));
    original.say("Buy it.");
    id = original.session.id();
  }
  ASSERT_EQ(orders_of(shop), 1u);
  // The fork knows nothing of a purchase of its own, and its model makes the same wish again.
  const std::string fork_id = forked(process, id);
  SessionSettings settings = continuing(shop, fork_id);
  settings.policy.mode = purchase::ApprovalMode::kUpTo;
  settings.policy.up_to = {1'000'000, "USD"};
  settings.policy.merchants = {"merchant-a", "merchant-b"};
  settings.policy.permission_text = "--approve up-to:10000:USD";
  Talk fork(process.services, settings, scripted(buying_the_newest()));
  EXPECT_FALSE(fork.session.last_purchase());
  fork.say("Buy it.");
  EXPECT_EQ(orders_of(shop), 1u);
  EXPECT_THAT(refusals(fork.session), Contains("REPEATED_BASKET"));
}

}  // namespace
}  // namespace cartpilot::app
