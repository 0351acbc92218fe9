// What the suite finds: the provider of `plugin new` passes; with one fault it fails, and says how.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "acme_fake.h"

namespace cartpilot::e2e {
namespace {

struct Found {
  std::set<std::string> failed;
  std::string messages;
};

Found conversations_with(int fault) {
  Found found;
  const std::string file =
      std::string(CARTPILOT_FAULTY_FOLDER) + "/cartpilot-faulty-" + std::to_string(fault) + ".so";
  for (const testing::CheckInfo& conversation : testing::list_provider_conversations()) {
    const testing::CheckResult result = testing::hold_provider_conversation(
        conversation.id, file, [] { return std::make_unique<acme::AcmeFake>(); });
    if (result.outcome == testing::CheckOutcome::kPass) continue;
    EXPECT_EQ(result.outcome, testing::CheckOutcome::kFail) << result.message;
    found.failed.insert(conversation.id);
    found.messages += conversation.id + ": " + result.message + "\n";
  }
  return found;
}

TEST(ProviderConversations, find_nothing_in_the_provider_of_plugin_new) {
  const Found found = conversations_with(0);
  EXPECT_EQ(found.messages, "");
}

struct Row {
  const char* name;
  int fault;
  std::set<std::string> failed;
  const char* message;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class FaultyProvider : public ::testing::TestWithParam<Row> {};

TEST_P(FaultyProvider, is_found) {
  const Found found = conversations_with(GetParam().fault);
  EXPECT_EQ(found.failed, GetParam().failed) << found.messages;
  EXPECT_THAT(found.messages, ::testing::HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultyProvider,
    ::testing::Values(
        Row{"forgets_results",
            1,
            {"three-turn-purchase", "parallel-reads", "cut-streams", "refusals",
             "moved-conversations"},
            "the model was asked 20 times for one answer"},
        Row{"mixes_results", 2, {"parallel-reads"}, "result 1 should be that of 'offer-b'"},
        Row{"trusts_cuts", 3, {"cut-streams"}, "counts as whole, but is not"},
        Row{"hides_waits", 4, {"refusals"}, "the wait of 7 seconds is not passed on"},
        Row{"forgets_others", 5, {"moved-conversations"}, "no answer to 'buy the cheapest'"},
        Row{"renames_ids",
            6,
            {"three-turn-purchase", "parallel-reads", "cut-streams", "refusals",
             "moved-conversations"},
            "two calls of a conversation have the id 'call_1'"}),
    [](const auto& row) { return row.param.name; });

TEST(ProviderConversations, are_the_rows_of_the_documentation) {
  std::ifstream in(CARTPILOT_TESTING_PAGE, std::ios::binary);
  const std::string page(std::istreambuf_iterator<char>(in), {});
  const auto conversations = testing::list_provider_conversations();
  EXPECT_EQ(conversations.size(), 5U);
  for (const testing::CheckInfo& conversation : conversations) {
    std::string name = conversation.id;
    std::replace(name.begin(), name.end(), '-', '_');
    EXPECT_THAT(page, ::testing::HasSubstr("| `" + name + "` | "));
  }
}

TEST(ProviderConversations, are_known_by_their_ids) {
  EXPECT_THROW(testing::hold_provider_conversation("no-such", "no-such.so", {}), Error);
}

}  // namespace
}  // namespace cartpilot::e2e
