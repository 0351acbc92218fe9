// Several programs on one state folder at once, as a script starts them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

/// Buys some mugs with one program a step, as scripts do; what went wrong, "" = nothing.
std::string buy_in_steps(const Home& home, const std::string& shop, const std::string& session,
                         int quantity) {
  Json id;
  const auto call = [&](const char* function, const Json& arguments) {
    const Result result =
        run(home, {"tools", "call", function, dump_json(arguments), "--api-url", shop, "--session",
                   session, "--approve", "up-to:5000:USD", "--merchants", "merchant-a"});
    if (result.exit_code == 0) id = parse_json(result.out).value("id", Json());
    return result.exit_code == 0 ? "" : result.out + result.err;
  };
  const Json items = Json::array({Json{{"product_id", "mug"}, {"quantity", quantity}}});
  std::string wrong = call("create_checkout", {{"offer_id", "offer-a"}, {"items", items}});
  const Json checkout = id;
  if (wrong.empty()) wrong = call("quote_checkout", {{"checkout_id", checkout}, {"items", items}});
  for (const char* function : {"request_approval", "approve_checkout", "confirm_checkout"}) {
    if (wrong.empty()) wrong = call(function, {{"checkout_id", checkout}});
  }
  return wrong;
}

TEST(SideBySide, programs_that_buy_at_once_are_never_told_that_the_record_was_altered) {
  constexpr int kThreads = 6;
  constexpr int kEach = 2;
  const Home home;
  LoopbackShop shop;
  std::vector<std::string> wrong(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      // Another quantity is another basket.
      for (int n = 0; n < kEach; ++n) {
        wrong[i] += buy_in_steps(home, shop.url(), fmt::format("s{}", i), i * kEach + n + 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : wrong) EXPECT_EQ(text, "");
  EXPECT_EQ(orders_of(shop), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);
}

TEST(SideBySide, new_journal_leaves_a_whole_record_as_it_is) {
  LoopbackShop shop;
  const Home home;
  ASSERT_EQ(run(home, handle_words(shop.url()), buying_lines(1, "mug", 1)).exit_code, 0);
  const std::string before = run(home, {"purchases", "list", "--json"}).out;
  const Result bought = run(home, handle_words(shop.url(), {"--new-journal"}), "");
  EXPECT_EQ(bought.exit_code, 0) << bought.err;
  EXPECT_THAT(bought.err,
              HasSubstr("the record of purchases is intact, so no new one was started"));
  EXPECT_EQ(run(home, {"purchases", "list", "--json"}).out, before);
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);
}

}  // namespace
}  // namespace cartpilot::e2e
