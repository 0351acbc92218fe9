// `cartpilot purchases` as a person uses it after something went wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using purchase::FakeCartPilot;
using testing::AllOf;
using testing::HasSubstr;

Result buy_headphones(const Home& home, LoopbackShop& shop, int nth) {
  return run(home, handle_words(shop.url()), buying_lines(nth));
}

std::string listed(const Home& home) { return run(home, {"purchases", "list"}).out; }

std::string newest(const Home& home) {
  return parse_json(run(home, {"purchases", "list", "--json"}).out).at(0).at("id");
}

/// The answer to the first confirm is lost, and afterwards CartPilot knows nothing any more.
void lose_answer_and_memory(LoopbackShop& shop) {
  shop.with_fake([](FakeCartPilot& fake) {
    fake.fault("confirm", 1, FakeCartPilot::Fault::kLoseAnswer);
    fake.before("get", 4, [&fake] { fake.lose_memory(); });
  });
}

TEST(PurchasesCommand, resolve_closes_an_unknown_purchase_and_frees_its_basket) {
  for (const char* outcome : {"--not-bought", "--bought"}) {
    LoopbackShop shop;
    const Home home;
    lose_answer_and_memory(shop);
    const Result lost = buy_headphones(home, shop, 1);
    EXPECT_EQ(lost.exit_code, 13) << lost.out << lost.err;
    const std::string id = newest(home);
    EXPECT_THAT(lost.err, AllOf(HasSubstr("[cartpilot] OUTCOME UNKNOWN"),
                                HasSubstr("cartpilot purchases resolve " + id + " --bought")));
    EXPECT_THAT(listed(home), AllOf(HasSubstr(id), HasSubstr("unknown"), HasSubstr("86.38 USD")));
    EXPECT_THAT(run(home, {"purchases", "show", id}).out,
                AllOf(HasSubstr("confirm_sent"), HasSubstr("unknown"), HasSubstr("merchant-a")));
    // It is looked into at its own CartPilot only, and with its own account.
    LoopbackShop other;
    EXPECT_THAT(run(home, handle_words(other.url()), "").err,
                HasSubstr("it was sent to http://localhost:" +
                          shop.url().substr(shop.url().rfind(':') + 1) + "; start with --api-url"));
    EXPECT_THAT(
        run(home, handle_words(shop.url()), "", {{"CARTPILOT_API_KEY", "key-of-somebody-else"}})
            .err,
        HasSubstr("with another API key; start with that key"));
    // The next start says it again, and the basket stays locked.
    const Result locked = run(home, handle_words(shop.url()), buying_lines(1));
    EXPECT_EQ(locked.exit_code, 13);
    EXPECT_THAT(locked.out, HasSubstr("PURCHASE_UNRESOLVED"));
    EXPECT_EQ(orders_of(shop), 1U);

    EXPECT_EQ(run(home, {"purchases", "resolve", id}).exit_code, 2);
    EXPECT_EQ(run(home, {"purchases", "resolve", "no-such", outcome}).exit_code, 2);
    EXPECT_EQ(run(home, {"purchases", "resolve", id, outcome}).exit_code, 1);  // nobody to ask
    TerminalProgram resolve(home, {"cartpilot", "purchases", "resolve", id, outcome});
    resolve.type(resolve.wait_for_code());
    EXPECT_THAT(resolve.screen(), HasSubstr("http://localhost:"));
    EXPECT_EQ(resolve.finish(), 0) << resolve.screen();
    EXPECT_THAT(listed(home), HasSubstr(std::string(outcome) == "--bought" ? "done" : "void"));
    EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);
    // What was bought is not bought again without a word of the person.
    if (std::string(outcome) == "--bought") {
      const Result repeated = run(home, handle_words(shop.url()), buying_lines(2));
      EXPECT_EQ(repeated.exit_code, 11) << repeated.out << repeated.err;
      EXPECT_THAT(repeated.out, HasSubstr("REPEATED_BASKET"));
    }
    const Result again = run(home, handle_words(shop.url(), {"--allow-repeat", "1"}),
                             buying_lines(std::string(outcome) == "--bought" ? 3 : 2));
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  }
}

TEST(PurchasesCommand, never_shows_a_purchase_that_is_not_as_agreed_as_a_plain_one) {
  LoopbackShop shop;
  const Home home;
  shop.with_fake([](FakeCartPilot& fake) {
    fake.before("order", 1, [&fake] { fake.orders().at(0)["items"][0]["quantity"] = 3; });
  });
  const Result bought = buy_headphones(home, shop, 1);
  EXPECT_EQ(bought.exit_code, 14) << bought.out << bought.err;
  EXPECT_THAT(bought.err, AllOf(HasSubstr("NOT AS AGREED"), HasSubstr("Cancel or refund it")));
  EXPECT_THAT(listed(home), AllOf(HasSubstr("done"), HasSubstr("NOT AS AGREED")));
  EXPECT_THAT(run(home, {"purchases", "show", newest(home)}).out, HasSubstr("not as agreed"));
}

TEST(PurchasesCommand, a_refusal_about_what_is_bought_leaves_the_exit_code_alone) {
  LoopbackShop shop;
  const Home home;
  const std::string whole = buying_lines();
  std::size_t fourth = 0;
  for (int i = 0; i < 3; ++i) fourth = whole.find('\n', fourth) + 1;
  std::string approve = whole.substr(fourth, whole.find('\n', fourth) + 1 - fourth);
  approve.replace(approve.find("\"c4\""), 4, "\"c9\"");
  const Result result = run(home, handle_words(shop.url()), whole + approve);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("NOT_AWAITING_APPROVAL"));
  EXPECT_EQ(orders_of(shop), 1U);
}

}  // namespace
}  // namespace cartpilot::e2e
