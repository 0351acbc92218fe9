// Cases 61, 62 and 64: killed processes, torn files and broken disks. The numbers are those of
// docs/purchases.md.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "faulty_disk.h"
#include "gate_world.h"
#include "loopback_shop.h"
#include "temporary_folder.h"

extern char** environ;

namespace cartpilot::purchase {
namespace {

using enum AttemptState;

/// True when the child came to its end, false when it was killed.
bool lives(const std::string& mode, const std::filesystem::path& state, const std::string& url,
           int point, std::int64_t passed_ms) {
  const std::string path = state.string();
  const std::string fatal = std::to_string(point);
  const std::string passed = std::to_string(passed_ms);
  const char* words[] = {CARTPILOT_BUY_AND_DIE, mode.c_str(),   path.c_str(), url.c_str(),
                         fatal.c_str(),         passed.c_str(), nullptr};
  posix_spawn_file_actions_t quiet;
  ::posix_spawn_file_actions_init(&quiet);
  ::posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, words[0], &quiet, nullptr, const_cast<char* const*>(words), environ);
  ::posix_spawn_file_actions_destroy(&quiet);
  EXPECT_EQ(failed, 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return false;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return true;
}

TEST(PurchaseCase, case_61_a_process_killed_at_any_write_or_request_buys_once_and_knows_it) {
  int points = 0;
  int bought = 0;
  for (bool ended = false; !ended;) {
    LoopbackShop shop;
    const TemporaryFolder folder;
    const auto state = folder.path() / "state.db";
    ended = lives("buy", state, shop.url(), ++points, 0);
    // The next start, and one that is killed in its turn.
    lives("resume", state, shop.url(), points % 23 + 1, 20'000);
    ASSERT_TRUE(lives("resume", state, shop.url(), 0, 60'000));

    const std::size_t orders =
        shop.with_fake([](FakeCartPilot& fake) { return fake.orders().size(); });
    ASSERT_LE(orders, 1U) << "killed at point " << points;
    bought += static_cast<int>(orders);
    store::StateDb db(state);
    const PurchaseJournal journal(db);
    EXPECT_EQ(journal.integrity_problem(), std::nullopt) << points;
    const auto attempts = journal.list();
    const bool known = !attempts.empty() && attempts.front().state == kDone;
    EXPECT_EQ(known, orders == 1) << "killed at point " << points;
    EXPECT_TRUE(journal.unfinished().empty()) << points;
  }
  EXPECT_GT(points, 60);
  EXPECT_GT(bought, 5);
  RecordProperty("points", points);
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// Attempt and state of every event, oldest first.
std::vector<std::string> story_of(const PurchaseJournal& journal) {
  std::vector<std::string> story;
  for (const Attempt& attempt : journal.list()) {
    for (const AttemptEvent& event : journal.events(attempt.id)) {
      story.push_back(std::to_string(event.seq) + " " + attempt.id + " " +
                      std::string(attempt_state_name(event.state)));
    }
  }
  std::sort(story.begin(), story.end());
  return story;
}

/// What damage may do: the file is refused, the record is distrusted, or it is a whole earlier one.
bool is_harmless(const std::filesystem::path& state, const std::vector<std::string>& whole) {
  try {
    store::StateDb db(state);
    const PurchaseJournal journal(db);
    if (journal.integrity_problem()) return true;
    for (const std::string& event : story_of(journal)) {
      if (std::find(whole.begin(), whole.end(), event) == whole.end()) return false;
    }
    return true;
  } catch (const Error&) {
    return true;
  }
}

/// A state with one purchase, as a power cut would leave it: database and write-ahead log.
struct Left {
  std::string database;
  std::string log;
  std::vector<std::string> story;
};

Left one_purchase() {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  GateWorld world(parse_policy("ask", ""), state);
  const std::string id = world.prepare();
  world.approve(id);
  world.confirm(id);
  return {bytes_of(state), bytes_of(state.string() + "-wal"), story_of(world.journal)};
}

TEST(PurchaseCase, case_62_a_torn_zeroed_or_flipped_record_is_never_a_wrong_one) {
  const Left left = one_purchase();
  ASSERT_EQ(left.story.size(), 5U);
  ASSERT_GT(left.log.size(), 4096U);
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  int checked = 0;
  const auto check = [&](const std::string& database, const std::string& log, const char* what,
                         std::size_t at) {
    std::filesystem::remove(state.string() + "-shm");
    std::filesystem::remove(state.string() + ".head");
    put(state, database);
    put(state.string() + "-wal", log);
    EXPECT_TRUE(is_harmless(state, left.story)) << what << " " << at;
    ++checked;
  };
  // The log is torn at every byte of its last frame, and everywhere else in steps.
  const std::size_t last = left.log.size() - 4120;
  for (std::size_t at = 0; at < left.log.size(); at += at < last ? 307 : 1) {
    check(left.database, left.log.substr(0, at), "torn at", at);
  }
  // Zeroed from a place to the end, as a file system leaves blocks that never arrived.
  for (std::size_t at = 0; at < left.log.size(); at += 4099) {
    std::string zeroed = left.log;
    std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(at), zeroed.end(), '\0');
    check(left.database, zeroed, "zeroed from", at);
  }
  // One bit flipped, in the log and then in a database that has taken the log in.
  for (std::size_t at = 0; at < left.log.size(); at += 139) {
    std::string flipped = left.log;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    check(left.database, flipped, "flipped in the log at", at);
  }
  put(state, left.database);
  put(state.string() + "-wal", left.log);
  { store::StateDb taken(state); }  // closing takes the log in
  const std::string whole = bytes_of(state);
  ASSERT_GT(whole.size(), left.database.size());
  for (std::size_t at = 0; at < whole.size(); at += 67) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    check(flipped, "", "flipped in the database at", at);
  }
  EXPECT_GT(checked, 5'000);
}

TEST(PurchaseCase, case_64_no_request_leaves_without_its_record_whichever_write_fails) {
  for (const auto failure : {FaultyDisk::Failure::kOnce, FaultyDisk::Failure::kFromThenOn}) {
    int bought = 0;
    int fired = 0;
    for (int nth = 1;; ++nth) {
      const TemporaryFolder folder;
      const auto state = folder.path() / "state.db";
      FaultyDisk disk;
      disk.fail(nth, failure);
      int confirms = 0;
      std::size_t orders = 0;
      std::optional<PurchaseReport> report;
      try {
        GateWorld world(parse_policy("ask", ""), state);
        // The rule itself, looked at from outside while the request is on its way.
        world.server.before("confirm", 0,
                            [&] { EXPECT_FALSE(world.journal.unfinished().empty()) << nth; });
        try {
          const std::string id = world.prepare();
          if (!id.empty()) {
            world.approve(id);
            world.confirm(id);
          }
        } catch (const Error&) {  // a write that could not be noted: the router tells the model
        }
        report = world.gate->last_report();
        confirms = world.server.count("confirm");
        orders = world.server.orders().size();
      } catch (const Error&) {  // the database could not be opened
      }
      const bool failed = disk.failed();
      disk.heal();
      store::StateDb db(state);
      const PurchaseJournal journal(db);
      EXPECT_EQ(journal.integrity_problem(), std::nullopt) << nth;
      const auto attempts = journal.list();
      if (confirms > 0) {
        const auto sent = std::count_if(attempts.begin(), attempts.end(), [](const Attempt& one) {
          return one.state == kConfirmSent || one.state == kDone;
        });
        EXPECT_EQ(sent, 1) << nth;
      } else {  // a record without a request is the safe side: the next start looks into it
        for (const Attempt& attempt : attempts) EXPECT_NE(attempt.state, kDone) << nth;
      }
      if (report && report->outcome != PurchaseOutcome::kUnknown) {
        EXPECT_EQ(orders, report->outcome == PurchaseOutcome::kDone ? 1U : 0U) << nth;
      }
      bought += static_cast<int>(orders);
      if (!failed) break;
      ++fired;
    }
    EXPECT_GT(fired, 20);
    EXPECT_GE(bought, 1);
  }
}

}  // namespace
}  // namespace cartpilot::purchase
