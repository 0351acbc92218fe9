// A thousand random ways through a checkout and its order, each step foretold by a model of its
// own.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "sandbox/merchant/merchant.h"
#include "unit/sandbox/lifecycle_model.h"
#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

constexpr int kSequences = 1'000;
constexpr std::uint32_t kSeed = 20'261'123;

// Two products of merchant B whose prices and stock the sequences change.
class Wanderer {
 public:
  explicit Wanderer(std::uint32_t seed)
      : random_(seed), server_({}), shopper_(server_.port()), offer_(shopper_.offer("merchant-b")) {
    const Json offer = shopper_.get("/offers/" + offer_).json();
    for (const std::size_t index : {0U, 1U}) {
      const Json& item = offer.at("items").at(index);
      products_.push_back(item.at("product_id"));
      goods_[products_.back()] = {item.at("price").at("amount"), item.at("quantity_available")};
    }
  }

  /// One checkout from creation on, with as many steps as chance wants.
  void walk(int sequence) {
    LifecycleModel model(goods_);
    checkout_ = shopper_
                    .post("/checkouts",
                          {{"offer_id", offer_},
                           {"items", Json::array({{{"product_id", "any"}, {"quantity", 1}}})}})
                    .json()
                    .at("id");
    order_.clear();
    const int steps = 4 + below(14);
    for (int step = 0; step < steps; ++step) {
      const std::string what = fmt::format("sequence {} step {}", sequence, step);
      take_step(model, what);
      compare(model, what);
      if (testing::Test::HasFailure()) return;
    }
    orders_made_ += model.orders_made();
  }

  int orders_made() const { return orders_made_; }
  Shopper& shopper() { return shopper_; }
  const std::map<int, int>& seen() const { return seen_; }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool one_in(int n) { return below(n) == 0; }

  Answer act(const char* action) { return shopper_.act(checkout_, action); }
  Answer order_post(const char* action, const Json& body) {
    return shopper_.post("/orders/" + order_ + "/" + action, body);
  }

  void expect(const Foretold& foretold, const Answer& answer, const std::string& what) {
    ++seen_[answer.status];
    EXPECT_EQ(answer.status, foretold.http) << what << " " << answer.body;
    EXPECT_EQ(string_or(answer.json(), "error_code"), foretold.error_code) << what;
  }

  void take_step(LifecycleModel& model, const std::string& what) {
    // The straight way most of the time, or hardly any sequence would come to an order.
    const std::string state = model.state_name();
    int choice = below(12);
    if (!one_in(3)) {
      choice = state == "created"             ? 0
               : state == "quoted"            ? 1
               : state == "awaiting_approval" ? 2
               : state == "approved"          ? (one_in(4) ? 7 : 3)
                                              : 4 + below(3);
    }
    switch (choice) {
      case 0: return quote(model, what);
      case 1: return expect(model.request_approval(), act("request-approval"), what);
      case 2: return expect(model.approve(), act("approve"), what);
      case 3: return confirm(model, what);
      case 4:
      case 5:
      case 6: return move_order(model, choice, what);
      case 7: return change_goods();
      default: return send_nonsense(what);
    }
  }

  void quote(LifecycleModel& model, const std::string& what) {
    const std::string product = one_in(10) ? "unknown" : products_[one_in(2)];
    const int quantity = one_in(10) ? 1'000 : 1 + below(2);
    expect(model.quote(product, quantity), shopper_.quote(checkout_, product, quantity), what);
  }

  void confirm(LifecycleModel& model, const std::string& what) {
    const bool was_done = model.has_order();
    const Answer answer = act("confirm");
    const Foretold foretold = model.confirm();
    expect(foretold, answer, what);
    if (foretold.http != 200) return;
    const Json order_id = answer.json().at("order_id");
    EXPECT_EQ(order_id.is_null(), was_done) << what;
    if (order_id.is_string()) order_ = order_id;
  }

  void move_order(LifecycleModel& model, int choice, const std::string& what) {
    if (!model.has_order()) return;
    if (choice == 4) {
      const int steps = 1 + below(3);
      return expect(model.advance(steps), order_post("simulate-advance", {{"steps", steps}}), what);
    }
    if (choice == 5) return expect(model.cancel(), order_post("cancel", {{"reason", "r"}}), what);
    expect(model.refund(), order_post("refund", Json::object()), what);
  }

  // Prices from a short list, so that they also come back.
  void change_goods() {
    const std::string& product = products_[one_in(2)];
    LifecycleModel::Goods& goods = goods_[product];
    goods.cents = 4'000 + 1'000 * below(3);
    server_.change_price("merchant-b", product, goods.cents);
  }

  void send_nonsense(const std::string& what) {
    const std::vector<std::pair<const char*, const char*>> nonsense = {
        {"quote", R"({"items":[]})"},
        {"quote", R"({"items":[{"product_id":"x","quantity":0}]})"},
        {"quote", "{"},
        {"approve", R"({"approved_by":null})"},
        {"confirm", "[]"},
        {"confirm", ""},
    };
    const auto& [action, body] = nonsense[static_cast<std::size_t>(below(6))];
    expect({422, ""}, shopper_.post_text("/checkouts/" + checkout_ + "/" + action, body), what);
  }

  void compare(const LifecycleModel& model, const std::string& what) {
    const Json checkout = shopper_.get("/checkouts/" + checkout_).json();
    EXPECT_EQ(checkout.at("status"), model.state_name()) << what;
    std::vector<std::string> actions;
    for (const Json& entry : checkout.at("audit_trail")) actions.push_back(entry.at("action"));
    EXPECT_EQ(actions, model.audit_trail()) << what;
    EXPECT_EQ(!checkout.at("frozen_receipt").is_null(), model.is_frozen()) << what;
    const Json total = checkout.at("total");
    EXPECT_EQ(total.is_null() ? 0 : total.at("amount").get<std::int64_t>(), model.total()) << what;
    if (!model.has_order()) return;
    const Json order = shopper_.get("/orders/" + order_).json();
    EXPECT_EQ(order.at("status"), model.order_name()) << what;
    EXPECT_EQ(order.at("checkout_id"), checkout_) << what;
    EXPECT_EQ(order.at("merchant_order_id"), checkout.at("merchant_order_id")) << what;
    EXPECT_EQ(order.at("total"), checkout.at("total")) << what;
  }

  std::mt19937 random_;
  SandboxServer server_;
  Shopper shopper_;
  std::string offer_;
  std::vector<std::string> products_;
  std::map<std::string, LifecycleModel::Goods> goods_;
  std::string checkout_;
  std::string order_;
  int orders_made_ = 0;
  std::map<int, int> seen_;
};

TEST(Lifecycle, a_thousand_random_sequences_do_what_the_model_foretells) {
  Wanderer wanderer(kSeed);
  for (int sequence = 0; sequence < kSequences; ++sequence) {
    wanderer.walk(sequence);
    ASSERT_FALSE(HasFailure()) << "sequence " << sequence;
  }
  EXPECT_EQ(wanderer.shopper().get("/orders?page_size=1").json().at("total"),
            wanderer.orders_made());
  // The walk must have been worth it: every kind of answer came often.
  EXPECT_GT(wanderer.orders_made(), 100);
  for (const int status : {200, 400, 409, 422}) {
    EXPECT_GT(wanderer.seen().at(status), 20) << status;
  }
  for (const auto& [status, count] : wanderer.seen()) {
    RecordProperty("answers_" + std::to_string(status), count);
  }
}

}  // namespace
}  // namespace cartpilot::sandbox
