#include "commands/stats_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "commerce/identity.h"
#include "cost/day.h"

namespace cartpilot::host {

namespace {

constexpr const char* kNoProvider = "-";

/// The smallest of `sorted` that `percent` of them do not exceed.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

struct FirstPiece {
  std::int64_t median = 0;
  std::int64_t p95 = 0;
};

FirstPiece first_piece(std::vector<std::int64_t> milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  return {percentile(milliseconds, 50), percentile(milliseconds, 95)};
}

/// "2 done, 1 unknown".
std::string outcomes_text(const std::map<std::string, int>& outcomes) {
  std::string text;
  for (const auto& [outcome, count] : outcomes) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, outcome);
  }
  return text;
}

}  // namespace

Stats stats_of(const std::vector<cost::LedgerEntry>& requests,
               const std::vector<purchase::Attempt>& attempts,
               const std::map<std::string, std::string>& providers, const std::string& first_day) {
  Stats stats;
  for (const cost::LedgerEntry& entry : requests) {
    const std::string day = cost::day_of(entry.unix_ms);
    if (day >= first_day) stats[{day, entry.request.provider}].models.add(entry);
  }
  for (const purchase::Attempt& attempt : attempts) {
    const std::string day = cost::day_of(attempt.created_unix_ms);
    if (day < first_day) continue;
    const auto found = providers.find(attempt.session);
    const bool known = found != providers.end() && !found->second.empty();
    DayStats& row = stats[{day, known ? found->second : kNoProvider}];
    const bool play = commerce::CartPilotIdentity::from_text(attempt.cartpilot).is_sandbox();
    auto& outcomes = play ? row.sandbox_purchases : row.purchases;
    ++outcomes[std::string(purchase::attempt_state_name(attempt.state))];
  }
  return stats;
}

Json stats_json(const Stats& stats) {
  Json days = Json::array();
  for (const auto& [key, row] : stats) {
    const cost::Total& models = row.models;
    Json costs = Json::array();
    for (const auto& [currency, nanos] : models.nanos) {
      costs.push_back({{"currency", currency}, {"billionths", nanos}});
    }
    Json first = nullptr;
    if (!models.first_ms.empty()) {
      const FirstPiece piece = first_piece(models.first_ms);
      first = {{"median", piece.median}, {"p95", piece.p95}};
    }
    days.push_back({{"day", key.first},
                    {"provider", key.second},
                    {"requests", models.requests},
                    {"retries", models.retries},
                    {"failed", models.failed},
                    {"input_tokens", models.usage.input_tokens},
                    {"cached_tokens", models.usage.cached_tokens},
                    {"output_tokens", models.usage.output_tokens},
                    {"reasoning_tokens", models.usage.reasoning_tokens},
                    {"cost", costs},
                    {"cost_at_most", models.at_most},
                    {"cost_estimate_of", models.estimate_of},
                    {"cost_unknown_requests", models.unknown},
                    {"first_ms", first},
                    {"purchases", row.purchases},
                    {"sandbox_purchases", row.sandbox_purchases}});
  }
  return days;
}

std::vector<std::string> stats_lines(const Stats& stats) {
  std::vector<std::string> lines;
  for (const auto& [key, row] : stats) {
    lines.push_back(fmt::format("{}  {}", key.first, key.second));
    const cost::Total& models = row.models;
    if (models.requests > 0) {
      lines.push_back(fmt::format("  {} request{}, {} repeated, {} failed; cost: {}",
                                  models.requests, models.requests == 1 ? "" : "s", models.retries,
                                  models.failed, cost::cost_text(models)));
      lines.push_back(fmt::format("  {} tokens in ({} cached), {} out ({} reasoning)",
                                  models.usage.input_tokens, models.usage.cached_tokens,
                                  models.usage.output_tokens, models.usage.reasoning_tokens));
    }
    if (!models.first_ms.empty()) {
      const FirstPiece piece = first_piece(models.first_ms);
      lines.push_back(fmt::format("  first piece of the answer after {} ms, for 95 % within {} ms",
                                  piece.median, piece.p95));
    }
    if (!row.purchases.empty()) lines.push_back("  purchases: " + outcomes_text(row.purchases));
    if (!row.sandbox_purchases.empty()) {
      lines.push_back("  purchases in the sandbox: " + outcomes_text(row.sandbox_purchases));
    }
  }
  return lines;
}

}  // namespace cartpilot::host
