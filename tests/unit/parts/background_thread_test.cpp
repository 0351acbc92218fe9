#include "parts/background_thread.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <csignal>
#include <utility>

namespace cartpilot::parts {
namespace {

cpu_set_t allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::pthread_getaffinity_np(::pthread_self(), sizeof set, &set), 0);
  return set;
}

TEST(BackgroundThread, is_joined_when_it_is_destroyed_or_replaced) {
  int done = 0;
  {
    BackgroundThread thread([&] { ++done; });
    thread = BackgroundThread([&] { done += 10; });
    BackgroundThread moved = std::move(thread);
    EXPECT_TRUE(moved.joinable());
    EXPECT_FALSE(thread.joinable());  // NOLINT: that is what moving promises
    thread.join();                    // has nothing to wait for
  }
  EXPECT_EQ(done, 11);
}

TEST(BackgroundThread, gets_no_signal_and_leaves_its_makers_mask_alone) {
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  sigset_t inside;
  BackgroundThread([&] { ::pthread_sigmask(SIG_BLOCK, nullptr, &inside); }).join();
  sigset_t after;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGWINCH}) {
    EXPECT_EQ(sigismember(&inside, signal), 1) << signal;
    EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal)) << signal;
  }
}

TEST(BackgroundThread, begins_on_another_processor_and_may_run_on_all) {
  constexpr int kThreads = 20;
  const cpu_set_t allowed = allowed_processors();
  int elsewhere = 0;
  for (int i = 0; i < kThreads; ++i) {
    const int here = ::sched_getcpu();
    int there = -1;
    cpu_set_t inside;
    BackgroundThread([&] {
      there = ::sched_getcpu();
      inside = allowed_processors();
    }).join();
    EXPECT_NE(CPU_EQUAL(&inside, &allowed), 0);
    if (there != here) ++elsewhere;
  }
  // The maker itself may be moved between looking and making, so not all need differ.
  if (CPU_COUNT(&allowed) > 1) {
    EXPECT_GT(elsewhere, kThreads / 2);
  }
}

TEST(BackgroundThread, runs_where_only_one_processor_may_be_used) {
  const cpu_set_t allowed = allowed_processors();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
  ASSERT_EQ(::pthread_setaffinity_np(::pthread_self(), sizeof one, &one), 0);
  bool ran = false;
  cpu_set_t inside;
  BackgroundThread([&] {
    ran = true;
    inside = allowed_processors();
  }).join();
  ::pthread_setaffinity_np(::pthread_self(), sizeof allowed, &allowed);
  EXPECT_TRUE(ran);
  EXPECT_NE(CPU_EQUAL(&inside, &one), 0);
}

}  // namespace
}  // namespace cartpilot::parts
