#include "commerce/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "unit/commerce/client_fixture.h"
#include "unit/commerce/sample_bodies.h"

namespace cartpilot::commerce {
namespace {

using namespace fakes;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kUuid4 =
    "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

std::string refused_url(const std::string& url) {
  ScriptedTransport transport;
  try {
    const CartPilotClient client({.base_url = url}, transport);
    return "accepted as " + client.options().base_url;
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
}

TEST(CartPilotClient, normalises_its_base_url) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"http://localhost:8000", "http://localhost:8000"},
      {"http://localhost:8000/", "http://localhost:8000"},
      {"http://LOCALHOST:8000//", "http://localhost:8000"},
      {"http://127.0.0.1:8000", "http://127.0.0.1:8000"},
      {"http://127.9.9.9", "http://127.9.9.9"},
      {"http://[::1]:8000/", "http://[::1]:8000"},
      {"https://shop.example", "https://shop.example"},
      {"https://shop.example:443/", "https://shop.example"},
      {"HTTPS://shop.example/cart%20pilot/v1/", "https://shop.example/cart%20pilot/v1"},
  };
  for (const auto& [given, normalised] : table) {
    EXPECT_EQ(refused_url(given), "accepted as " + normalised);
  }
}

TEST(CartPilotClient, refuses_urls_it_must_not_use) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "it is empty"},
      {"localhost:8000", "only http and https"},
      {"ftp://localhost/", "only http and https"},
      {"http://", "cannot be read"},
      {"http://localhost:99999", "cannot be read"},
      {"http://shop.example", "plain http to shop.example"},
      {"http://127.0.0.1.example", "plain http to 127.0.0.1.example"},
      {"http://localhost.example", "plain http to localhost.example"},
      {"http://0.0.0.0:8000", "plain http to 0.0.0.0"},
      {"https://shop.example/?key=1", "must end before any ? or #"},
      {"https://shop.example/#top", "must end before any ? or #"},
      {"https://shop.example\r\nX: y", "holds a blank"},
      {"https://sh\xC3\xB6p.example", "non-ASCII"},
  };
  for (const auto& [url, message] : table) {
    EXPECT_THAT(refused_url(url), AllOf(HasSubstr("CARTPILOT_API_URL"), HasSubstr(message))) << url;
  }
}

TEST(CartPilotClient, never_repeats_a_password_from_the_url) {
  const std::string message = refused_url("https://ann:hunter2@shop.example");
  EXPECT_THAT(message, HasSubstr("user name"));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
}

TEST(CartPilotClient, refuses_an_api_key_that_could_add_headers) {
  ScriptedTransport transport;
  EXPECT_THROW(CartPilotClient({.api_key = "key\r\nX-Evil: 1"}, transport), Error);
  EXPECT_THROW(CartPilotClient({.api_key = "key\n"}, transport), Error);
}

TEST(CartPilotClient, puts_a_path_prefix_before_every_path) {
  ClientFixture f({.base_url = "https://shop.example/cp/"});
  f.transport.answer(200, dump_json(offer_body()));
  f.client.get_offer("off-1", f.context);
  EXPECT_EQ(f.transport.last().url, "https://shop.example/cp/offers/off-1");
}

TEST(CartPilotClient, sends_no_authorization_without_a_key) {
  ClientFixture f({.api_key = ""});
  f.transport.answer(200, R"({"status":"ready"})");
  f.client.ready(f.context);
  EXPECT_EQ(header_value(f.transport.last().headers, "Authorization"), "");
}

TEST(CartPilotClient, limits_time_and_size_of_every_request) {
  ClientFixture f({.connect_timeout_ms = 11, .total_timeout_ms = 22});
  f.transport.answer(200, R"({"status":"ready"})");
  f.client.ready(f.context);
  const HttpRequest request = f.transport.last();
  EXPECT_EQ(request.connect_timeout_ms, 11);
  EXPECT_EQ(request.idle_timeout_ms, 22);
  EXPECT_EQ(request.total_timeout_ms, 22);
  EXPECT_EQ(request.max_body_bytes, 8u << 20);
  EXPECT_FALSE(request.server_sent_events);
}

