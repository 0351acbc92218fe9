// Cases 71 to 75 and 77 to 80: the loop of calls and the limits on data. The numbers are those of
// docs/purchases.md; 76 needs the whole program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <random>

#include "model_world.h"

namespace cartpilot::purchase {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using Fault = FakeCartPilot::Fault;

std::string code_in(const ToolResult& result) {
  return result.is_error ? string_or(result.content, "error_code") : "";
}

TEST(PurchaseCase, case_71_a_call_id_is_run_once_and_money_is_keyed_by_its_checkout) {
  ModelWorld world;
  const std::string id = world.prepare();
  const std::string other = world.prepare("mug");
  world.approve(id);
  world.gate->begin_turn();
  const ToolCall confirm = chat::call_of("same", "confirm_checkout", checkout_argument(id));
  const ToolCall impostor = chat::call_of("same", "confirm_checkout", checkout_argument(other));
  const auto results = world.router.run({confirm, confirm, impostor}, world.context);
  EXPECT_EQ(results[1].content, results[0].content);
  EXPECT_EQ(code_in(results[2]), "DUPLICATE_CALL_ID");
  EXPECT_EQ(world.server.count("confirm"), 1);
  // The id again in a later message: the checkout is bought already.
  const auto again = world.router.run({confirm}, world.context);
  EXPECT_EQ(again[0].content, results[0].content);
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseCase, case_72_two_confirms_at_once_run_one_after_the_other) {
  ModelWorld world;
  const std::string id = world.prepare();
  const std::string other = world.prepare("mug");
  world.approve(id);
  int running = 0;
  int most = 0;
  world.server.before("confirm", 0, [&] { most = std::max(most, ++running); });
  world.server.before("order", 0, [&] { --running; });
  const auto results =
      world.router.run({chat::call_of("a", "confirm_checkout", checkout_argument(id)),
                        chat::call_of("b", "confirm_checkout", checkout_argument(id)),
                        chat::call_of("c", "confirm_checkout", checkout_argument(other))},
                       world.context);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(results[1].content, results[0].content);
  EXPECT_EQ(code_in(results[2]), "CONSENT_REQUIRED");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseCase, case_73_an_endless_loop_of_calls_ends_with_a_plain_message) {
  ModelWorld world;
  const std::string id = world.prepare();
  const auto looks_of = [&](int calls) {
    std::vector<ToolCall> many;
    for (int i = 0; i < calls; ++i) {
      many.push_back(chat::call_of("c" + std::to_string(i), "get_checkout",
                                   Json{{"checkout_id", id}, {"n", i}}));
    }
    return std::vector<chat::ScriptedProvider::Step>(10, chat::calls(many));
  };
  const int looks = world.server.count("get");
  const chat::TurnResult flood = world.turn("hi", looks_of(128));
  EXPECT_EQ(flood.finish, "limit");
  EXPECT_THAT(flood.text, HasSubstr("limit of 25 tool calls"));
  EXPECT_LE(world.server.count("get") - looks, 25);

  const int before = world.server.count("get");
  EXPECT_EQ(world.turn("hi", looks_of(1'000)).finish, "error");  // none of more than 128 is run
  EXPECT_EQ(world.server.count("get"), before);

  std::vector<chat::ScriptedProvider::Step> rounds;
  for (int i = 0; i < 10'000; ++i) {
    rounds.push_back(asks_for("list_orders", Json{{"page", i + 1}}, std::to_string(i)));
  }
  const chat::TurnResult circle = world.turn("hi", rounds);
  EXPECT_EQ(circle.finish, "limit");
  EXPECT_EQ(world.provider->requests.size(), 12U);
}

TEST(PurchaseCase, case_74_arguments_are_checked_and_never_bent_into_shape) {
  ModelWorld world;
  const std::string id = world.prepare();
  const std::size_t before = world.server.requests().size();
  const Json item = {{"product_id", "mug"}, {"quantity", 1}};
  const auto quote = [&](Json quantity) {
    Json bad = item;
    bad["quantity"] = std::move(quantity);
    return Json{{"checkout_id", id}, {"items", Json::array({bad})}};
  };
  const std::pair<const char*, Json> rows[] = {
      {"Confirm_Checkout", checkout_argument(id)},
      {"confirm_checkouts", checkout_argument(id)},
      {"confirm_checkout", Json{{"checkout_id", 5}}},
      {"confirm_checkout", Json::array({id})},
      {"confirm_checkout", Json::object()},
      {"confirm_checkout", Json{{"checkout_id", nullptr}}},
      {"approve_checkout", Json{{"checkoutId", id}}},
      {"quote_checkout", quote("2")},
      {"quote_checkout", quote(2.5)},
      {"quote_checkout", quote(nullptr)},
      {"quote_checkout", quote(0)},
      {"quote_checkout", quote(-1)},
      {"quote_checkout", Json{{"checkout_id", id}, {"items", "mug"}}},
  };
  int n = 0;
  for (const auto& [name, arguments] : rows) {
    const auto results =
        world.router.run({chat::call_of(std::to_string(n++), name, arguments)}, world.context);
    EXPECT_TRUE(results[0].is_error) << name << dump_json(arguments);
  }
  EXPECT_EQ(world.server.requests().size(), before);
  EXPECT_TRUE(world.person.questions.empty());
}

TEST(PurchaseCase, case_75_pages_are_clamped_and_long_results_cut_with_a_marker) {
  ModelWorld world;
  const std::string id = world.prepare();
  for (const auto& [page, size] : {std::pair{-1, 1'000'000}, {0, 0}, {1, -5}}) {
    const auto results = world.router.run(
        {chat::call_of("a", "list_orders", Json{{"page", page}, {"page_size", size}})},
        world.context);
    EXPECT_FALSE(results[0].is_error) << dump_json(results[0].content);
  }
  world.server.title = std::string(100'000, 'x');
  const Json arguments = {{"checkout_id", id},
                          {"items", Json::array({Json{{"product_id", "mug"}, {"quantity", 1}}})}};
  const auto results =
      world.router.run({chat::call_of("b", "quote_checkout", arguments)}, world.context);
  EXPECT_LE(dump_json(results[0].content).size(), chat::kMaxResultBytes);
  EXPECT_EQ(results[0].content["truncated"], true);
}

TEST(PurchaseCase, case_77_deep_nesting_repeated_members_and_huge_numbers_are_refused) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(parse_json(std::string(100'000, '[') + std::string(100'000, ']')), Error);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THROW(parse_json(objects), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));

  GateWorld world;
  const std::string id = world.prepare();
  const std::string text = dump_json(world.server.checkout(id));
  const auto answered_with = [&](const std::string& body) {
    world.server.fault("get", world.server.count("get") + 1, Fault::kAnswerInstead,
                       {200, body, "application/json", {}});
    return purchase::code_of(world.approve(id));
  };
  // Which of two totals counts is anybody's guess.
  EXPECT_EQ(answered_with(R"({"total":{"amount":1,"currency":"USD"},)" + text.substr(1)),
            "BAD_RESPONSE");
  const std::size_t quantity = text.find("\"quantity\":");
  EXPECT_EQ(answered_with(text.substr(0, quantity) + "\"quantity\":1," + text.substr(quantity)),
            "BAD_RESPONSE");
  for (const char* number : {"1e400", "99999999999999999999999", "9223372036854775808", "1.0"}) {
    std::string huge = text;
    const std::size_t at = huge.find("8638");
    huge.replace(at, 4, number);
    EXPECT_EQ(answered_with(huge), "BAD_RESPONSE") << number;
  }
  EXPECT_TRUE(world.person.questions.empty());
  EXPECT_EQ(answered_with(text), "");
}

TEST(PurchaseCase, case_78_amounts_that_overflow_are_refused_and_every_purchase_is_capped) {
  constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(commerce::add({kMaxInt64, "USD"}, {1, "USD"}), Error);
  EXPECT_THROW(commerce::add({-kMaxInt64, "USD"}, {-2, "USD"}), Error);
  EXPECT_THROW(commerce::multiply({kMaxInt64 / 2 + 1, "USD"}, 2), Error);
  EXPECT_EQ(commerce::add({kMaxInt64 - 1, "USD"}, {1, "USD"}).minor, kMaxInt64);
  __extension__ using Wide = __int128;
  std::mt19937_64 random(78);
  std::uniform_int_distribution<std::int64_t> any(std::numeric_limits<std::int64_t>::min(),
                                                  kMaxInt64);
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t a = any(random);
    const std::int64_t b = any(random) >> (random() % 64);
    const Wide sum = static_cast<Wide>(a) + b;
    const Wide product = static_cast<Wide>(a) * b;
    const auto fits = [](Wide value) { return value == static_cast<std::int64_t>(value); };
    try {
      EXPECT_EQ(commerce::add({a, "USD"}, {b, "USD"}).minor, static_cast<std::int64_t>(sum));
      EXPECT_TRUE(fits(sum));
    } catch (const Error&) {
      EXPECT_FALSE(fits(sum)) << a << " + " << b;
    }
    try {
      EXPECT_EQ(commerce::multiply({a, "USD"}, b).minor, static_cast<std::int64_t>(product));
      EXPECT_TRUE(fits(product));
    } catch (const Error&) {
      EXPECT_FALSE(fits(product)) << a << " * " << b;
    }
  }
  GateWorld capped;
  capped.server.price("headphones") = 999'901;
  EXPECT_EQ(purchase::code_of(capped.approve(capped.prepare())), "APPROVAL_REFUSED_BY_POLICY");
  EXPECT_TRUE(capped.person.questions.empty());

  GateWorld huge;
  const std::string id = huge.prepare();
  Json& checkout = huge.server.checkout(id);
  checkout["items"][0]["unit_price"]["amount"] = kMaxInt64 / 2;
  checkout["items"][0]["quantity"] = 3;
  checkout["frozen_receipt"]["items"][0]["unit_price_cents"] = kMaxInt64 / 2;
  checkout["frozen_receipt"]["items"][0]["quantity"] = 3;
  EXPECT_EQ(purchase::code_of(huge.approve(id)), "RECEIPT_INVALID");
}

TEST(PurchaseCase, case_79_only_whole_numbers_are_cents) {
  GateWorld world;
  const std::string id = world.prepare();
  const std::string text = dump_json(world.server.checkout(id));
  for (const char* number : {"86.38", "8.638e3", "8638.0", "\"8638\"", "-0.0", "NaN", "true",
                             "null", "[8638]", "0x21BE", "08638", "+8638", "8638e0"}) {
    std::string odd = text;
    for (std::size_t at = odd.find("8638"); at != std::string::npos;
         at = odd.find("8638", at + 8)) {
      odd.replace(at, 4, number);
      break;
    }
    world.server.fault("get", world.server.count("get") + 1, Fault::kAnswerInstead,
                       {200, odd, "application/json", {}});
    const std::string code = purchase::code_of(world.approve(id));
    EXPECT_TRUE(code == "BAD_RESPONSE" || code == "RECEIPT_INVALID") << number << code;
  }
  EXPECT_TRUE(world.person.questions.empty());
  for (const char* amount : {"1e3", "-1", "1.234", "1,50", " 1", "", ".", "0x10", "1.", "NaN"}) {
    EXPECT_THROW(commerce::parse_minor(amount), Error) << amount;
  }
}

TEST(PurchaseCase, case_80_an_id_cannot_reach_another_route) {
  ModelWorld world;
  const std::size_t before = world.server.requests().size();
  int n = 0;
  for (const char* id : {"../orders", "%2e%2e%2forders", "a/confirm", "a?x=1", "a#b", "", " ", ".",
                         "..", "a\nb", "a b", "\xd0\xb0", "a;b", "a\\b",
                         "0123456789012345678901234567890123456789012345678901234567890123x"}) {
    for (const char* function :
         {"get_checkout", "request_approval", "approve_checkout", "confirm_checkout"}) {
      const auto results = world.router.run(
          {chat::call_of(std::to_string(n++), function, checkout_argument(id))}, world.context);
      EXPECT_TRUE(results[0].is_error) << function << " " << id;
    }
  }
  EXPECT_EQ(world.server.requests().size(), before);
}

}  // namespace
}  // namespace cartpilot::purchase
