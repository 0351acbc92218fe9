// Chaos: merchant B's five ways of making trouble, and the log of what they did.
//
// Off until switched on. Every decision is drawn from one seeded sequence, so the same seed and the
// same requests give the same trouble. Configuration, log and the place in the sequence live in the
// store and survive a restart. Guarded by the application's lock.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "cartpilot/json.h"
#include "sandbox/service/clock.h"

namespace cartpilot::sandbox {

class SandboxStore;

enum class Scenario {
  kPriceChange,
  kOutOfStock,
  kDuplicateWebhook,
  kDelayedWebhook,
  kOutOfOrderWebhook
};

inline constexpr std::array<std::string_view, 5> kScenarioNames = {
    "price_change", "out_of_stock", "duplicate_webhook", "delayed_webhook", "out_of_order_webhook"};

/// nullopt for an unknown name.
std::optional<Scenario> find_scenario(std::string_view name);

struct ChaosConfig {
  std::array<bool, kScenarioNames.size()> on{};
  std::int64_t price_change_percent = 15;  ///< shown and never used, as in the service
  double out_of_stock_probability = 0.3;
  std::int64_t duplicate_webhook_count = 3;
  double webhook_delay_seconds = 5.0;

  bool enabled() const;
};

class Chaos {
 public:
  /// Takes up what `store` remembers. Another `seed` than the remembered one starts its sequence
  /// from the beginning.
  Chaos(SandboxStore& store, const Clock& clock, std::uint64_t seed);

  const ChaosConfig& config() const { return state_.config; }
  void configure(const ChaosConfig& config);
  void switch_scenario(Scenario scenario, bool on);
  void switch_all(bool on);
  /// Default configuration and an empty log.
  void reset();

  /// Draws, when the scenario is on: does it strike now? Draws nothing when it is off.
  bool strikes(Scenario scenario);

  void log(Scenario scenario, const std::string& session_id, Json details);
  /// Newest first, those that match; an empty string matches all.
  Json events(std::size_t limit, std::string_view scenario, std::string_view session_id) const;
  std::size_t event_count() const { return state_.events.size(); }
  std::size_t clear_events();

  /// Forgets unsaved changes after a transaction was rolled back.
  void reload();

 private:
  struct State {
    ChaosConfig config;
    std::deque<Json> events;
    std::uint64_t draws = 0;
  };

  double draw();
  double probability(Scenario scenario) const;
  void save();

  SandboxStore& store_;
  const Clock& clock_;
  const std::uint64_t seed_;
  State state_;
  std::mt19937_64 random_;
};

/// {"enabled","scenarios":{...},...}
Json view(const ChaosConfig& config);

}  // namespace cartpilot::sandbox
