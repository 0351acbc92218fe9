#include "app/request_limit.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "cartpilot/error.h"

namespace cartpilot::app {
namespace {

/// Counts what goes out.
struct CountingTransport final : HttpTransport {
  void send(const HttpRequest& request, HttpSink&, const CallContext&) override {
    ++(request.method == "GET" ? looked_up : asked);
  }
  std::atomic<int> asked{0};
  std::atomic<int> looked_up{0};
};

struct NoSink final : HttpSink {
  void on_head(const HttpHead&) override {}
  bool on_event(const HttpEvent&) override { return true; }
};

HttpRequest request_with(const std::string& method) {
  HttpRequest request;
  request.method = method;
  request.url = "https://vendor.example/v1";
  return request;
}

TEST(RequestLimit, lets_so_many_through_and_refuses_the_next_without_sending_it) {
  CountingTransport wire;
  RequestLimit limited(wire, 2);
  NoSink sink;
  limited.send(request_with("POST"), sink, CallContext());
  limited.send(request_with("GET"), sink, CallContext());
  limited.send(request_with("POST"), sink, CallContext());
  for (int i = 0; i < 3; ++i) {
    try {
      limited.send(request_with("POST"), sink, CallContext());
      FAIL() << "sent";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kRateLimited);
      EXPECT_EQ(error.reason, "request_limit");
      EXPECT_FALSE(error.retryable);
      EXPECT_STREQ(error.what(), "the limit of 2 model requests in this run is reached");
    }
  }
  limited.send(request_with("GET"), sink, CallContext());
  EXPECT_EQ(wire.asked, 2);
  EXPECT_EQ(wire.looked_up, 2);
}

TEST(RequestLimit, counts_across_threads) {
  CountingTransport wire;
  RequestLimit limited(wire, 25);
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      NoSink sink;
      for (int j = 0; j < 10; ++j) {
        try {
          limited.send(request_with("POST"), sink, CallContext());
        } catch (const Error&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wire.asked, 25);
  EXPECT_EQ(refused, 15);
}

}  // namespace
}  // namespace cartpilot::app