TEST(CartPilotClient, opens_a_fresh_connection_for_money_only) {
  ClientFixture f;
  f.transport.answer(200, dump_json(frozen_checkout_body()));
  f.client.request_approval("chk-1", {}, f.context);
  EXPECT_FALSE(f.transport.last().fresh_connection);
  f.transport.answer(200, dump_json(frozen_checkout_body()));
  f.client.approve("chk-1", "user", {}, f.context);
  EXPECT_TRUE(f.transport.last().fresh_connection);
  f.transport.answer(200, dump_json(confirmation_body()));
  f.client.confirm("chk-1", "test_card", "", {}, f.context);
  EXPECT_TRUE(f.transport.last().fresh_connection);
}

TEST(CartPilotClient, gives_every_request_a_uuid_and_keeps_the_servers_answer) {
  ClientFixture f;
  f.transport.answer(200, dump_json(offer_body()));
  const std::string own = f.client.get_offer("off-1", f.context).request_id;
  EXPECT_THAT(own, MatchesRegex(kUuid4));
  EXPECT_EQ(header_value(f.transport.last().headers, "X-Request-ID"), own);

  f.transport.answer(200, dump_json(offer_body()),
                     {{"Content-Type", "application/json"}, {"x-request-id", "theirs"}});
  EXPECT_EQ(f.client.get_offer("off-1", f.context).request_id, "theirs");
  EXPECT_NE(header_value(f.transport.last().headers, "X-Request-ID"), own);
}

TEST(CartPilotClient, keeps_the_servers_json_unchanged) {
  ClientFixture f;
  const std::string body = dump_json(offer_body());
  f.transport.answer(200, body);
  EXPECT_EQ(dump_json(f.client.get_offer("off-1", f.context).raw), body);
}

TEST(CartPilotClient, sends_no_id_that_could_change_the_path) {
  ClientFixture f;
  for (const std::string& id :
       {std::string(), std::string("../orders"), std::string("a/b"), std::string("a?b"),
        std::string("a#b"), std::string("a b"), std::string("a%2Fb"), std::string("a\nb"),
        std::string("\xC3\xA9"), std::string("a\0b", 3), std::string(65, 'a')}) {
    const std::vector<std::function<void(const CartPilotClient&)>> calls = {
        [&](const auto& client) { client.get_intent(id, f.context); },
        [&](const auto& client) { client.get_intent_offers(id, 1, 20, f.context); },
        [&](const auto& client) { client.get_offer(id, f.context); },
        [&](const auto& client) { client.create_checkout(id, {{"p1"}}, "", {}, f.context); },
        [&](const auto& client) { client.get_checkout(id, f.context); },
        [&](const auto& client) { client.quote(id, {{"p1"}}, {}, {}, f.context); },
        [&](const auto& client) { client.request_approval(id, {}, f.context); },
        [&](const auto& client) { client.approve(id, "user", {}, f.context); },
        [&](const auto& client) { client.confirm(id, "card", "", {}, f.context); },
        [&](const auto& client) { client.get_order(id, f.context); },
        [&](const auto& client) { client.cancel_order(id, "r", "customer", f.context); },
        [&](const auto& client) { client.refund_order(id, {}, "r", f.context); },
        [&](const auto& client) { client.simulate_advance(id, 1, f.context); },
    };
    for (const auto& call : calls) {
      const CartPilotError error = f.failure_of(call);
      EXPECT_EQ(error.error_code, "INVALID_ID");
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
      EXPECT_FALSE(error.request_may_have_run);
    }
  }
  EXPECT_TRUE(f.transport.requests().empty());

  f.transport.answer(200, dump_json(offer_body()));
  f.client.get_offer(std::string(64, 'a'), f.context);
}

