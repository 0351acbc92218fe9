#include "page/pairings.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "mcp/http_headers.h"
#include "purchase/question.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kSaltBytes = 16;

constexpr const char* kPairingTables[] = {
    "CREATE TABLE IF NOT EXISTS approval_pages (url TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT "
    "ROWID",
    "CREATE TABLE IF NOT EXISTS pairing_codes (id TEXT PRIMARY KEY, owner TEXT NOT NULL, salt TEXT "
    "NOT NULL, digest TEXT NOT NULL, expires_ms INTEGER NOT NULL, tries INTEGER NOT NULL, used "
    "INTEGER NOT NULL) WITHOUT ROWID",
};
constexpr store::TableSet kPairingTableSet{"pairings", 1, kPairingTables};

/// The letters of what was typed, in lower case.
std::string letters_of(std::string_view typed) {
  std::string letters;
  for (const char c : typed) {
    if (c == ' ' || c == '-' || c == '\t') continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

}  // namespace

Pairings::Pairings(store::StateDb& db, UnixClock now_unix_ms)
    : db_(db), now_(std::move(now_unix_ms)) {
  if (!now_) now_ = base::unix_ms_now;
  db_.create_tables(kPairingTableSet);
}

void Pairings::announce(const std::string& url) {
  db_.transaction([&] {
    const auto insert = db_.prepared(
        "INSERT INTO approval_pages VALUES (?, ?) ON CONFLICT (url) DO UPDATE SET owner = "
        "excluded.owner");
    insert->bind(1, url);
    insert->bind(2, db_.owner());
    insert->exec();
  });
}

void Pairings::withdraw(const std::string& url) {
  db_.transaction([&] {
    const auto remove = db_.prepared("DELETE FROM approval_pages WHERE url = ?");
    remove->bind(1, url);
    remove->exec();
  });
}

std::vector<std::string> Pairings::pages() {
  std::vector<std::string> open;
  std::vector<std::string> gone;
  db_.transaction([&] {
    {
      const auto select = db_.prepared("SELECT url, owner FROM approval_pages ORDER BY url");
      while (select->step()) {
        const bool runs = db_.owner_is_alive(select->text(1));
        (runs ? open : gone).push_back(select->text(0));
      }
    }
    for (const std::string& url : gone) {
      const auto remove = db_.prepared("DELETE FROM approval_pages WHERE url = ?");
      remove->bind(1, url);
      remove->exec();
    }
  });
  return open;
}

Pairings::Code Pairings::draw() {
  const std::string letters = purchase::draw_challenge() + purchase::draw_challenge();
  const Code code{base::random_hex(kIdBytes), letters.substr(0, 4) + "-" + letters.substr(4)};
  const std::string salt = base::random_hex(kSaltBytes);
  db_.transaction([&] {
    db_.run("DELETE FROM pairing_codes");
    const auto insert = db_.prepared("INSERT INTO pairing_codes VALUES (?, ?, ?, ?, ?, ?, 0)");
    insert->bind(1, code.id);
    insert->bind(2, db_.owner());
    insert->bind(3, salt);
    insert->bind(4, base::hmac_sha256_hex(salt, letters));
    insert->bind(5, now_() + kPairingLifetimeMs);
    insert->bind(6, kPairingTries);
    insert->exec();
  });
  return code;
}

PairingState Pairings::state_of(const std::string& id) {
  PairingState state = PairingState::kOver;
  db_.checked([&] {
    const auto select =
        db_.prepared("SELECT used, tries, expires_ms FROM pairing_codes WHERE id = ?");
    select->bind(1, id);
    if (!select->step()) return;
    if (select->integer(0) != 0) {
      state = PairingState::kUsed;
    } else if (select->integer(1) > 0 && now_() < select->integer(2)) {
      state = PairingState::kOpen;
    }
  });
  return state;
}

void Pairings::revoke(const std::string& id) {
  db_.transaction([&] {
    const auto remove = db_.prepared("DELETE FROM pairing_codes WHERE id = ?");
    remove->bind(1, id);
    remove->exec();
  });
}

Pairings::Redeemed Pairings::redeem(std::string_view typed) {
  Redeemed result = Redeemed::kNoCode;
  db_.durable([&] {
    std::string id;
    bool right = false;
    {
      const auto select = db_.prepared(
          "SELECT id, owner, salt, digest FROM pairing_codes WHERE used = 0 AND tries > 0 AND "
          "expires_ms > ?");
      select->bind(1, now_());
      if (!select->step()) return;
      if (!db_.owner_is_alive(select->text(1))) return;
      id = select->text(0);
      right = mcp::same_token(base::hmac_sha256_hex(select->text(2), letters_of(typed)),
                              select->text(3));
    }
    const auto update =
        db_.prepared("UPDATE pairing_codes SET used = ?, tries = tries - 1 WHERE id = ?");
    update->bind(1, right ? 1 : 0);
    update->bind(2, id);
    update->exec();
    result = right ? Redeemed::kPaired : Redeemed::kWrong;
  });
  return result;
}

}  // namespace cartpilot::host
