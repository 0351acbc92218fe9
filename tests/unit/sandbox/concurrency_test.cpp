// Many callers at once: nothing lost, nothing done twice.
#include <gmock/gmock.h>

#include <mutex>
#include <set>
#include <thread>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

constexpr int kThreads = 8;

void in_parallel(const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(Concurrency, eight_shoppers_buy_without_losing_an_order) {
  constexpr int kPurchases = 10;
  SandboxServer server({});
  std::mutex mutex;
  std::set<std::string> bought;
  in_parallel([&](int) {
    Shopper shopper(server.port());
    for (int i = 0; i < kPurchases; ++i) {
      const std::string order = shopper.order("merchant-a", kEarbudsA);
      const std::lock_guard lock(mutex);
      bought.insert(order);
    }
  });
  EXPECT_EQ(bought.size(), kThreads * kPurchases);
  Shopper shopper(server.port());
  EXPECT_EQ(shopper.get("/orders").json().at("total"), kThreads * kPurchases);
}

SandboxServer::Options strict_options() {
  SandboxServer::Options options;
  options.strict = true;
  return options;
}

// The bodies that the threads got for one intent under one key.
std::set<std::string> intents_under_one_key(SandboxServer& server, const std::string& key) {
  std::mutex mutex;
  std::set<std::string> bodies;
  in_parallel([&](int) {
    const Answer answer =
        Shopper(server.port()).post("/intents", {{"query", "a"}}, {{"Idempotency-Key", key}});
    const std::lock_guard lock(mutex);
    bodies.insert(answer.body);
  });
  return bodies;
}

TEST(Concurrency, one_checkout_confirmed_by_all_makes_one_order) {
  SandboxServer server({});
  for (int round = 0; round < 5; ++round) {
    const std::string id = Shopper(server.port()).approved("merchant-a", kEarbudsA);
    std::atomic<int> with_order = 0;
    std::atomic<int> odd = 0;
    in_parallel([&](int) {
      const Answer answer = Shopper(server.port()).act(id, "confirm");
      const Json body = answer.json();
      if (answer.status == 200 && body.at("order_id").is_string()) ++with_order;
      if (answer.status != 200 && string_or(body, "error_code") != "CONFIRM_FAILED") ++odd;
    });
    EXPECT_EQ(with_order, 1);
    EXPECT_EQ(odd, 0);
    EXPECT_EQ(Shopper(server.port()).get("/orders").json().at("total"), round + 1);
  }
}

TEST(Concurrency, a_strict_sandbox_tells_every_later_confirmation_that_it_is_done) {
  SandboxServer server(strict_options());
  const std::string id = Shopper(server.port()).approved("merchant-a", kEarbudsA);
  std::atomic<int> with_order = 0;
  std::atomic<int> confirmed = 0;
  in_parallel([&](int) {
    const Answer answer = Shopper(server.port()).act(id, "confirm");
    if (answer.status == 200) ++confirmed;
    if (answer.json().at("order_id").is_string()) ++with_order;
  });
  EXPECT_EQ(confirmed, kThreads);
  EXPECT_EQ(with_order, 1);
}

// A weak spot of the service: look-up and effect are two steps.
TEST(Concurrency, one_key_used_by_all_at_once_may_make_several_intents) {
  SandboxServer server({});
  std::size_t most = 0;
  for (int round = 0; round < 500 && most < 2; ++round) {
    most = std::max(most, intents_under_one_key(server, std::to_string(round)).size());
  }
  EXPECT_GE(most, 2U);
}

TEST(Concurrency, one_key_used_by_all_makes_one_intent_in_a_strict_sandbox) {
  SandboxServer server(strict_options());
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(intents_under_one_key(server, std::to_string(round)).size(), 1U);
  }
}

TEST(Concurrency, offers_are_collected_once_however_many_ask) {
  SandboxServer server({});
  const std::string intent = Shopper(server.port()).intent("headphones");
  in_parallel([&](int) { Shopper(server.port()).get("/intents/" + intent + "/offers"); });
  EXPECT_EQ(Shopper(server.port()).get("/intents/" + intent).json().at("offer_count"), 2);
}

TEST(Concurrency, stopping_under_load_ends_every_connection) {
  auto server = std::make_unique<SandboxServer>(SandboxServer::Options{});
  const int port = server->port();
  std::atomic<int> running = 0;
  std::atomic<int> ended = 0;
  std::thread load([&] {
    in_parallel([&](int) {
      try {
        Shopper shopper(port);
        for (;;) {
          shopper.get("/health");
          ++running;
        }
      } catch (const std::exception&) {
        ++ended;
      }
    });
  });
  while (running < 100) std::this_thread::yield();
  server->stop();
  load.join();
  EXPECT_EQ(ended, kThreads);
}

TEST(Concurrency, two_sandboxes_may_share_a_file) {
  const std::string path = testing::TempDir() + "/shared-sandbox-" +
                           std::to_string(testing::UnitTest::GetInstance()->random_seed()) + "-" +
                           std::to_string(::getpid()) + ".db";
  SandboxServer::Options options;
  options.db_path = path;
  {
    SandboxServer one(options);
    SandboxServer two(options);
    in_parallel([&](int i) {
      Shopper shopper(i % 2 == 0 ? one.port() : two.port());
      for (int n = 0; n < 3; ++n) shopper.order("merchant-a", kEarbudsA);
    });
    EXPECT_EQ(Shopper(one.port()).get("/orders").json().at("total"), 3 * kThreads);
    EXPECT_EQ(Shopper(two.port()).get("/orders").json().at("total"), 3 * kThreads);
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace cartpilot::sandbox
