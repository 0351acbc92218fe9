#include "sandbox/service/chaos.h"

#include <algorithm>

#include "base/random.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {
namespace {

constexpr std::size_t kMaxEvents = 100;
constexpr const char* kStoredAs = "chaos";

std::size_t index_of(Scenario scenario) { return static_cast<std::size_t>(scenario); }

ChaosConfig config_from(const Json& value) {
  ChaosConfig config;
  for (std::size_t i = 0; i < kScenarioNames.size(); ++i) {
    config.on[i] = value.at("scenarios").at(std::string(kScenarioNames[i])).get<bool>();
  }
  config.price_change_percent = value.at("price_change_percent").get<std::int64_t>();
  config.out_of_stock_probability = value.at("out_of_stock_probability").get<double>();
  config.duplicate_webhook_count = value.at("duplicate_webhook_count").get<std::int64_t>();
  config.webhook_delay_seconds = value.at("webhook_delay_seconds").get<double>();
  return config;
}

}  // namespace

std::optional<Scenario> find_scenario(std::string_view name) {
  for (std::size_t i = 0; i < kScenarioNames.size(); ++i) {
    if (kScenarioNames[i] == name) return static_cast<Scenario>(i);
  }
  return std::nullopt;
}

bool ChaosConfig::enabled() const {
  return std::any_of(on.begin(), on.end(), [](bool one) { return one; });
}

Json view(const ChaosConfig& config) {
  Json scenarios = Json::object();
  for (std::size_t i = 0; i < kScenarioNames.size(); ++i) {
    scenarios[std::string(kScenarioNames[i])] = config.on[i];
  }
  return {{"enabled", config.enabled()},
          {"scenarios", std::move(scenarios)},
          {"price_change_percent", config.price_change_percent},
          {"out_of_stock_probability", config.out_of_stock_probability},
          {"duplicate_webhook_count", config.duplicate_webhook_count},
          {"webhook_delay_seconds", config.webhook_delay_seconds}};
}

Chaos::Chaos(SandboxStore& store, const Clock& clock, std::uint64_t seed)
    : store_(store), clock_(clock), seed_(seed) {
  reload();
}

void Chaos::reload() {
  state_ = {};
  if (const auto text = store_.find_setting(kStoredAs)) {
    try {
      const Json stored = parse_json(*text, "stored chaos");
      state_.config = config_from(stored.at("config"));
      for (const Json& event : stored.at("events")) state_.events.push_back(event);
      if (stored.at("seed").get<std::uint64_t>() == seed_) {
        state_.draws = stored.at("draws").get<std::uint64_t>();
      }
    } catch (const Json::exception& e) {
      throw Error(ErrorCode::kProtocol,
                  std::string("stored chaos cannot be read: ") + json_problem(e));
    }
  }
  random_.seed(seed_);
  random_.discard(state_.draws);
}

void Chaos::save() {
  Json events = Json::array();
  for (const Json& event : state_.events) events.push_back(event);
  store_.save_setting(kStoredAs, dump_json({{"config", view(state_.config)},
                                            {"seed", seed_},
                                            {"draws", state_.draws},
                                            {"events", std::move(events)}}));
}

void Chaos::configure(const ChaosConfig& config) {
  state_.config = config;
  save();
}

void Chaos::switch_scenario(Scenario scenario, bool on) {
  state_.config.on[index_of(scenario)] = on;
  save();
}

void Chaos::switch_all(bool on) {
  state_.config.on.fill(on);
  save();
}

void Chaos::reset() {
  state_.config = {};
  state_.events.clear();
  save();
}

double Chaos::draw() {
  ++state_.draws;
  return static_cast<double>(random_() >> 11) * 0x1.0p-53;
}

double Chaos::probability(Scenario scenario) const {
  switch (scenario) {
    case Scenario::kPriceChange: return 0.5;
    case Scenario::kOutOfStock: return state_.config.out_of_stock_probability;
    case Scenario::kDuplicateWebhook: return 0.7;
    case Scenario::kDelayedWebhook: return 0.6;
    case Scenario::kOutOfOrderWebhook: return 0.4;
  }
  return 0;
}

bool Chaos::strikes(Scenario scenario) {
  if (!state_.config.on[index_of(scenario)]) return false;
  const bool struck = draw() < probability(scenario);
  save();
  return struck;
}

void Chaos::log(Scenario scenario, const std::string& session_id, Json details) {
  state_.events.push_back({{"id", base::random_uuid()},
                           {"scenario", kScenarioNames[index_of(scenario)]},
                           {"checkout_id", session_id},
                           {"details", std::move(details)},
                           {"triggered_at", format_instant(clock_())}});
  if (state_.events.size() > kMaxEvents) state_.events.pop_front();
  save();
}

Json Chaos::events(std::size_t limit, std::string_view scenario,
                   std::string_view session_id) const {
  Json found = Json::array();
  for (auto event = state_.events.rbegin(); event != state_.events.rend(); ++event) {
    if (found.size() == limit) break;
    if (!scenario.empty() && string_or(*event, "scenario") != scenario) continue;
    if (!session_id.empty() && string_or(*event, "checkout_id") != session_id) continue;
    found.push_back(*event);
  }
  return found;
}

std::size_t Chaos::clear_events() {
  const std::size_t cleared = state_.events.size();
  state_.events.clear();
  save();
  return cleared;
}

}  // namespace cartpilot::sandbox
