// PostgresAddress: where a PostgreSQL database is, from the URL that a person wrote.
//
// A URL stands in command lines, settings files and logs, so it must hold no password: libpq takes
// that from PGPASSWORD, from PGPASSFILE or from ~/.pgpass. `conninfo` may hold one and is never
// shown. Plain data; any thread.
#pragma once

#include <map>
#include <string>

namespace cartpilot::store {

struct PostgresAddress {
  /// For libpq: what URL and environment say, and waits that end.
  std::string conninfo;
  /// For people and for telling databases apart: "postgresql://ada@db.example:5432/shop".
  std::string text;

  using Variables = std::map<std::string, std::string>;

  /// Reads "postgresql://USER@HOST:PORT/DATABASE?sslmode=..." or "postgresql:///DATABASE?host=
  /// FOLDER". Throws Error{kInvalidArgument} in one line for anything else, for one with a password
  /// in it, and for one without a database name. What the URL leaves out comes from libpq's own
  /// variables (PGUSER, PGPASSWORD, ...) in `environment`.
  static PostgresAddress parse(const std::string& url, const Variables& environment = {});

  /// Whether a text is meant as such a URL.
  static bool looks_like_one(const std::string& text);
};

}  // namespace cartpilot::store
