#include "app/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app_world.h"

namespace cartpilot::app {
namespace {

using commerce::CartPilotIdentity;
using purchase::LoopbackShop;
using purchase::TemporaryFolder;
using ::testing::HasSubstr;
using Kind = SessionChoice::Kind;

std::string refusal_of(const CartPilotIdentity& home, const CartPilotIdentity& here) {
  try {
    require_home("s1", home, here);
  } catch (const Error& error) {
    EXPECT_EQ(error.reason, "another_cartpilot");
    return error.what();
  }
  return "";
}

CartPilotIdentity real(const std::string& url, const std::string& key = "key") {
  return CartPilotIdentity::real(url, key, "salt");
}

TEST(Home, is_where_a_conversation_goes_on_and_a_refusal_says_what_to_do) {
  const auto shop = real("https://shop.example");
  const auto sandbox = CartPilotIdentity::sandbox("one");
  EXPECT_EQ(refusal_of({}, shop), "");
  EXPECT_EQ(refusal_of(shop, shop), "");
  EXPECT_EQ(refusal_of(sandbox, sandbox), "");
  EXPECT_EQ(refusal_of(shop, real("https://other.example")),
            "the conversation s1 belongs to https://shop.example, and this is "
            "https://other.example; go on at https://shop.example, or begin another conversation");
  EXPECT_THAT(refusal_of(shop, real("https://shop.example", "another")),
              HasSubstr("with another API key; go on with that key"));
  EXPECT_THAT(refusal_of(sandbox, shop), HasSubstr("belongs to a sandbox, and this is https://"));
  EXPECT_THAT(refusal_of(shop, sandbox), HasSubstr("and this is a sandbox; go on at https://"));
  EXPECT_THAT(refusal_of(sandbox, CartPilotIdentity::sandbox("two")),
              HasSubstr("belongs to another sandbox"));
}

TEST(Home, is_the_sandbox_that_answers_at_an_address_of_this_machine) {
  const TemporaryFolder state;
  Process process(state.path());
  LoopbackShop shop;
  commerce::ClientOptions options;
  options.base_url = shop.url();
  net::HttpClient& http = process.services.http();
  EXPECT_EQ(with_sandbox_id(options, http).sandbox_id, "");
  shop.with_fake([](purchase::FakeCartPilot& fake) { fake.sandbox = "one"; });
  EXPECT_EQ(with_sandbox_id(options, http).sandbox_id, "one");
  options.sandbox_id = "known";
  EXPECT_EQ(with_sandbox_id(options, http).sandbox_id, "known");
  options.sandbox_id.clear();
  options.base_url = "http://127.0.0.1:1";  // nobody answers
  EXPECT_EQ(with_sandbox_id(options, http).sandbox_id, "");
}

TEST(Home, is_remembered_when_a_conversation_makes_something_and_told_to_the_front_end) {
  const TemporaryFolder state;
  Process process(state.path());
  LoopbackShop shop;
  LoopbackShop other;
  std::vector<std::string> homes;
  const auto at = [&](const LoopbackShop& where) {
    SessionSettings settings = settings_at(where);
    settings.choice = {Kind::kNamed, "s1"};
    settings.cartpilot = [&homes, inner = settings.cartpilot](const CartPilotIdentity& home) {
      homes.push_back(home.text());
      return inner(home);
    };
    return settings;
  };
  const auto run = [&](const LoopbackShop& where, const std::vector<ToolCall>& calls) {
    Talk talk(process.services, at(where), nullptr);
    Turn(talk.session, talk.cancellation).run(calls);
    return talk.session.cartpilot().text();
  };
  run(other, {});  // whoever only looks around decides nothing
  const std::string home = run(shop, {buying_calls("mug").front()});
  run(shop, {});
  EXPECT_THAT(homes, ::testing::ElementsAre("", "", home));
  try {
    run(other, {});
    ADD_FAILURE() << "went on elsewhere";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason, "another_cartpilot");
    EXPECT_THAT(error.what(), HasSubstr("the conversation s1 belongs to http://localhost:"));
  }
  // A record that is to be begun anew is left alone by what is refused.
  SessionSettings anew = at(other);
  anew.new_record = true;
  EXPECT_THROW(Talk(process.services, std::move(anew), nullptr), Error);
  EXPECT_TRUE(process.notices.empty());
}

TEST(Home, is_remembered_by_a_chat_at_once) {
  const TemporaryFolder state;
  Process process(state.path());
  LoopbackShop shop;
  SessionSettings settings = chat_at(shop);
  settings.choice = {Kind::kNamed, "s1"};
  {
    const Talk talk(process.services, settings, scripted({}));
    EXPECT_EQ(talk.session.cartpilot().shown(),
              "http://localhost" + shop.url().substr(shop.url().rfind(':')));
  }
  const auto state_db = process.services.open_state();
  EXPECT_THAT(store::SessionStore(*state_db).find("s1")->cartpilot, HasSubstr("http://localhost:"));
}

}  // namespace
}  // namespace cartpilot::app
