#include "base/clock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <time.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/deadline_context.h"
#include "base/wait.h"

namespace cartpilot::base {
namespace {

using std::chrono::milliseconds;

/// Cancelled after it was looked at so often.
class Impatient final : public CallContext {
 public:
  explicit Impatient(int looks) : looks_(looks) {}
  bool cancelled() const noexcept override { return looks_-- <= 0; }

 private:
  mutable int looks_;
};

class WithDeadline final : public CallContext {
 public:
  explicit WithDeadline(std::int64_t deadline) : deadline_(deadline) {}
  std::int64_t deadline_unix_ms() const noexcept override { return deadline_; }

 private:
  std::int64_t deadline_;
};

TEST(Clock, reads_the_clocks_of_the_system) {
  const std::int64_t before = ::time(nullptr);
  const std::int64_t now = unix_ms_now();
  EXPECT_GE(now / 1000, before);
  EXPECT_LE(now / 1000, ::time(nullptr));
  EXPECT_LE(std::chrono::floor<milliseconds>(system_now()).time_since_epoch().count() - now, 1000);

  timespec boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  EXPECT_GE(time_since_boot() / std::chrono::seconds(1), boot.tv_sec);
  EXPECT_LE(time_since_boot() / std::chrono::seconds(1), boot.tv_sec + 1);
  const SteadyTime first = steady_now();
  EXPECT_LE(first, steady_now());
}

TEST(WaitUnlessCancelled, sleeps_for_the_whole_length_in_short_slices) {
  milliseconds slept{0};
  EXPECT_TRUE(wait_unless_cancelled(milliseconds(50), CallContext(), [&](milliseconds length) {
    EXPECT_LE(length, milliseconds(20));
    slept += length;
  }));
  EXPECT_EQ(slept, milliseconds(50));
}

TEST(WaitUnlessCancelled, ends_at_the_look_that_finds_it_cancelled) {
  milliseconds slept{0};
  const auto sleep = [&](milliseconds length) { slept += length; };
  EXPECT_FALSE(wait_unless_cancelled(milliseconds(1'000), Impatient(3), sleep));
  EXPECT_EQ(slept, milliseconds(60));
  slept = milliseconds(0);
  EXPECT_FALSE(wait_unless_cancelled(milliseconds(1'000), Impatient(0), sleep));
  EXPECT_EQ(slept, milliseconds(0));
}

TEST(WaitUnlessCancelled, sleeps_by_itself) {
  const SteadyTime begin = steady_now();
  EXPECT_TRUE(wait_unless_cancelled(milliseconds(30), CallContext()));
  EXPECT_GE(steady_now() - begin, milliseconds(30));
}

TEST(DeadlineContext, takes_the_earlier_deadline_and_passes_on_the_rest) {
  const std::int64_t now = unix_ms_now();
  const CallContext none;
  const DeadlineContext own(none, milliseconds(5'000));
  EXPECT_GE(own.deadline_unix_ms(), now + 5'000);
  EXPECT_LE(own.deadline_unix_ms(), unix_ms_now() + 5'000);
  const WithDeadline early(now + 1'000);
  EXPECT_EQ(DeadlineContext(early, milliseconds(5'000)).deadline_unix_ms(), now + 1'000);
  const WithDeadline late(now + 60'000);
  EXPECT_LT(DeadlineContext(late, milliseconds(5'000)).deadline_unix_ms(), now + 60'000);
  EXPECT_FALSE(own.cancelled());
  const Impatient stopped(0);
  EXPECT_TRUE(DeadlineContext(stopped, milliseconds(5'000)).cancelled());
}

// The kit for plugin authors (core/src/testing) is installed without core/src/base.
TEST(Sources, read_the_time_and_randomness_in_base_only) {
  constexpr const char* kSearch =
      "cd " CARTPILOT_SOURCES
      " && grep -rnE '[cC]lock::now|random_device|getrandom|getentropy|clock_gettime|"
      "gettimeofday|[^_a-z]time\\((nullptr|NULL|0)\\)' core/src host --include=*.cpp --include=*.h"
      " | grep -vE '^core/src/(base|testing)/'";
  FILE* const search = ::popen(kSearch, "r");
  ASSERT_NE(search, nullptr);
  std::string found;
  std::array<char, 4096> block{};
  while (std::fgets(block.data(), block.size(), search) != nullptr) found += block.data();
  const int status = ::pclose(search);
  EXPECT_EQ(found, "");
  EXPECT_EQ(WEXITSTATUS(status), 1) << "the search itself failed";
}

}  // namespace
}  // namespace cartpilot::base
