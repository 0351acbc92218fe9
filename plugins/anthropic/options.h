// Options: what a person may set with --provider-option, checked before anything is sent.
//
// A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "anthropic/endpoint.h"

namespace cartpilot::anthropic {

/// Tokens; the service takes no less.
constexpr std::int64_t kMinThinkingBudget = 1024;

enum class Thinking { kUnset, kOff, kAdaptive, kBetweenTools, kBudget };
enum class Cache { kOff, kFiveMinutes, kOneHour };

struct Options {
  const Server* server = nullptr;  ///< null = read off the base URL
  std::string version = "2023-06-01";
  std::vector<std::string> beta;
  std::optional<bool> bearer;  ///< auth=bearer or auth=key
  Thinking thinking = Thinking::kUnset;
  std::int64_t budget = 0;  ///< of Thinking::kBudget
  std::optional<std::string> display;
  std::optional<std::string> effort;
  std::optional<std::int64_t> max_output_tokens;
  std::optional<double> temperature;
  std::optional<Cache> cache;
  std::optional<bool> parallel_tool_calls;
};

/// Throws Error{kInvalidArgument} naming the option, what is wrong and what is accepted.
Options read_options(const std::map<std::string, std::string>& given);

}  // namespace cartpilot::anthropic
