// What is unknown after an older copy of the record took its place.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/private_files.h"
#include "gate_world.h"
#include "purchase/chain_head.h"

namespace cartpilot::purchase {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kHourMs = 60LL * 60 * 1000;

/// A state whose record lost its last purchase, as when an older copy is restored.
struct Restored {
  Restored()
      : folder((std::filesystem::temp_directory_path() / "cartpilot-restored").string()),
        world(parse_policy("ask", ""), path()) {
    const std::string id = world.prepare();
    EXPECT_TRUE(world.approve(id).ok);
    EXPECT_TRUE(world.confirm(id).ok);
    noted = noted_chain_head(world.db.note_place());
    EXPECT_TRUE(noted.has_value());
    world.clock.passed_ms += 1000;
    forget();
  }
  void forget() {
    world.db.run("DELETE FROM purchase_events");
    world.db.run("DELETE FROM purchases");
  }
  std::filesystem::path path() const { return folder.path / "state.db"; }
  std::string buy() {
    world.restart(session);
    const std::string id = world.prepare("mug");
    const std::string asked = code_of(world.approve(id));
    return asked.empty() ? code_of(world.confirm(id)) : asked;
  }

  struct Folder {
    explicit Folder(const std::string& beginning) {
      std::string pattern = beginning + "-XXXXXX";
      path = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
  } folder;
  GateWorld world;
  std::optional<ChainHead> noted;
  std::string session = "session-1";
};

TEST(RestoredRecord, uses_up_every_limit_until_a_person_has_looked) {
  Restored restored;
  PurchaseJournal& journal = restored.world.journal;
  EXPECT_EQ(restored.buy(), "RECORD_DISTRUSTED");
  EXPECT_EQ(journal.open_gap(), std::nullopt);
  ASSERT_TRUE(journal.start_anew().has_value());
  EXPECT_EQ(journal.open_gap(), restored.world.clock.unix_ms());
  EXPECT_EQ(restored.buy(), "OVER_LIMIT");
  EXPECT_THAT(restored.world.gate->last_report()->message, HasSubstr("purchases resolve --gap"));
  EXPECT_EQ(restored.world.person.questions.size(), 1U) << "nobody is asked in vain";
  restored.session = "session-2";
  EXPECT_EQ(restored.buy(), "OVER_LIMIT");
  EXPECT_EQ(restored.world.server.orders().size(), 1U);
  EXPECT_TRUE(journal.resolve_gap());
  EXPECT_FALSE(journal.resolve_gap());
  EXPECT_EQ(journal.open_gap(), std::nullopt);
  EXPECT_EQ(restored.buy(), "");
  EXPECT_EQ(journal.integrity_problem(), std::nullopt);
}

TEST(RestoredRecord, is_looked_at_in_the_moment_of_the_send) {
  Restored restored;
  PurchaseJournal& journal = restored.world.journal;
  ASSERT_TRUE(journal.start_anew().has_value());
  Attempt attempt;
  attempt.id = "a1";
  attempt.session = "session-2";
  attempt.basket = "basket";
  attempt.total = {100, "USD"};
  journal.open(attempt);
  journal.advance("a1", AttemptState::kApproved);
  try {
    journal.begin_send("a1");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason, "limit");
  }
  journal.resolve_gap();
  EXPECT_EQ(journal.begin_send("a1").state, AttemptState::kConfirmSent);
}

TEST(RestoredRecord, counts_after_a_day_in_older_conversations_only) {
  Restored restored;
  ASSERT_TRUE(restored.world.journal.start_anew().has_value());
  const auto passes = [&](std::int64_t hours) {
    for (const char* column : {"purchase_gaps SET time_ms = time_ms",
                               "purchase_checkouts SET created_ms = created_ms"}) {
      restored.world.db.run(fmt::format("UPDATE {} - {}", column, hours * kHourMs));
    }
  };
  passes(23);
  restored.session = "session-2";
  EXPECT_EQ(restored.buy(), "OVER_LIMIT");
  restored.world.db.run("DELETE FROM purchase_checkouts WHERE session = 'session-2'");
  passes(2);
  EXPECT_EQ(restored.buy(), "");
  restored.session = "session-1";
  EXPECT_EQ(restored.buy(), "OVER_LIMIT");
}

TEST(RestoredRecord, that_was_altered_and_lost_nothing_leaves_no_gap) {
  GateWorld world(parse_policy("ask", ""), ":memory:");
  const std::string id = world.prepare();
  ASSERT_TRUE(world.approve(id).ok);
  ASSERT_TRUE(world.confirm(id).ok);
  world.db.run("UPDATE purchase_events SET note = 'x' WHERE seq = 1");
  ASSERT_TRUE(world.journal.start_anew().has_value());
  EXPECT_EQ(world.journal.open_gap(), std::nullopt);
  EXPECT_EQ(world.journal.start_anew(), std::nullopt) << "a whole record stays";
}

TEST(RestoredRecord, makes_notes_of_the_record_before_it_count_no_more) {
  Restored restored;
  PurchaseJournal& journal = restored.world.journal;
  ASSERT_TRUE(journal.start_anew().has_value());
  // As another machine has it, which did not start anew.
  note_chain_head(restored.world.db.note_place(), *restored.noted);
  EXPECT_EQ(journal.integrity_problem(), std::nullopt);
}

TEST(RestoredRecord, from_before_a_new_one_was_started_is_noticed) {
  Restored restored;
  PurchaseJournal& journal = restored.world.journal;
  ASSERT_TRUE(journal.start_anew().has_value());
  restored.world.clock.passed_ms += 1000;
  journal.resolve_gap();
  ASSERT_EQ(restored.buy(), "");
  restored.world.db.run("DELETE FROM purchase_records");
  EXPECT_THAT(journal.integrity_problem().value_or(""), HasSubstr("older copy"));
  ASSERT_TRUE(journal.start_anew().has_value());
  EXPECT_EQ(journal.integrity_problem(), std::nullopt);
  EXPECT_TRUE(journal.open_gap().has_value());
}

}  // namespace
}  // namespace cartpilot::purchase
