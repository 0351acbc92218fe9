#include "page/pairings.h"
#include "fakes/store/test_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using Redeemed = Pairings::Redeemed;

struct Desk {
  std::int64_t now = 1'000'000;
  store::StateDb db{store::open_test_state()};
  Pairings pairings{db, [this] { return now; }};
};

/// An owner that ran on this machine and has ended.
void disown(store::StateDb& db, const std::string& table) {
  db.run("UPDATE " + table + " SET owner = '0000 0000 1 1'");
}

TEST(PairingCode, has_eight_letters_and_pairs_one_browser) {
  Desk desk;
  const Pairings::Code code = desk.pairings.draw();
  EXPECT_THAT(code.text, MatchesRegex("[a-z]{4}-[a-z]{4}"));
  EXPECT_EQ(desk.pairings.state_of(code.id), PairingState::kOpen);
  EXPECT_EQ(desk.pairings.redeem(code.text), Redeemed::kPaired);
  EXPECT_EQ(desk.pairings.state_of(code.id), PairingState::kUsed);
  EXPECT_EQ(desk.pairings.redeem(code.text), Redeemed::kNoCode);
}

TEST(PairingCode, is_typed_in_any_case_with_blanks_and_hyphens) {
  Desk desk;
  std::string typed = " " + desk.pairings.draw().text + " ";
  for (char& c : typed) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(desk.pairings.redeem(typed), Redeemed::kPaired);
}

TEST(PairingCode, is_guessed_five_times_and_no_more) {
  Desk desk;
  const Pairings::Code code = desk.pairings.draw();
  for (int i = 0; i < kPairingTries; ++i) {
    EXPECT_EQ(desk.pairings.redeem("aaaa-aaa1"), Redeemed::kWrong);
  }
  EXPECT_EQ(desk.pairings.state_of(code.id), PairingState::kOver);
  EXPECT_EQ(desk.pairings.redeem(code.text), Redeemed::kNoCode);
}

TEST(PairingCode, pairs_at_the_fifth_try) {
  Desk desk;
  const Pairings::Code code = desk.pairings.draw();
  for (int i = 1; i < kPairingTries; ++i) desk.pairings.redeem("");
  EXPECT_EQ(desk.pairings.redeem(code.text), Redeemed::kPaired);
}

TEST(PairingCode, is_over_after_five_minutes) {
  Desk desk;
  const Pairings::Code code = desk.pairings.draw();
  desk.now += kPairingLifetimeMs - 1;
  EXPECT_EQ(desk.pairings.state_of(code.id), PairingState::kOpen);
  desk.now += 1;
  EXPECT_EQ(desk.pairings.state_of(code.id), PairingState::kOver);
  EXPECT_EQ(desk.pairings.redeem(code.text), Redeemed::kNoCode);
}

TEST(PairingCode, is_over_when_another_is_drawn_or_it_is_revoked) {
  Desk desk;
  const Pairings::Code first = desk.pairings.draw();
  const Pairings::Code second = desk.pairings.draw();
  EXPECT_EQ(desk.pairings.state_of(first.id), PairingState::kOver);
  EXPECT_EQ(desk.pairings.redeem(first.text), Redeemed::kWrong);
  desk.pairings.revoke(second.id);
  EXPECT_EQ(desk.pairings.redeem(second.text), Redeemed::kNoCode);
}

TEST(PairingCode, ends_with_the_program_that_shows_it) {
  Desk desk;
  const Pairings::Code code = desk.pairings.draw();
  disown(desk.db, "pairing_codes");
  EXPECT_EQ(desk.pairings.redeem(code.text), Redeemed::kNoCode);
}

TEST(PairingCode, is_not_in_the_database) {
  Desk desk;
  const Pairings::Code code = desk.pairings.draw();
  const auto select =
      desk.db.prepared("SELECT count(*) FROM pairing_codes WHERE digest LIKE ? OR salt LIKE ?");
  select->bind(1, "%" + code.text.substr(0, 4) + "%");
  select->bind(2, "%" + code.text.substr(0, 4) + "%");
  ASSERT_TRUE(select->step());
  EXPECT_EQ(select->integer(0), 0);
}

TEST(ApprovalPages, are_those_whose_program_runs) {
  Desk desk;
  EXPECT_THAT(desk.pairings.pages(), IsEmpty());
  desk.pairings.announce("http://127.0.0.1:2/");
  desk.pairings.announce("http://127.0.0.1:1/");
  EXPECT_THAT(desk.pairings.pages(), ElementsAre("http://127.0.0.1:1/", "http://127.0.0.1:2/"));
  desk.pairings.withdraw("http://127.0.0.1:1/");
  EXPECT_THAT(desk.pairings.pages(), ElementsAre("http://127.0.0.1:2/"));
  disown(desk.db, "approval_pages");
  EXPECT_THAT(desk.pairings.pages(), IsEmpty());
}

}  // namespace
}  // namespace cartpilot::host
