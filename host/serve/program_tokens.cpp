#include "serve/program_tokens.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMaxNameBytes = 60;
constexpr std::string_view kPrefix = "cp_";
constexpr std::int64_t kMinuteMs = 60 * 1000;

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS program_tokens (id TEXT PRIMARY KEY, person TEXT NOT NULL, name "
    "TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL, used_ms INTEGER NOT "
    "NULL) WITHOUT ROWID",
};
constexpr store::TableSet kTableSet{"program_tokens", 1, kTables};

}  // namespace

ProgramTokens::ProgramTokens(store::StateDb& db) : db_(db) { db_.create_tables(kTableSet); }

ProgramTokens::Made ProgramTokens::make(const std::string& person, const std::string& name) {
  const std::string line = text::field(name, kMaxNameBytes);
  if (line.empty() || line != name) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("a token's name is one line of at most {} bytes", kMaxNameBytes));
  }
  Made made{base::random_hex(kIdBytes), std::string(kPrefix) + base::random_hex(kTokenBytes)};
  db_.durable([&] {
    const auto count = db_.prepared("SELECT count(*) FROM program_tokens WHERE person = ?");
    count->bind(1, person);
    count->step();
    if (count->integer(0) >= static_cast<std::int64_t>(kMaxTokensOfPerson)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("there are {} tokens already; revoke one first", kMaxTokensOfPerson));
    }
    const auto insert = db_.prepared("INSERT INTO program_tokens VALUES (?, ?, ?, ?, ?, 0)");
    insert->bind(1, made.id);
    insert->bind(2, person);
    insert->bind(3, line);
    insert->bind(4, base::sha256_hex(made.token));
    insert->bind(5, base::unix_ms_now());
    insert->exec();
  });
  return made;
}

std::vector<ProgramToken> ProgramTokens::list(const std::optional<std::string>& person) {
  std::vector<ProgramToken> tokens;
  db_.checked([&] {
    const auto select = db_.prepared(
        "SELECT id, person, name, created_ms, used_ms FROM program_tokens ORDER BY created_ms, id");
    while (select->step()) {
      ProgramToken token{select->text(0), select->text(1), select->text(2), select->integer(3),
                         select->integer(4)};
      if (!person || token.person == *person) tokens.push_back(std::move(token));
    }
  });
  return tokens;
}

bool ProgramTokens::revoke(const std::string& id, const std::optional<std::string>& person) {
  bool revoked = false;
  db_.durable([&] {
    const auto erase =
        db_.prepared(person ? "DELETE FROM program_tokens WHERE id = ? AND person = ?"
                            : "DELETE FROM program_tokens WHERE id = ?");
    erase->bind(1, id);
    if (person) erase->bind(2, *person);
    revoked = erase->exec() > 0;
  });
  return revoked;
}

std::optional<ProgramToken> ProgramTokens::find(std::string_view token) {
  if (!token.starts_with(kPrefix)) return std::nullopt;
  const std::string digest = base::sha256_hex(token);
  std::optional<ProgramToken> found;
  db_.checked([&] {
    {
      const auto select = db_.prepared(
          "SELECT id, person, name, created_ms, used_ms FROM program_tokens WHERE digest = ?");
      select->bind(1, digest);
      if (!select->step()) return;
      found = {select->text(0), select->text(1), select->text(2), select->integer(3),
               select->integer(4)};
    }
    const std::int64_t now = base::unix_ms_now();
    if (now - found->used_unix_ms < kMinuteMs) return;
    const auto update = db_.prepared("UPDATE program_tokens SET used_ms = ? WHERE digest = ?");
    update->bind(1, now);
    update->bind(2, digest);
    update->exec();
  });
  return found;
}

}  // namespace cartpilot::host
