#include "serve/visitors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "http/request_headers.h"
#include "mcp/http_headers.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxPersonBytes = 128;
constexpr std::int64_t kMaxPairedBrowsers = 8;
constexpr std::int64_t kPairedSeconds = 30LL * 24 * 60 * 60;
constexpr const char* kSecretHeader = "X-Cartpilot-Secret";

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS paired_browsers (cookie TEXT PRIMARY KEY, page_key TEXT NOT NULL, "
    "expires_ms INTEGER NOT NULL) WITHOUT ROWID",
};
constexpr store::TableSet kTableSet{"paired_browsers", 1, kTables};

Visitor refused(int status, const std::string& message) {
  return {Visitor::Known::kRefused, "", status, message};
}

/// Names end up on screens, in logs and in names of folders' digests: one line of text.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxPersonBytes && text::is_utf8(name) &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c < ' ' || c == 127; });
}

}  // namespace

PairedVisitors::PairedVisitors(std::unique_ptr<store::StateDb> db, const std::string& place)
    : cookie_name_("cartpilot_serve_" + place.substr(place.rfind(':') + 1)),
      db_(std::move(db)),
      pairings_(*db_) {
  db_->create_tables(kTableSet);
}

Visitor PairedVisitors::visitor(const HttpHeaders& headers) {
  const std::string cookie = cookie_in(headers, cookie_name_);
  const std::string key = only_value(headers, kPageKeyHeader);
  if (cookie.empty() || key.empty()) return {};
  const std::lock_guard lock(mutex_);
  std::string known;
  db_->checked([&] {
    const auto select =
        db_->prepared("SELECT page_key FROM paired_browsers WHERE cookie = ? AND expires_ms > ?");
    select->bind(1, base::sha256_hex(cookie));
    select->bind(2, base::unix_ms_now());
    if (select->step()) known = select->text(0);
  });
  if (known.empty() || !mcp::same_token(known, base::sha256_hex(key))) return {};
  return {Visitor::Known::kYes, kOnlyPerson};
}

std::optional<Visitors::Paired> PairedVisitors::pair(const std::string& code) {
  const std::lock_guard lock(mutex_);
  const auto refuse = [](const char* message) {
    return Paired{403, Json{{"message", message}, {"code", "wrong_code"}}};
  };
  switch (pairings_.redeem(code)) {
    case Pairings::Redeemed::kWrong:
      return refuse("That is not the code. After five tries it counts no more.");
    case Pairings::Redeemed::kNoCode:
      return refuse("No code is open. Run 'cartpilot pair' on a terminal.");
    case Pairings::Redeemed::kPaired: break;
  }
  const std::string cookie = base::random_hex(kSecretBytes);
  const std::string key = base::random_hex(kSecretBytes);
  const std::int64_t now = base::unix_ms_now();
  db_->transaction([&] {
    const auto forget = db_->prepared(
        "DELETE FROM paired_browsers WHERE expires_ms <= ? OR cookie NOT IN (SELECT cookie FROM "
        "paired_browsers ORDER BY expires_ms DESC LIMIT ?)");
    forget->bind(1, now);
    forget->bind(2, kMaxPairedBrowsers - 1);
    forget->exec();
    const auto insert = db_->prepared("INSERT INTO paired_browsers VALUES (?, ?, ?)");
    insert->bind(1, base::sha256_hex(cookie));
    insert->bind(2, base::sha256_hex(key));
    insert->bind(3, now + kPairedSeconds * 1000);
    insert->exec();
  });
  return Paired{200,
                Json{{"key", key}},
                {{"Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict",
                                            cookie_name_, cookie, kPairedSeconds)}}};
}

Visitor ProxyVisitors::visitor(const HttpHeaders& headers) {
  if (!options_.secret.empty()) {
    if (count_of(headers, kSecretHeader) > 1) {
      return refused(400, fmt::format("the header {} was sent twice", kSecretHeader));
    }
    if (!mcp::same_token(only_value(headers, kSecretHeader), options_.secret)) {
      return refused(403, "only the proxy may ask here");
    }
  }
  const int count = count_of(headers, options_.header);
  if (count > 1) return refused(400, fmt::format("the header {} was sent twice", options_.header));
  const std::string name = only_value(headers, options_.header);
  if (count == 0 || name.empty()) {
    return refused(401, fmt::format("the proxy names nobody in {}", options_.header));
  }
  if (!is_name(name)) {
    return refused(400, fmt::format("{} holds no name: one line of UTF-8, at most {} bytes",
                                    options_.header, kMaxPersonBytes));
  }
  return {Visitor::Known::kYes, name};
}

}  // namespace cartpilot::host
