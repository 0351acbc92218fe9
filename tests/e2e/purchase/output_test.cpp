// A purchase whose output cannot be written: its exit code stands, and standard error tells of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kNoSpace =
    "cartpilot: standard output cannot be written: No space left on device";

/// A shop that takes an order only after whoever reads the program's output has gone.
class ShopThatWaits {
 public:
  ShopThatWaits()
      : shop_([this](const LoopbackShop::Request& request, LoopbackShop::Reply& reply) {
          if (request.target.find("/confirm") == std::string::npos) return false;
          confirming_ = true;
          wait_until_set(gone_, "the end of the reader");
          shop_.pass_on(request, reply);
          return true;
        }) {}

  ~ShopThatWaits() { gone_ = true; }
  ShopThatWaits(const ShopThatWaits&) = delete;
  ShopThatWaits& operator=(const ShopThatWaits&) = delete;

  std::string url() const { return shop_.url(); }
  std::size_t orders() { return orders_of(shop_); }
  void leave(Program& program) {
    wait_until_set(confirming_, "the confirm");
    program.close_output();
    gone_ = true;
  }

 private:
  std::atomic<bool> confirming_{false};
  std::atomic<bool> gone_{false};
  LoopbackShop shop_;
};

std::vector<std::string> buying_chat(const ScriptedModel& model, const std::string& shop,
                                     const std::string& output) {
  return model.chat(shop, {"--approve", "up-to:500:USD", "--merchants", "merchant-a", "--output",
                           output, "--session", "s", "buy it"});
}

TEST(PurchaseOutput, of_a_chat_without_a_reader_is_told_on_standard_error) {
  for (const char* output : {"text", "jsonl"}) {
    ShopThatWaits shop;
    const ScriptedModel model(buying_steps());
    const Home home;
    Program chat(home, buying_chat(model, shop.url(), output));
    chat.close_input();
    shop.leave(chat);
    const Result result = chat.finish();
    EXPECT_EQ(result.exit_code, 0) << output << result.err;
    EXPECT_THAT(result.err, HasSubstr("[cartpilot] BOUGHT 86.38 USD, merchant order "));
    EXPECT_THAT(result.err, Not(HasSubstr("standard output")));
    EXPECT_EQ(shop.orders(), 1U);
    EXPECT_EQ(states_of_newest(home).back(), "done");
    // What was done is in the conversation as well.
    EXPECT_THAT(run(home, {"sessions", "export", "s", "--with-calls"}).out,
                HasSubstr("`confirm_checkout` answered: `{\"checkout_id\""));
  }
}

TEST(PurchaseOutput, of_tools_handle_without_a_reader_is_told_on_standard_error) {
  ShopThatWaits shop;
  const Home home;
  Program handle(home, handle_words(shop.url()));
  handle.write(buying_lines());
  shop.leave(handle);
  const Result result = handle.finish();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("[cartpilot] BOUGHT 86.38 USD"));
  EXPECT_EQ(shop.orders(), 1U);
  EXPECT_EQ(states_of_newest(home).back(), "done");
}

TEST(PurchaseOutput, without_any_stream_left_keeps_the_exit_code_of_the_purchase) {
  for (const char* redirections : {"2>&-", "2>/dev/full"}) {
    ShopThatWaits shop;
    const ScriptedModel model(buying_steps());
    const Home home;
    Program chat(home, buying_chat(model, shop.url(), "text"), {}, false, redirections);
    chat.close_input();
    shop.leave(chat);
    EXPECT_EQ(chat.finish().exit_code, 0) << redirections;
    EXPECT_EQ(shop.orders(), 1U);
  }
}

TEST(PurchaseOutput, of_a_chat_onto_a_full_disk_is_told_on_standard_error) {
  LoopbackShop shop;
  const ScriptedModel model(buying_steps());
  const Home home;
  const Result text = run(home, buying_chat(model, shop.url(), "text"), "", {}, ">/dev/full");
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.err, HasSubstr("[cartpilot] BOUGHT 86.38 USD, merchant order "));
  EXPECT_THAT(text.err, HasSubstr(kNoSpace));
  EXPECT_EQ(orders_of(shop), 1U);

  // Whoever wants events is not there from the start: nothing is bought.
  LoopbackShop untouched;
  const Home other;
  const Result jsonl =
      run(other, buying_chat(model, untouched.url(), "jsonl"), "", {}, ">/dev/full");
  EXPECT_EQ(jsonl.exit_code, 1) << jsonl.err;
  EXPECT_THAT(jsonl.err, HasSubstr(kNoSpace));
  EXPECT_EQ(orders_of(untouched), 0U);
}

/// Runs the `calls` of a purchase one by one, the last one with `redirections`.
Result call_one_by_one(const Home& home, const std::string& shop, const std::string& approve,
                       const std::vector<std::string>& calls, const std::string& redirections) {
  const Json items = Json::array({Json{{"product_id", "mug"}, {"quantity", 1}}});
  Result result;
  for (const std::string& name : calls) {
    Json arguments = {{"checkout_id", checkout_id()}};
    if (name == "create_checkout") arguments = {{"offer_id", "offer-a"}, {"items", items}};
    if (name == "quote_checkout") arguments["items"] = items;
    std::vector<std::string> words = {"tools", "call",      name, dump_json(arguments), "--api-url",
                                      shop,    "--session", "s",  "--approve",          approve};
    if (approve != "never") words.insert(words.end(), {"--merchants", "merchant-a"});
    result = run(home, words, "", {}, &name == &calls.back() ? redirections : "");
  }
  return result;
}

TEST(PurchaseOutput, of_tools_call_is_not_needed_for_its_exit_code) {
  const std::vector<std::string> calls = {"create_checkout", "quote_checkout", "request_approval",
                                          "approve_checkout", "confirm_checkout"};
  for (const char* redirections : {">/dev/full", ">/dev/full 2>&-", ">&-", ">&- 2>&- <&-"}) {
    LoopbackShop shop;
    const Home home;
    const Result result = call_one_by_one(home, shop.url(), "up-to:500:USD", calls, redirections);
    EXPECT_EQ(result.exit_code, 0) << redirections << result.err;
    EXPECT_EQ(orders_of(shop), 1U) << redirections;
    if (std::string(redirections) == ">/dev/full") {
      EXPECT_THAT(result.err, HasSubstr("[cartpilot] BOUGHT "));
      EXPECT_THAT(result.err, HasSubstr(kNoSpace));
    }
  }
  // Refused, and told as refused.
  LoopbackShop shop;
  const Home home;
  const Result refused = call_one_by_one(
      home, shop.url(), "never",
      {"create_checkout", "quote_checkout", "request_approval", "approve_checkout"}, ">/dev/full");
  EXPECT_EQ(refused.exit_code, 11) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("[cartpilot] NOT BOUGHT: "));
}

}  // namespace
}  // namespace cartpilot::e2e
