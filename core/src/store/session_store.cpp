#include "store/session_store.h"

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <fmt/format.h>

#include <chrono>
#include <random>
#include <utility>

#include "cartpilot/wire.h"

namespace cartpilot::store {

using namespace Poco::Data::Keywords;  // NOLINT: Poco's statement syntax

namespace {

constexpr std::size_t kTitleBytes = 80;

std::int64_t now_unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The first line of a text, cut at a character boundary.
std::string title_of(const Message& message) {
  std::string title = text_of(message);
  title = title.substr(0, title.find('\n'));
  if (title.size() > kTitleBytes) {
    std::size_t end = kTitleBytes;
    while (end > 0 && (static_cast<unsigned char>(title[end]) & 0xC0) == 0x80) --end;
    title.resize(end);
  }
  return title;
}

constexpr const char* kSummaryColumns =
    "SELECT id, provider, model, title, message_count, created_ms, updated_ms FROM sessions ";

std::vector<SessionSummary> summaries(Poco::Data::Session& session, const std::string& query,
                                      const std::string* id) {
  SessionSummary row;
  std::vector<SessionSummary> found;
  Poco::Data::Statement select(session);
  select << query, into(row.id), into(row.provider), into(row.model), into(row.title),
      into(row.message_count), into(row.created_unix_ms), into(row.updated_unix_ms), range(0, 1);
  std::string bound;
  if (id != nullptr) {
    bound = *id;
    select, use(bound);
  }
  while (!select.done()) {
    if (select.execute() > 0) found.push_back(row);
  }
  return found;
}

}  // namespace

SessionStore::SessionStore(StateDb& db) : db_(db) {
  db_.session()
      << "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, provider TEXT NOT NULL, "
         "model TEXT NOT NULL, title TEXT NOT NULL DEFAULT '', message_count INTEGER NOT NULL "
         "DEFAULT 0, "
         "created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL)",
      now;
  db_.session() << "CREATE TABLE IF NOT EXISTS messages (session TEXT NOT NULL REFERENCES "
                   "sessions(id) ON DELETE "
                   "CASCADE, seq INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, seq)) "
                   "WITHOUT ROWID",
      now;
}

void SessionStore::open(const std::string& session, const std::string& provider,
                        const std::string& model) {
  std::string id = session;
  std::string by = provider;
  std::string with = model;
  std::int64_t time = now_unix_ms();
  db_.session()
      << "INSERT INTO sessions (id, provider, model, created_ms, updated_ms) VALUES (?, ?, ?, ?, "
         "?) "
         "ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, model = excluded.model",
      use(id), use(by), use(with), use(time), use(time), now;
}

void SessionStore::append(const std::string& session, const Message& message) {
  std::string id = session;
  std::string json = dump_json(message_to_json(message));
  std::string title = message.role == Role::kUser ? title_of(message) : "";
  std::int64_t time = now_unix_ms();
  db_.transaction([&] {
    db_.session() << "INSERT INTO messages (session, seq, json) "
                     "SELECT id, message_count, ? FROM sessions WHERE id = ?",
        use(json), use(id), now;
    db_.session() << "UPDATE sessions SET message_count = message_count + 1, updated_ms = ?, "
                     "title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?",
        use(time), use(title), use(id), now;
  });
}

std::optional<SessionSummary> SessionStore::find(const std::string& session) const {
  auto found = summaries(db_.session(), std::string(kSummaryColumns) + "WHERE id = ?", &session);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Message> SessionStore::load(const std::string& session) const {
  std::string id = session;
  std::vector<std::string> rows;
  db_.session() << "SELECT json FROM messages WHERE session = ? ORDER BY seq", use(id), into(rows),
      now;
  std::vector<Message> messages;
  messages.reserve(rows.size());
  for (const std::string& row : rows) {
    messages.push_back(
        message_from_json(parse_json(row, "a stored message of session " + session)));
  }
  return messages;
}

std::vector<SessionSummary> SessionStore::list() const {
  return summaries(
      db_.session(),
      std::string(kSummaryColumns) + "WHERE message_count > 0 ORDER BY updated_ms DESC, id",
      nullptr);
}

bool SessionStore::remove(const std::string& session) {
  const bool existed = find(session).has_value();
  std::string id = session;
  db_.transaction([&] {
    db_.session() << "DELETE FROM messages WHERE session = ?", use(id), now;
    db_.session() << "DELETE FROM sessions WHERE id = ?", use(id), now;
  });
  return existed;
}

std::string new_session_id() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace cartpilot::store
