#include "purchase/handovers.h"

#include "base/random.h"

namespace cartpilot::purchase {
namespace {

constexpr std::size_t kTokenBytes = 16;
constexpr std::int64_t kLifetimeMs = 10'000;

constexpr const char* kHandoverTables[] = {
    "CREATE TABLE IF NOT EXISTS purchase_handovers (attempt TEXT PRIMARY KEY, token TEXT NOT "
    "NULL, sends INTEGER NOT NULL, left_ms INTEGER NOT NULL) WITHOUT ROWID",
};
constexpr store::TableSet kHandoverTableSet{"purchase_handovers", 1, kHandoverTables};

}  // namespace

ConfirmHandovers::ConfirmHandovers(store::StateDb& db, const PurchaseJournal& journal)
    : db_(db), journal_(journal) {
  db_.create_tables(kHandoverTableSet);
}

std::string ConfirmHandovers::leave(const Attempt& attempt) {
  const std::string token = base::random_hex(kTokenBytes);
  db_.durable([&] {
    const auto insert = db_.prepared(
        "INSERT INTO purchase_handovers VALUES (?, ?, ?, ?) ON CONFLICT (attempt) DO UPDATE SET "
        "token = excluded.token, sends = excluded.sends, left_ms = excluded.left_ms");
    insert->bind_all(attempt.id, token, attempt.sends, journal_.now_unix_ms());
    insert->exec();
  });
  return token;
}

std::optional<Attempt> ConfirmHandovers::take(const std::string& attempt,
                                              const std::string& token) {
  std::optional<Attempt> taken;
  db_.durable([&] {
    std::int64_t sends = 0;
    std::int64_t left_ms = 0;
    {
      const auto select = db_.prepared(
          "SELECT sends, left_ms FROM purchase_handovers WHERE attempt = ? AND token = ?");
      select->bind_all(attempt, token);
      if (!select->step()) return;
      sends = select->integer(0);
      left_ms = select->integer(1);
    }
    remove(attempt, token);
    const std::int64_t age = journal_.now_unix_ms() - left_ms;
    if (age < 0 || age > kLifetimeMs) return;
    taken = journal_.find(attempt);
    // Another process may have looked into it, or sent it again, meanwhile.
    if (taken && (taken->state != AttemptState::kConfirmSent || taken->sends != sends)) {
      taken.reset();
    }
  });
  return taken;
}

bool ConfirmHandovers::revoke(const std::string& attempt) {
  bool untaken = false;
  db_.durable([&] {
    const auto erase = db_.prepared("DELETE FROM purchase_handovers WHERE attempt = ?");
    erase->bind(1, attempt);
    untaken = erase->exec() > 0;
  });
  return untaken;
}

bool ConfirmHandovers::remove(const std::string& attempt, const std::string& token) {
  const auto erase = db_.prepared("DELETE FROM purchase_handovers WHERE attempt = ? AND token = ?");
  erase->bind_all(attempt, token);
  return erase->exec() > 0;
}

}  // namespace cartpilot::purchase
