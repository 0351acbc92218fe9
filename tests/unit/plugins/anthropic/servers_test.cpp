// The same purchase at every server: what each of them omits, repeats, refuses or gets wrong does
// not show.
#include "fakes/anthropic_profiles.h"
#include "talk.h"

#include <gtest/gtest.h>

namespace cartpilot::anthropic::tests {
namespace {

struct Scenario {
  std::string name;
  fakes::AnthropicProfile profile;
  OptionMap options;
  bool whole = false;
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
  return out << scenario.name;
}

/// Every server streamed, whole and in crumbs.
std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (const fakes::AnthropicProfile& profile : fakes::anthropic_profiles()) {
    Scenario scenario{profile.name, profile, {{"server", profile.server}}, false};
    if (profile.name == "anthropic_manual") scenario.options["thinking"] = "2048";
    if (profile.name == "kimi") scenario.options["thinking"] = "adaptive";
    all.push_back(scenario);
    Scenario crumbs = scenario;
    crumbs.name += "_in_crumbs";
    crumbs.profile.options.piece_bytes = 61;
    all.push_back(crumbs);
    Scenario whole = scenario;
    whole.name += "_whole";
    whole.whole = true;
    all.push_back(whole);
  }
  return all;
}

class AnthropicPurchase : public testing::TestWithParam<Scenario> {};

TEST_P(AnthropicPurchase, three_turns_end_in_an_order_and_break_no_rule) {
  const Scenario& scenario = GetParam();
  const fakes::FakeAnthropic service(fakes::shopping_model, scenario.profile.options);
  Talk talk(service, scenario.options);
  talk.request.model = scenario.profile.model;
  talk.request.stream = !scenario.whole;
  if (scenario.profile.name == "litellm_bedrock" && !scenario.whole) {
    // The first answer with calls is a cut one; the program tries again by itself.
    EXPECT_EQ(talk.say("I need wireless headphones under $100"),
              "error unavailable stream_cut retryable");
    talk.request.messages.clear();
  }
  EXPECT_EQ(talk.say("I need wireless headphones under $100"),
            "The cheapest is Phones for 79.99 USD.");
  EXPECT_EQ(talk.say("buy the cheapest"), "The total is 86.38 USD. Shall I buy it?");
  EXPECT_EQ(talk.say("yes"), "Done: order ORD-7");
  EXPECT_EQ(service.violations(), Lines{});
  const Lines adapted = {"kimi-k2 wants a budget for its thinking"};
  EXPECT_EQ(talk.warnings, scenario.profile.name == "kimi" ? adapted : Lines{});
}

INSTANTIATE_TEST_SUITE_P(Servers, AnthropicPurchase, testing::ValuesIn(scenarios()),
                         [](const auto& chosen) { return chosen.param.name; });

TEST(AnthropicServers, are_known_by_their_addresses) {
  const auto server = [](const std::string& base) {
    return std::string(parse_endpoint(base, nullptr).server->name);
  };
  EXPECT_EQ(server(""), "anthropic");
  EXPECT_EQ(server("https://API.anthropic.com/v1/"), "anthropic");
  EXPECT_EQ(server("https://bedrock-runtime.us-east-1.amazonaws.com/anthropic"), "bedrock");
  EXPECT_EQ(server("https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/l"),
            "vertex");
  EXPECT_EQ(server("https://aiplatform.googleapis.com/v1/projects/p/locations/global"), "vertex");
  EXPECT_EQ(server("http://localhost:11434"), "ollama");
  EXPECT_EQ(server("http://127.0.0.1:8080"), "llama.cpp");
  EXPECT_EQ(server("http://localhost:4000"), "litellm");
  EXPECT_EQ(server("https://api.deepseek.com/anthropic"), "deepseek");
  EXPECT_EQ(server("https://api.moonshot.ai/anthropic"), "kimi");
  EXPECT_EQ(server("https://api.kimi.com/coding"), "kimi");
  EXPECT_EQ(server("https://notanthropic.com"), "unknown");
  EXPECT_EQ(server("https://example.com/anthropic.com"), "unknown");
}

TEST(AnthropicServers, addresses_become_urls) {
  const auto url = [](const std::string& base, bool stream = true) {
    return messages_url(parse_endpoint(base, nullptr), "claude-x@20260101", stream);
  };
  EXPECT_EQ(url(""), "https://api.anthropic.com/v1/messages");
  EXPECT_EQ(url("https://openrouter.ai/api/v1"), "https://openrouter.ai/api/v1/messages");
  EXPECT_EQ(url("https://api.deepseek.com/anthropic/"),
            "https://api.deepseek.com/anthropic/v1/messages");
  const std::string project = "https://aiplatform.googleapis.com/v1/projects/p/locations/l";
  const std::string models = project + "/publishers/anthropic/models";
  EXPECT_EQ(url(project), models + "/claude-x@20260101:streamRawPredict");
  EXPECT_EQ(url(models, false), models + "/claude-x@20260101:rawPredict");
  EXPECT_THROW(messages_url(parse_endpoint(project, nullptr), "a/b?c", true), Error);
  EXPECT_THROW(parse_endpoint("http://example.com", nullptr), Error);
  EXPECT_THROW(parse_endpoint("https://user:secret@example.com", nullptr), Error);
}

}  // namespace
}  // namespace cartpilot::anthropic::tests
