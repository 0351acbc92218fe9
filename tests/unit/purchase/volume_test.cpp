// Many ordinary purchases, over real connections with the embedded CartPilot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"
#include "net/http_client.h"
#include "sandbox/server.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

/// Buys `count` times with a record of its own.
void buy_often(int count) {
  sandbox::SandboxServer shop(sandbox::SandboxServer::Options{});
  net::HttpClient http{net::HttpClientOptions{}};
  commerce::ClientOptions options;
  options.base_url = shop.url();
  options.api_key = "dev-api-key-change-in-production";
  options.sandbox_id = shop.id();
  const commerce::CartPilotClient client(options, http);
  commerce::CartPilotTools tools(client);
  const TemporaryFolder folder;
  store::StateDb db(folder.path() / "state.db");
  // Hours between the purchases: who buys the same again within one is asked twice.
  std::int64_t now = kStartUnixMs;
  PurchaseJournal journal(db, [&] { return now; });
  Questions questions(db, [&] { return now; });
  ScriptedPerson person;
  EventLog events;
  PurchasePolicy policy = parse_policy("ask", "");
  policy.limits.session = policy.limits.day = {INT64_MAX, ""};
  const CallContext context;
  PurchaseGate gate(client, journal, policy, questions, person, events, "session-1");
  const auto call = [&](const char* function, Json arguments) {
    ToolCall one{"1", function, std::move(arguments), "", nullptr};
    if (auto refusal = gate.before_write(one)) return refusal->content;
    const ToolOutcome outcome = tools.call(one.name, one.arguments, context);
    gate.after_write(one, outcome);
    return outcome.content;
  };
  const Json intent = call("create_intent", {{"query", "headphones"}});
  const Json offers =
      tools.call("get_intent_offers", {{"intent_id", intent["id"]}}, context).content;
  struct Article {
    Json offer;
    Json product;
  };
  std::vector<Article> articles;
  for (const Json& offer : offers["items"]) {
    for (const Json& item : offer["items"]) articles.push_back({offer["id"], item["product_id"]});
  }
  ASSERT_FALSE(articles.empty());
  int done = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
    const Article& article = articles[n % articles.size()];
    now += 2 * 60 * 60 * 1000;
    const Json items = Json::array({Json{{"product_id", article.product}, {"quantity", 1}}});
    gate.begin_turn();
    const Json checkout = call("create_checkout", {{"offer_id", article.offer}, {"items", items}});
    ASSERT_TRUE(checkout.contains("id")) << n << " " << dump_json(checkout);
    const Json id = {{"checkout_id", checkout["id"]}};
    const Json quote = call("quote_checkout", {{"checkout_id", checkout["id"]}, {"items", items}});
    ASSERT_EQ(string_or(quote, "status"), "quoted") << n << " " << dump_json(quote);
    call("request_approval", id);
    const ToolOutcome approved =
        gate.run_money({"2", "approve_checkout", id, "", nullptr}, context);
    ASSERT_TRUE(approved.ok) << n << " " << dump_json(approved.content);
    const ToolOutcome bought = gate.run_money({"3", "confirm_checkout", id, "", nullptr}, context);
    ASSERT_TRUE(bought.ok) << n << " " << dump_json(bought.content);
    done += gate.last_report()->end == PurchaseEnd::kBought ? 1 : 0;
  }
  EXPECT_EQ(done, count);
  EXPECT_EQ(person.questions.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(tools.call("list_orders", Json::object(), context).content["total"], count);
  EXPECT_EQ(journal.verify(), std::nullopt);
}

// Every money call reads the whole record, so ten records cost less than one of ten times their
// length.
TEST(PurchaseVolume, a_thousand_purchases_without_fault_are_done_with_one_question_each) {
  for (int record = 0; record < 10; ++record) ASSERT_NO_FATAL_FAILURE(buy_often(100));
}

}  // namespace
}  // namespace cartpilot::purchase
