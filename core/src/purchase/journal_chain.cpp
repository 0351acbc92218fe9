// The part of PurchaseJournal about its chain: whether it is whole, and what its last link is.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cartpilot/error.h"
#include "purchase/attempt_record.h"
#include "purchase/chain_head.h"
#include "purchase/journal.h"

namespace cartpilot::purchase {

namespace {

constexpr std::int64_t kGapCountsMs = 24LL * 60 * 60 * 1000;

/// What became of the last event that was noted: nullptr when it is there, or when its record was
/// put aside by a person since.
const char* what_is_lost(store::StateDb& db, const std::optional<ChainHead>& noted,
                         std::int64_t record) {
  if (!noted || noted->record < record) return nullptr;
  const auto select = db.prepared("SELECT hash FROM purchase_events WHERE seq = ?");
  select->bind(1, noted->seq);
  if (!select->step()) return "missing";
  return noted->record == record && select->text(0) == noted->hash ? nullptr : "another";
}

}  // namespace

/// As StateDb::durable(); the last event is then noted beside the database, after the commit, so
/// that the note is never ahead of the record.
void PurchaseJournal::durable(const std::function<void()>& work) {
  appended_ = false;
  db_.durable(work);
  if (appended_) note_newest_event();
}

/// What is noted is read under the lock: another program may have appended and noted a later event
/// since this one committed.
void PurchaseJournal::note_newest_event() const noexcept {
  try {
    const ChainHeadLock lock(db_.note_place(), ChainHeadLock::Mode::kExclusive);
    ChainHead newest;
    db_.checked([&] { newest = head(); });
    note_chain_head(db_.note_place(), newest);
  } catch (const std::exception&) {  // NOLINT: a note that lags is as good as none
  }
}

ChainHead PurchaseJournal::newest_event() const {
  const auto newest =
      db_.prepared("SELECT seq, hash FROM purchase_events ORDER BY seq DESC LIMIT 1");
  if (!newest->step()) return {};
  return {newest->integer(0), newest->text(1)};
}

/// As it is noted.
ChainHead PurchaseJournal::head() const {
  ChainHead newest = newest_event();
  const auto records = db_.prepared("SELECT coalesce(max(number), 0) FROM purchase_records");
  if (records->step()) newest.record = records->integer(0);
  return newest;
}

std::optional<std::int64_t> PurchaseJournal::verify() const {
  std::optional<std::int64_t> bad;
  db_.snapshot([&] { bad = first_broken_event(db_); });
  return bad;
}

std::optional<std::string> PurchaseJournal::integrity_problem() const {
  // Note and record are looked at together: between the two nobody starts a new record.
  const ChainHeadLock lock(db_.note_place(), ChainHeadLock::Mode::kShared);
  const auto noted = noted_chain_head(db_.note_place());
  std::optional<std::string> problem;
  db_.snapshot([&] { problem = problem_now(noted); });
  return problem;
}

/// Inside a transaction of the caller.
std::optional<std::string> PurchaseJournal::problem_now(
    const std::optional<ChainHead>& noted) const {
  const std::string remedy = "nothing is bought until that is cleared up: " + db_.restore_advice();
  try {
    std::optional<std::int64_t> broken;
    const char* lost = nullptr;
    db_.contained([&] {
      broken = first_broken_event(db_);
      lost = what_is_lost(db_, noted, head().record);
    });
    if (broken) {
      return fmt::format("the record of purchases was altered at event {}; {}", *broken, remedy);
    }
    if (lost == nullptr) return std::nullopt;
    return fmt::format(
        "the record of purchases is not the one of the last purchase (event {} is "
        "{}): it was deleted or replaced by an older copy; {}",
        noted->seq, lost, remedy);
  } catch (const Error& error) {
    // These say nothing about the record.
    for (const char* reason : {"busy", "disk", "connection"}) {
      if (error.reason == reason) throw;
    }
    return fmt::format("the record of purchases cannot be read ({}); {}", error.what(), remedy);
  }
}

std::optional<std::string> PurchaseJournal::start_anew() {
  const ChainHeadLock lock(db_.note_place(), ChainHeadLock::Mode::kExclusive);
  const auto noted = noted_chain_head(db_.note_place());
  std::optional<std::string> aside;
  ChainHead newest;
  db_.durable([&] {
    if (!problem_now(noted)) return;
    aside = fmt::format("purchase_events_until_{}", unix_ms_());
    const ChainHead before = head();
    if (what_is_lost(db_, noted, before.record) != nullptr) {
      const auto gap = db_.prepared(
          "INSERT INTO purchase_gaps (noted_seq, found_seq, time_ms) VALUES (?, ?, ?)");
      gap->bind_all(noted->seq, before.seq, unix_ms_());
      gap->exec();
    }
    // A note of an earlier record says nothing about this one, wherever it lies.
    const auto record = db_.prepared("INSERT INTO purchase_records VALUES (?, ?, ?)");
    record->bind_all(std::max(before.record, noted ? noted->record : 0) + 1, *aside, unix_ms_());
    record->exec();
    std::vector<Attempt> attempts = list();
    std::reverse(attempts.begin(), attempts.end());
    db_.run("DROP INDEX IF EXISTS purchase_events_by_attempt");
    db_.run(fmt::format("ALTER TABLE purchase_events RENAME TO {}", *aside));
    db_.make_missing(purchase_tables());
    for (const Attempt& attempt : attempts) append_event(attempt);
    newest = head();
  });
  if (aside) note_chain_head(db_.note_place(), newest);
  return aside;
}

std::optional<std::int64_t> PurchaseJournal::open_gap() const {
  std::optional<std::int64_t> since;
  db_.checked([&] {
    const auto select =
        db_.prepared("SELECT max(time_ms) FROM purchase_gaps WHERE resolved_ms = 0");
    if (select->step() && !select->is_null(0)) since = select->integer(0);
  });
  return since;
}

std::optional<std::string> PurchaseJournal::gap_against(const std::string& session) const {
  const auto since = open_gap();
  if (!since) return std::nullopt;
  bool touches = unix_ms_() - *since < kGapCountsMs;
  if (!touches) {
    db_.checked([&] {
      const auto older = db_.prepared(
          "SELECT min(created_ms) FROM purchase_checkouts WHERE session = ? AND created_ms < ?");
      older->bind_all(session, *since);
      touches = older->step() && !older->is_null(0);
    });
  }
  if (!touches) return std::nullopt;
  return "an older copy of the record of purchases took its place, so it is not known what was "
         "spent, and every limit counts as used up until a person has looked at the orders";
}

bool PurchaseJournal::resolve_gap() {
  bool resolved = false;
  db_.durable([&] {
    const auto update =
        db_.prepared("UPDATE purchase_gaps SET resolved_ms = ? WHERE resolved_ms = 0");
    update->bind(1, unix_ms_());
    resolved = update->exec() > 0;
  });
  return resolved;
}

}  // namespace cartpilot::purchase
