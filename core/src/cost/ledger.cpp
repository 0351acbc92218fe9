#include "cost/ledger.h"

#include <fmt/format.h>

#include "cartpilot/error.h"

namespace cartpilot::cost {

namespace {

/// Where an absent number is written.
void bind_optional(store::Statement& statement, int place,
                   const std::optional<std::int64_t>& value) {
  if (value) {
    statement.bind(place, *value);
  } else {
    statement.bind_null(place);
  }
}

void bind_outcome(store::Statement& statement, int first, const RequestOutcome& outcome) {
  statement.bind(first, outcome.answered ? 1 : 0);
  bind_optional(statement, first + 1, outcome.first_ms);
  statement.bind(first + 2, outcome.usage.input_tokens);
  statement.bind(first + 3, outcome.usage.cached_tokens);
  statement.bind(first + 4, outcome.usage.output_tokens);
  statement.bind(first + 5, outcome.usage.reasoning_tokens);
  bind_optional(statement, first + 6,
                outcome.cost ? std::optional(outcome.cost->amount.nanos) : std::nullopt);
  statement.bind(first + 7, outcome.cost && outcome.cost->at_most ? 1 : 0);
  statement.bind(first + 8, outcome.cost ? outcome.cost->amount.currency : "");
  statement.bind(first + 9, outcome.cost ? outcome.cost->checked : "");
}

constexpr const char* kLedgerTables[] = {
    "CREATE TABLE IF NOT EXISTS model_requests (id INTEGER PRIMARY KEY, time_ms INTEGER NOT "
    "NULL, session TEXT NOT NULL, turn TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT "
    "NULL, attempt INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT "
    "NULL DEFAULT 0, first_ms INTEGER, input_tokens INTEGER NOT NULL DEFAULT 0, cached_tokens "
    "INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0, reasoning_tokens "
    "INTEGER NOT NULL DEFAULT 0, cost_nanos INTEGER, at_most INTEGER NOT NULL DEFAULT 0, "
    "currency TEXT NOT NULL DEFAULT '', price_day TEXT NOT NULL DEFAULT '', reserved_nanos "
    "INTEGER NOT NULL DEFAULT 0, reserved_currency TEXT NOT NULL DEFAULT '')",
    "CREATE INDEX IF NOT EXISTS model_requests_session ON model_requests (session)",
    "CREATE INDEX IF NOT EXISTS model_requests_time ON model_requests (time_ms)",
};
constexpr store::TableSet kLedgerTableSet{"model_requests", 1, kLedgerTables};

[[noreturn]] void refuse_request(const std::string& why) {
  Error error(ErrorCode::kPermission, why);
  error.reason = kCostLimitReason;
  throw error;
}

LedgerEntry entry_of(store::Statement& select) {
  int next = 0;
  const auto text = [&] { return select.text(next++); };
  const auto integer = [&] { return select.integer(next++); };
  const auto optional = [&]() -> std::optional<std::int64_t> {
    const int column = next++;
    if (select.is_null(column)) return std::nullopt;
    return select.integer(column);
  };
  LedgerEntry entry;
  entry.unix_ms = integer();
  entry.request.session = text();
  entry.request.turn = text();
  entry.request.provider = text();
  entry.request.model = text();
  entry.request.attempt = static_cast<int>(integer());
  entry.settled = integer() != 0;
  entry.outcome.answered = integer() != 0;
  entry.outcome.first_ms = optional();
  entry.outcome.usage.input_tokens = integer();
  entry.outcome.usage.cached_tokens = integer();
  entry.outcome.usage.output_tokens = integer();
  entry.outcome.usage.reasoning_tokens = integer();
  const std::optional<std::int64_t> nanos = optional();
  const bool at_most = integer() != 0;
  const std::string currency = text();
  const std::string price_day = text();
  if (nanos) entry.outcome.cost = Cost{{*nanos, currency}, at_most, price_day};
  entry.reserved.nanos = integer();
  entry.reserved.currency = text();
  return entry;
}

}  // namespace

Ledger::Ledger(store::StateDb& db) : db_(db) { db_.create_tables(kLedgerTableSet); }

void Ledger::record(const ModelRequest& request, const RequestOutcome& outcome,
                    std::int64_t unix_ms) {
  db_.checked([&] {
    const auto insert = db_.prepared(
        "INSERT INTO model_requests (time_ms, session, turn, provider, model, attempt, settled, "
        "answered, first_ms, input_tokens, cached_tokens, output_tokens, reasoning_tokens, "
        "cost_nanos, at_most, currency, price_day) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?)");
    insert->bind_all(unix_ms, request.session, request.turn, request.provider, request.model,
                     request.attempt);
    bind_outcome(*insert, 7, outcome);
    insert->exec();
  });
}

/// Within the transaction that writes the row.
void Ledger::check_limits(const ModelRequest& request, const Amount& worst,
                          const std::vector<SpendLimit>& limits, std::int64_t unix_ms) {
  constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
  for (const SpendLimit& limit : limits) {
    if (limit.amount.currency != worst.currency) {
      refuse_request(fmt::format("the model's price is in {}, the limit in {}", worst.currency,
                                 limit.amount.currency));
    }
    const auto select = db_.prepared(
        "SELECT COALESCE(cost_nanos, reserved_nanos) FROM model_requests WHERE CASE WHEN "
        "cost_nanos IS NULL THEN reserved_currency ELSE currency END = ?1 AND " +
        std::string(limit.per == LimitPeriod::kDay            ? "time_ms > ?2"
                    : limit.per == LimitPeriod::kConversation ? "session = ?2"
                                                              : "session = ?2 AND turn = ?3"));
    select->bind(1, worst.currency);
    if (limit.per == LimitPeriod::kDay) {
      select->bind(2, unix_ms - kDayMs);
    } else {
      select->bind(2, request.session);
    }
    if (limit.per == LimitPeriod::kTurn) select->bind(3, request.turn);
    std::int64_t so_far = 0;
    while (select->step()) so_far = sum(so_far, select->integer(0));
    if (sum(so_far, worst.nanos) <= limit.amount.nanos) continue;
    refuse_request(fmt::format(
        "the next request to the model may cost {}, and {} of {} are spent "
        "or reserved",
        format_amount(worst), format_amount({so_far, worst.currency}), limit_text(limit)));
  }
}

std::int64_t Ledger::reserve(const ModelRequest& request, const Amount& worst,
                             const std::vector<SpendLimit>& limits, std::int64_t unix_ms) {
  std::int64_t number = 0;
  db_.transaction([&] {
    check_limits(request, worst, limits, unix_ms);
    const auto insert = db_.prepared(
        "INSERT INTO model_requests (time_ms, session, turn, provider, model, attempt, "
        "reserved_nanos, reserved_currency) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id");
    insert->bind_all(unix_ms, request.session, request.turn, request.provider, request.model,
                     request.attempt, worst.nanos, worst.currency);
    if (insert->step()) number = insert->integer(0);
  });
  return number;
}

void Ledger::reserve_more(std::int64_t number, const ModelRequest& request, const Amount& more,
                          const std::vector<SpendLimit>& limits, std::int64_t unix_ms) {
  db_.transaction([&] {
    check_limits(request, more, limits, unix_ms);
    const auto update =
        db_.prepared("UPDATE model_requests SET reserved_nanos = reserved_nanos + ? WHERE id = ?");
    update->bind_all(more.nanos, number);
    update->exec();
  });
}

void Ledger::settle(std::int64_t number, const RequestOutcome& outcome) {
  db_.checked([&] {
    const auto update = db_.prepared(
        "UPDATE model_requests SET settled = 1, answered = ?, first_ms = ?, input_tokens = ?, "
        "cached_tokens = ?, output_tokens = ?, reasoning_tokens = ?, cost_nanos = ?, at_most = ?, "
        "currency = ?, price_day = ? WHERE id = ?");
    bind_outcome(*update, 1, outcome);
    update->bind(11, number);
    update->exec();
  });
}

std::vector<LedgerEntry> Ledger::entries(const std::string& session) const {
  std::vector<LedgerEntry> found;
  db_.checked([&] {
    const auto select = db_.prepared(
        "SELECT time_ms, session, turn, provider, model, attempt, settled, answered, first_ms, "
        "input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_nanos, at_most, "
        "currency, price_day, reserved_nanos, reserved_currency FROM model_requests WHERE ?1 = '' "
        "OR session = ?1 ORDER BY time_ms, id");
    select->bind(1, session);
    while (select->step()) found.push_back(entry_of(*select));
  });
  return found;
}

void Ledger::forget(const std::string& session) {
  db_.checked([&] {
    const auto update =
        db_.prepared("UPDATE model_requests SET session = '' WHERE ?1 = '' OR session = ?1");
    update->bind(1, session);
    update->exec();
  });
}

}  // namespace cartpilot::cost
