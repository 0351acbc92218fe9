// A name lookup that hangs: getaddrinfo() cannot be interrupted, its caller can leave.
//
// This program's getaddrinfo() stands in for the C library's, libcurl's calls included.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "net/http_client.h"
#include "recorder.h"

namespace {

constexpr const char* kHanging = "hanging.example";

/// Lookups of kHanging wait until the end of a test.
struct Lookups {
  std::mutex mutex;
  std::condition_variable changed;
  int begun = 0;
  int ended = 0;
  bool released = false;
} lookups;

}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** result) {
  if (name != nullptr && std::string(name) == kHanging) {
    std::unique_lock lock(lookups.mutex);
    ++lookups.begun;
    lookups.changed.notify_all();
    lookups.changed.wait(lock, [] { return lookups.released; });
    ++lookups.ended;
    lookups.changed.notify_all();
    return EAI_FAIL;
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(name, service, hints, result);
}

namespace cartpilot::net {
namespace {

class NameLookup : public testing::Test {
 protected:
  NameLookup() {
    const std::lock_guard lock(lookups.mutex);
    lookups.begun = lookups.ended = 0;
    lookups.released = false;
  }
  ~NameLookup() override {  // no lookup outlives its test
    std::unique_lock lock(lookups.mutex);
    lookups.released = true;
    lookups.changed.notify_all();
    lookups.changed.wait(lock, [] { return lookups.ended == lookups.begun; });
  }

  HttpRequest request = post(std::string("https://") + kHanging + "/");
};

TEST_F(NameLookup, that_hangs_is_left_when_the_call_is_cancelled) {
  Cancellable context;
  std::thread canceller([&context] {
    std::unique_lock lock(lookups.mutex);
    lookups.changed.wait(lock, [] { return lookups.begun > 0; });
    context.cancel();
  });
  {
    HttpClient client({false, "cartpilot"});
    EXPECT_EQ(failure_of([&] { fetch(client, request, context); }),
              (Failure{ErrorCode::kCancelled, ""}));
  }
  canceller.join();
  const std::lock_guard lock(lookups.mutex);
  EXPECT_EQ(lookups.ended, 0) << "the client has waited for it";
}

TEST_F(NameLookup, that_hangs_ends_at_the_limits) {
  HttpClient client({false, "cartpilot"});
  request.connect_timeout_ms = 30;
  EXPECT_EQ(failure_of([&] { fetch(client, request, CallContext()); }),
            (Failure{ErrorCode::kDeadline, "connect_timeout", true}));
  request.connect_timeout_ms = 60'000;
  request.total_timeout_ms = 30;
  EXPECT_EQ(failure_of([&] { fetch(client, request, CallContext()); }),
            (Failure{ErrorCode::kDeadline, "total_timeout"}));
  const std::lock_guard lock(lookups.mutex);
  EXPECT_EQ(lookups.ended, 0) << "the client has waited for it";
}

TEST_F(NameLookup, is_not_made_for_this_machine) {
  HttpClient client({false, "cartpilot"});
  // Nobody listens on port 1; what matters is that it is this machine's.
  EXPECT_EQ(failure_of([&] { fetch(client, get("http://localhost:1/"), CallContext()); }).reason,
            "connect");
}

}  // namespace
}  // namespace cartpilot::net
