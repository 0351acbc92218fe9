// Killed under load, over and over: every success that was answered is still there.
//
// CARTPILOT_SANDBOX_KILLS sets how often; the default is small enough for every test run.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "unit/sandbox/killable_sandbox.h"
#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

constexpr int kShoppers = 6;

int kills() {
  const char* wanted = std::getenv("CARTPILOT_SANDBOX_KILLS");
  return wanted == nullptr ? 12 : std::max(1, std::atoi(wanted));
}

// What the sandbox said with a 2xx. Shoppers add, the test compares.
class Promises {
 public:
  void keep(const std::string& target, const Answer& answer) {
    const std::lock_guard lock(mutex_);
    ++answered_;
    if (answer.status >= 200 && answer.status < 300) latest_[target] = answer.body;
  }
  void keep_under_key(const std::string& key, const std::string& query, const Answer& answer) {
    const std::lock_guard lock(mutex_);
    ++answered_;
    if (answer.status == 201) under_key_[key] = {query, answer.body};
  }
  int answered() const { return answered_; }
  std::size_t count() const { return latest_.size() + under_key_.size(); }

  void check(Shopper& shopper) const {
    for (const auto& [target, body] : latest_) {
      const Answer now = shopper.get(target);
      ASSERT_EQ(now.status, 200) << target;
      expect_not_behind(now.json(), parse_json(body), target);
    }
    for (const auto& [key, promise] : under_key_) {
      const Answer again =
          shopper.post("/intents", {{"query", promise.first}}, {{"Idempotency-Key", key}});
      EXPECT_EQ(again.body, promise.second);
    }
  }

 private:
  // A step that was not answered may have been taken; one that was answered must have been.
  static void expect_not_behind(const Json& now, const Json& promised, const std::string& target) {
    for (const char* list : {"audit_trail", "status_history"}) {
      if (!promised.contains(list)) continue;
      const Json& before = promised.at(list);
      const Json& after = now.at(list);
      ASSERT_GE(after.size(), before.size()) << target;
      for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i], before[i]) << target;
      if (after.size() > before.size()) return;
    }
    EXPECT_EQ(dump_json(now), dump_json(promised)) << target;
  }

  mutable std::mutex mutex_;
  std::atomic<int> answered_ = 0;
  std::map<std::string, std::string> latest_;
  std::map<std::string, std::pair<std::string, std::string>> under_key_;
};

// Buys until the connection breaks.
void shop_until_it_breaks(int port, const std::string& name, Promises& promises) {
  try {
    Shopper shopper(port);
    const std::string offer = shopper.offer("merchant-a");
    for (int round = 0;; ++round) {
      const std::string key = name + "-" + std::to_string(round);
      promises.keep_under_key(
          key, key, shopper.post("/intents", {{"query", key}}, {{"Idempotency-Key", key}}));
      const Answer created = shopper.post(
          "/checkouts", {{"offer_id", offer},
                         {"items", Json::array({{{"product_id", kEarbudsA}, {"quantity", 1}}})}});
      const std::string target = "/checkouts/" + created.json().at("id").get<std::string>();
      const std::string id = created.json().at("id");
      promises.keep(target, created);
      promises.keep(target, shopper.quote(id, kEarbudsA));
      promises.keep(target, shopper.act(id, "request-approval"));
      promises.keep(target, shopper.act(id, "approve"));
      const Answer confirmed = shopper.act(id, "confirm");
      const std::string order = confirmed.json().at("order_id");
      promises.keep("/orders/" + order, shopper.get("/orders/" + order));
      promises.keep(target, shopper.get(target));
      promises.keep("/orders/" + order,
                    shopper.post("/orders/" + order + "/simulate-advance", {{"steps", 1}}));
    }
  } catch (const std::exception&) {
    // Killed.
  }
}

TEST(Persistence, every_success_answered_before_a_kill_is_there_after_it) {
  const Folder folder;
  const std::string path = folder.file("sandbox.db");
  std::mt19937 random(20'261'123);
  std::size_t promised = 0;
  for (int kill = 0; kill < kills(); ++kill) {
    Promises promises;
    {
      SandboxProcess sandbox(path);
      std::vector<std::thread> shoppers;
      for (int i = 0; i < kShoppers; ++i) {
        const std::string name = std::to_string(kill) + "-" + std::to_string(i);
        shoppers.emplace_back([&, name] { shop_until_it_breaks(sandbox.port(), name, promises); });
      }
      const int enough = 1 + static_cast<int>(random() % 250);
      while (promises.answered() < enough) std::this_thread::yield();
      // Anywhere within a request, not right behind an answer.
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 2'000));
      sandbox.kill();
      for (std::thread& shopper : shoppers) shopper.join();
    }
    SandboxProcess sandbox(path);
    Shopper shopper(sandbox.port());
    promises.check(shopper);
    ASSERT_FALSE(HasFailure()) << "kill " << kill;
    promised += promises.count();
  }
  EXPECT_GT(promised, static_cast<std::size_t>(kills()));
  std::printf("%d kills, %zu promises kept\n", kills(), promised);
}

}  // namespace
}  // namespace cartpilot::sandbox
