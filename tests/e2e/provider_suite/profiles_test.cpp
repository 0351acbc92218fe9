// The conversations of the suite at every server that speaks a vendor's API, with its habits.

#include <gtest/gtest.h>

#include <algorithm>

#include "fakes/anthropic_profiles.h"
#include "fakes/openai_profiles.h"
#include "loopback_vendor.h"

namespace cartpilot::e2e {
namespace {

struct OpenAiServer final : LoopbackVendor<fakes::FakeOpenAi, fakes::FakeOpenAiOptions> {
  explicit OpenAiServer(const fakes::OpenAiProfile& profile)
      : LoopbackVendor(profile.options), profile_(profile) {}
  ProviderConfig config() const override {
    ProviderConfig made;
    made.environment = {{"OPENAI_BASE_URL", vendor.base_url()}};
    if (!vendor.key().empty()) {
      const bool azure = profile_.options.address.api_key_header;
      made.environment[azure ? "AZURE_OPENAI_API_KEY" : "OPENAI_API_KEY"] = vendor.key();
    }
    made.options = {{"server", profile_.server}};
    if (profile_.options.quirks.one_call) made.options["parallel-tool-calls"] = "true";
    return made;
  }
  std::string model() const override { return profile_.model; }
  std::string refusal_body(int) const override { return R"({"error":{"message":"No."}})"; }

 private:
  const fakes::OpenAiProfile profile_;
};

struct AnthropicServer final : LoopbackVendor<fakes::FakeAnthropic, fakes::FakeAnthropicOptions> {
  explicit AnthropicServer(const fakes::AnthropicProfile& profile)
      : LoopbackVendor(profile.options), profile_(profile) {}
  ProviderConfig config() const override {
    ProviderConfig made;
    made.environment = {{"ANTHROPIC_BASE_URL", vendor.base_url()}};
    if (!vendor.key().empty()) {
      made.environment[profile_.options.bearer ? "ANTHROPIC_AUTH_TOKEN" : "ANTHROPIC_API_KEY"] =
          vendor.key();
    }
    made.options = {{"server", profile_.server}};
    return made;
  }
  std::string model() const override { return profile_.model; }
  std::string refusal_body(int) const override { return R"({"error":{"message":"No."}})"; }

 private:
  const fakes::AnthropicProfile profile_;
};

/// What habits of a server can break. Cuts and refusals are the plugin's own and held with the
/// vendors (suite_test.cpp).
bool held_everywhere(const std::string& conversation) {
  return conversation != "cut-streams" && conversation != "refusals";
}

/// LiteLLM in front of Bedrock leaves out the end: its first answer with words and calls is an
/// error, later ones are asked for whole.
bool cannot_hold(const std::string& server, const std::string& conversation) {
  return server == "litellm_bedrock" && conversation == "parallel-reads";
}

struct ServerConversation {
  std::string name;
  std::string conversation;
  const char* plugin;
  testing::VendorFakeMaker make_fake;
};

void PrintTo(const ServerConversation& setup, std::ostream* out) { *out << setup.name; }

template <class Server, class Profile>
void add_setups(const std::vector<Profile>& profiles, const char* plugin, const std::string& vendor,
                std::vector<ServerConversation>& all) {
  for (const Profile& profile : profiles) {
    for (const testing::CheckInfo& conversation : testing::list_provider_conversations()) {
      if (!held_everywhere(conversation.id) || cannot_hold(profile.name, conversation.id)) continue;
      std::string name = vendor + "_" + profile.name + "_" + conversation.id;
      std::replace(name.begin(), name.end(), '-', '_');
      all.push_back({name, conversation.id, plugin,
                     [&profile] { return std::make_unique<Server>(profile); }});
    }
  }
}

std::vector<ServerConversation> setups() {
  std::vector<ServerConversation> all;
  add_setups<OpenAiServer>(fakes::openai_profiles(), CARTPILOT_OPENAI_PLUGIN, "openai", all);
  add_setups<AnthropicServer>(fakes::anthropic_profiles(), CARTPILOT_ANTHROPIC_PLUGIN, "anthropic",
                              all);
  return all;
}

class ServerProfile : public ::testing::TestWithParam<ServerConversation> {};

TEST_P(ServerProfile, holds) {
  const ServerConversation& setup = GetParam();
  const testing::CheckResult result =
      testing::hold_provider_conversation(setup.conversation, setup.plugin, setup.make_fake);
  EXPECT_EQ(result.outcome, testing::CheckOutcome::kPass) << result.message;
}

INSTANTIATE_TEST_SUITE_P(Servers, ServerProfile, ::testing::ValuesIn(setups()),
                         [](const auto& setup) { return setup.param.name; });

}  // namespace
}  // namespace cartpilot::e2e
