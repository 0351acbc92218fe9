#include "chat/loop_guard.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace cartpilot::chat {

namespace {

constexpr int kIdenticalReads = 2;

/// The same value for arguments that mean the same: members sorted, 2.0 as 2.
nlohmann::json canonical(const Json& value) {
  if (value.is_object()) {
    nlohmann::json sorted = nlohmann::json::object();
    for (const auto& [key, member] : value.items()) sorted[key] = canonical(member);
    return sorted;
  }
  if (value.is_array()) {
    nlohmann::json items = nlohmann::json::array();
    for (const Json& item : value) items.push_back(canonical(item));
    return items;
  }
  if (value.is_number_float()) {
    const double number = value.get<double>();
    constexpr double kExact = 9007199254740992.0;  // whole doubles up to here are exact integers
    if (std::trunc(number) == number && std::fabs(number) <= kExact) {
      return static_cast<std::int64_t>(number);
    }
  }
  return value;
}

std::string identity_of(const ToolCall& call) {
  return call.name + ' ' +
         canonical(call.arguments).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

LoopGuard::LoopGuard(LoopLimits limits, const std::vector<ToolSpec>& specs) : limits_(limits) {
  for (const ToolSpec& spec : specs) effects_[spec.name] = spec.effect;
}

void LoopGuard::begin_turn() {
  rounds_ = 0;
  calls_ = 0;
  reads_.clear();
  last_call_.clear();
}

bool LoopGuard::may_start_round() {
  if (rounds_ >= limits_.max_rounds || calls_ > limits_.max_calls) return false;
  ++rounds_;
  return true;
}

std::optional<ToolOutcome> LoopGuard::check(const ToolCall& call) {
  if (++calls_ > limits_.max_calls) {
    return tool_error("CALL_LIMIT",
                      fmt::format("This turn has used its {} tool calls; this one was not run. "
                                  "Tell the person what you know so far.",
                                  limits_.max_calls));
  }
  const auto found = effects_.find(call.name);
  const bool changes = found != effects_.end() && found->second != EffectClass::kRead;
  std::string identity = identity_of(call);
  if (changes) {
    if (identity == last_call_) {
      return tool_error("REPEATED_CALL",
                        fmt::format("{} was called with the same arguments just before, so it was "
                                    "not run again; the result of that call stands.",
                                    call.name));
    }
    reads_.clear();
  } else if (++reads_[identity] > kIdenticalReads) {
    return tool_error("REPEATED_CALL",
                      fmt::format("{} was called with the same arguments before and nothing was "
                                  "changed since, so it was not run again; the earlier result "
                                  "stands. Use it, or do something else.",
                                  call.name));
  }
  last_call_ = std::move(identity);
  return std::nullopt;
}

void LoopGuard::allow_more() {
  rounds_ = 0;
  calls_ = 0;
}

std::string LoopGuard::reached_limit() const {
  return calls_ > limits_.max_calls
             ? fmt::format("{} tool calls", limits_.max_calls)
             : fmt::format("{} round{}", limits_.max_rounds, limits_.max_rounds == 1 ? "" : "s");
}

std::string LoopGuard::limit_message() const {
  return fmt::format(
      "I stopped here, because this request reached the limit of {}. Write \"continue\" to go on.",
      reached_limit());
}

}  // namespace cartpilot::chat
