#include "serve/event_log.h"

#include <gtest/gtest.h>

#include <thread>

namespace cartpilot::host {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> texts(const EventLog::Slice& slice) {
  std::vector<std::string> texts;
  for (const EventLog::Entry& entry : slice.entries) texts.push_back(*entry.json);
  return texts;
}

TEST(EventLog, gives_what_came_after_a_number) {
  EventLog log;
  const std::int64_t begin = log.last();
  const std::int64_t first = log.append({{"a", 1}});
  log.append({{"a", 2}});
  EXPECT_EQ(first, begin + 1);
  EXPECT_EQ(texts(log.wait(begin, milliseconds(0))),
            (std::vector<std::string>{R"({"a":1})", R"({"a":2})"}));
  const EventLog::Slice rest = log.wait(first, milliseconds(0));
  EXPECT_EQ(texts(rest), (std::vector<std::string>{R"({"a":2})"}));
  EXPECT_EQ(rest.entries.front().id, first + 1);
  EXPECT_TRUE(log.wait(log.last(), milliseconds(0)).entries.empty());
}

TEST(EventLog, says_when_what_is_wanted_is_not_kept) {
  EventLog log;
  const std::int64_t begin = log.last();
  for (std::size_t i = 0; i <= kMaxKeptEvents; ++i) log.append({{"i", i}});
  EXPECT_TRUE(log.wait(begin, milliseconds(0)).lost);
  const EventLog::Slice kept = log.wait(begin + 1, milliseconds(0));
  EXPECT_FALSE(kept.lost);
  EXPECT_EQ(kept.entries.size(), kMaxKeptEvents);
  EXPECT_TRUE(log.wait(log.last() + 1, milliseconds(0)).lost) << "a number of another process";
  EXPECT_TRUE(log.wait(7, milliseconds(0)).lost);
}

TEST(EventLog, keeps_so_many_bytes_and_always_the_latest) {
  EventLog log;
  const Json large = {{"text", std::string(kMaxKeptBytes / 2, 'x')}};
  for (int i = 0; i < 4; ++i) log.append(large);
  EXPECT_EQ(log.wait(log.last() - 1, milliseconds(0)).entries.size(), 1u);
  EXPECT_TRUE(log.wait(log.last() - 2, milliseconds(0)).lost);
}

TEST(EventLog, forgets_what_is_stored_elsewhere) {
  EventLog log;
  const std::int64_t begin = log.last();
  log.append({{"a", 1}});
  const std::int64_t second = log.append({{"a", 2}});
  log.append({{"a", 3}});
  log.forget(second);
  EXPECT_TRUE(log.wait(begin, milliseconds(0)).lost);
  EXPECT_TRUE(log.wait(second - 1, milliseconds(0)).lost);
  EXPECT_EQ(texts(log.wait(second, milliseconds(0))), (std::vector<std::string>{R"({"a":3})"}));
  log.forget(log.last());
  EXPECT_FALSE(log.wait(log.last(), milliseconds(0)).lost);
}

TEST(EventLog, a_wait_ends_with_the_next_event_or_the_end) {
  EventLog log;
  const std::int64_t begin = log.last();
  std::thread writer([&] { log.append({{"a", 1}}); });
  EXPECT_EQ(log.wait(begin, std::chrono::minutes(1)).entries.size(), 1u);
  writer.join();
  std::thread closer([&] { log.close(); });
  const EventLog::Slice last = log.wait(log.last(), std::chrono::minutes(1));
  closer.join();
  EXPECT_TRUE(last.closed);
  EXPECT_TRUE(last.entries.empty());
}

}  // namespace
}  // namespace cartpilot::host
