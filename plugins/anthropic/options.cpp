#include "anthropic/options.h"

#include <algorithm>

#include "cartpilot/vendor/options.h"

namespace cartpilot::anthropic {
namespace {

void read_thinking(vendor::OptionReader& read, Options& options) {
  const auto given = read.text("thinking");
  if (!given) return;
  const bool number =
      !given->empty() && std::all_of(given->begin(), given->end(), vendor::is_digit);
  if (number) {
    options.thinking = Thinking::kBudget;
    options.budget = *read.integer("thinking", kMinThinkingBudget);
    return;
  }
  const std::string word = vendor::lower(*given);
  if (word == "adaptive") {
    options.thinking = Thinking::kAdaptive;
  } else if (word == "off") {
    options.thinking = Thinking::kOff;
  } else if (word == "between-tools") {
    options.thinking = Thinking::kBetweenTools;
  } else {
    read.refuse("thinking", "adaptive, off, between-tools, or a number of tokens from 1024");
  }
}

bool is_header_word(const std::string& word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return vendor::is_word_char(c) || c == '-' || c == '.'; });
}

}  // namespace

Options read_options(const std::map<std::string, std::string>& given) {
  vendor::OptionReader read("anthropic", given);
  Options options;
  if (const auto server = read.choice("server", server_names())) {
    options.server = server_by_name(*server);
  }
  options.version =
      read.choice("api-version", {"2023-06-01", "2026-10-21"}).value_or(options.version);
  options.beta = read.list("beta").value_or(options.beta);
  if (!std::all_of(options.beta.begin(), options.beta.end(), is_header_word)) {
    read.refuse("beta", "names of letters, digits and dashes with commas between them");
  }
  if (const auto auth = read.choice("auth", {"key", "bearer"})) options.bearer = *auth == "bearer";
  read_thinking(read, options);
  options.display = read.choice("display", {"summarized", "omitted"});
  options.effort = read.choice("effort", {"low", "medium", "high", "xhigh", "max"});
  options.max_output_tokens = read.integer("max-output-tokens", 1);
  options.temperature = read.number("temperature", 0, 1);
  if (const auto cache = read.choice("cache", {"on", "off", "1h"})) {
    options.cache = *cache == "off"  ? Cache::kOff
                    : *cache == "1h" ? Cache::kOneHour
                                     : Cache::kFiveMinutes;
  }
  options.parallel_tool_calls = read.flag("parallel-tool-calls");
  read.finish();
  return options;
}

}  // namespace cartpilot::anthropic