TEST(CartPilotClient, refuses_wrong_arguments_before_sending) {
  ClientFixture f;
  const std::vector<std::pair<std::function<void(const CartPilotClient&)>, std::string>> table = {
      {[&](const auto& client) { client.create_intent("", {}, {}, f.context); },
       "query must have 1 to 500 characters, not 0"},
      {[&](const auto& client) { client.create_intent(std::string(501, 'x'), {}, {}, f.context); },
       "query must have 1 to 500 characters, not 501"},
      {[&](const auto& client) { client.get_intent_offers("i", 0, 20, f.context); },
       "page must be at least 1"},
      {[&](const auto& client) { client.list_orders({.page_size = 101}, f.context); },
       "page_size must be 1 to 100"},
      {[&](const auto& client) { client.list_orders({.status = "PENDING"}, f.context); },
       "status must be one of pending, confirmed, shipped, delivered, cancelled, refunded, "
       "returned"},
      {[&](const auto& client) { client.create_checkout("o", {}, "", {}, f.context); },
       "items must name at least one product"},
      {[&](const auto& client) {
         client.quote("c", {{"p1"}, {"p2", {}, 0}}, {}, {}, f.context);
       },
       "items[1].quantity must be at least 1"},
      {[&](const auto& client) { client.quote("c", {{""}}, {}, {}, f.context); },
       "items[0].product_id is empty"},
      {[&](const auto& client) { client.refund_order("o", 0, "", f.context); },
       "the refund must be at least one cent"},
      {[&](const auto& client) { client.simulate_advance("o", 4, f.context); },
       "steps must be 1 to 3"},
      {[&](const auto& client) { client.request_approval("c", {"a\r\nX: 1"}, f.context); },
       "idempotency_key must be at most 255 printable ASCII characters without blanks"},
  };
  for (const auto& [call, message] : table) {
    const CartPilotError error = f.failure_of(call);
    EXPECT_EQ(std::string(error.what()), message);
    EXPECT_EQ(error.error_code, "INVALID_ARGUMENT");
    EXPECT_FALSE(error.request_may_have_run);
  }
  EXPECT_TRUE(f.transport.requests().empty());
}

TEST(CartPilotClient, counts_characters_of_a_query_and_not_bytes) {
  ClientFixture f;
  std::string query;
  for (int i = 0; i < 500; ++i) query += "\xF0\x9F\x8E\xA7";
  f.transport.answer(201, dump_json(intent_body()));
  f.client.create_intent(query, {}, {}, f.context);
  EXPECT_EQ(f.transport.last().body, R"({"query":")" + query + "\"}");
}

TEST(CartPilotClient, adds_the_conversations_session_id_to_intents_that_name_none) {
  ClientFixture f({.session_id = "conversation-7"});
  f.transport.answer(201, dump_json(intent_body()));
  f.client.create_intent("lamp", std::nullopt, {}, f.context);
  EXPECT_EQ(f.transport.last().body, R"({"query":"lamp","session_id":"conversation-7"})");
  f.transport.answer(201, dump_json(intent_body()));
  f.client.create_intent("lamp", "other", {}, f.context);
  EXPECT_EQ(f.transport.last().body, R"({"query":"lamp","session_id":"other"})");
}

TEST(CartPilotClient, percent_encodes_query_values) {
  ClientFixture f;
  f.transport.answer(200, dump_json(order_page_body()));
  f.client.list_orders({.merchant_id = "a&status=x/\xC3\xA9 +?#%=\n'~"}, f.context);
  EXPECT_EQ(f.transport.last().url,
            "http://localhost:8000/orders?page=1&page_size=20&merchant_id="
            "a%26status%3Dx%2F%C3%A9%20%2B%3F%23%25%3D%0A%27~");
}

TEST(CartPilotClient, may_be_used_by_several_threads) {
  ClientFixture f;
  for (int i = 0; i < 32; ++i) f.transport.answer(200, dump_json(offer_body()));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 8; ++i) f.client.get_offer("off-1", f.context);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> ids;
  for (const HttpRequest& request : f.transport.requests()) {
    ids.insert(header_value(request.headers, "X-Request-ID"));
  }
  EXPECT_EQ(ids.size(), 32u);
}

}  // namespace
}  // namespace cartpilot::commerce
