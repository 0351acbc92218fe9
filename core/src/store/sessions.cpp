#include "store/sessions.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "cartpilot/detail/characters.h"
#include "cartpilot/detail/wire.h"

namespace cartpilot::store {

namespace {

constexpr std::size_t kTitleBytes = 80;

constexpr const char* kSessionTables[] = {
    "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, provider TEXT NOT NULL, "
    "model TEXT NOT NULL, title TEXT NOT NULL DEFAULT '', message_count INTEGER NOT NULL "
    "DEFAULT 0, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, cartpilot TEXT NOT "
    "NULL DEFAULT '')",
    "CREATE TABLE IF NOT EXISTS messages (session TEXT NOT NULL REFERENCES sessions(id) ON "
    "DELETE CASCADE, seq INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, seq)) "
    "WITHOUT ROWID",
};
constexpr TableSet kSessionTableSet{"sessions", 1, kSessionTables};

/// The first line of a text, cut at a character boundary.
std::string title_of(const Message& message) {
  const std::string text = text_of(message);
  return detail::cut_text(text.substr(0, text.find('\n')), kTitleBytes);
}

constexpr const char* kSummaryColumns =
    "SELECT id, provider, model, title, message_count, created_ms, updated_ms, "
    "cartpilot FROM sessions ";

std::vector<SessionSummary> summaries(Statement& select) {
  std::vector<SessionSummary> found;
  while (select.step()) {
    const auto text = [&](int column) { return select.text(column); };
    const auto integer = [&](int column) { return select.integer(column); };
    found.push_back(
        {text(0), text(1), text(2), text(3), integer(4), integer(5), integer(6), text(7)});
  }
  return found;
}

}  // namespace

SessionStore::SessionStore(StateDb& db) : db_(db) { db_.create_tables(kSessionTableSet); }

void SessionStore::open(const std::string& session, const std::string& provider,
                        const std::string& model) {
  const std::int64_t time = base::unix_ms_now();
  db_.checked([&] {
    const auto insert = db_.prepared(
        "INSERT INTO sessions (id, provider, model, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, model = excluded.model");
    insert->bind_all(session, provider, model, time, time);
    insert->exec();
  });
}

void SessionStore::bind(const std::string& session, const std::string& cartpilot) {
  const std::int64_t time = base::unix_ms_now();
  db_.checked([&] {
    const auto insert = db_.prepared(
        "INSERT INTO sessions (id, provider, model, created_ms, updated_ms, cartpilot) VALUES (?, "
        "'', '', ?, ?, ?) ON CONFLICT (id) DO UPDATE SET cartpilot = excluded.cartpilot WHERE "
        "sessions.cartpilot = ''");
    insert->bind_all(session, time, time, cartpilot);
    insert->exec();
  });
}

void SessionStore::append(const std::string& session, const Message& message) {
  const std::string json = dump_json(message_to_json(message));
  const std::string title = message.role == Role::kUser ? title_of(message) : "";
  db_.durable([&] {
    db_.require_lease(session);
    const auto insert = db_.prepared(
        "INSERT INTO messages (session, seq, json) "
        "SELECT id, message_count, CAST(? AS TEXT) FROM sessions WHERE id = ?");
    insert->bind(1, json);
    insert->bind(2, session);
    if (insert->exec() == 0) {
      throw Error(ErrorCode::kNotFound,
                  fmt::format("the conversation '{}' is no longer in {}, so nothing more of it can "
                              "be kept; begin a new one",
                              session, db_.name()));
    }
    const auto update = db_.prepared(
        "UPDATE sessions SET message_count = message_count + 1, updated_ms = ?, "
        "title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?");
    update->bind_all(base::unix_ms_now(), title, session);
    update->exec();
  });
}

std::optional<SessionSummary> SessionStore::find(const std::string& session) const {
  std::vector<SessionSummary> found;
  db_.checked([&] {
    const auto select = db_.prepared(std::string(kSummaryColumns) + "WHERE id = ?");
    select->bind(1, session);
    found = summaries(*select);
  });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::string SessionStore::resolve(const std::string& beginning) const {
  if (beginning.empty() || find(beginning)) return beginning;
  std::vector<std::string> ids;
  for (const SessionSummary& session : list()) {
    if (session.id.starts_with(beginning)) ids.push_back(session.id);
  }
  if (ids.size() > 1) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("'{}' could be {} conversations, such as {} and {}; give more of the id",
                    beginning, ids.size(), ids[0], ids[1]));
  }
  return ids.empty() ? "" : ids.front();
}

int SessionStore::fork(const std::string& from, const std::string& to, int turns) {
  int kept = 0;
  const std::int64_t time = base::unix_ms_now();
  db_.durable([&] {
    // A turn begins with what the person says.
    const std::vector<Message> messages = load(from);
    std::int64_t end = 0;
    for (; end < static_cast<std::int64_t>(messages.size()); ++end) {
      if (messages[static_cast<std::size_t>(end)].role != Role::kUser) continue;
      if (kept == turns) break;
      ++kept;
    }
    const auto session = db_.prepared(
        "INSERT INTO sessions (id, provider, model, title, message_count, created_ms, updated_ms, "
        "cartpilot) SELECT CAST(? AS TEXT), provider, model, title, CAST(? AS BIGINT), "
        "CAST(? AS BIGINT), CAST(? AS BIGINT), cartpilot FROM sessions WHERE id = ?");
    session->bind_all(to, end, time, time, from);
    if (session->exec() == 0) {
      throw Error(ErrorCode::kNotFound, fmt::format("no conversation '{}'", from));
    }
    const auto copy = db_.prepared(
        "INSERT INTO messages (session, seq, json) SELECT CAST(? AS TEXT), seq, json FROM messages "
        "WHERE session = ? AND seq < ?");
    copy->bind_all(to, from, end);
    copy->exec();
  });
  return kept;
}

bool SessionStore::rename(const std::string& session, const std::string& title) {
  bool existed = false;
  db_.durable([&] {
    const auto update = db_.prepared("UPDATE sessions SET title = ? WHERE id = ?");
    update->bind_all(detail::cut_text(title, kTitleBytes), session);
    existed = update->exec() > 0;
  });
  return existed;
}

std::vector<Message> SessionStore::load(const std::string& session) const {
  std::vector<Message> messages;
  db_.checked([&] {
    const auto select = db_.prepared("SELECT json FROM messages WHERE session = ? ORDER BY seq");
    select->bind(1, session);
    while (select->step()) {
      messages.push_back(message_from_json(
          parse_json(select->text(0), "a stored message of session " + session, kMessageJson)));
    }
  });
  return messages;
}

std::vector<SessionSummary> SessionStore::list() const {
  std::vector<SessionSummary> found;
  db_.checked([&] {
    found = summaries(*db_.prepared(std::string(kSummaryColumns) +
                                    "WHERE message_count > 0 ORDER BY updated_ms DESC, id"));
  });
  return found;
}

bool SessionStore::remove(const std::string& session) {
  const bool existed = find(session).has_value();
  db_.transaction([&] {
    for (const char* query :
         {"DELETE FROM messages WHERE session = ?", "DELETE FROM sessions WHERE id = ?"}) {
      const auto remove = db_.prepared(query);
      remove->bind(1, session);
      remove->exec();
    }
  });
  return existed;
}

std::string new_session_id() { return base::random_hex(8); }

}  // namespace cartpilot::store
