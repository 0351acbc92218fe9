// Options of the plugin: --provider-option KEY=VALUE, checked once and turned into values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cartpilot/http.h"
#include "openai/model_profile.h"

namespace cartpilot::openai {

struct OpenAiOptions {
  std::optional<Api> api;
  std::optional<Server> server;
  std::string base_url;
  std::string organization;
  std::string project;
  std::optional<double> temperature;
  std::optional<std::int64_t> max_output_tokens;
  std::string reasoning_effort;   ///< sent as written; the model knows which ones it takes
  std::string reasoning_summary;  ///< "auto", "concise", "detailed"; Responses only
  std::optional<bool> parallel_tool_calls;
  std::optional<bool> strict;
  std::string tool_choice;  ///< for the request that follows a person's message
  HttpHeaders headers;      ///< header.NAME=VALUE and header=NAME:VALUE
};

/// Throws Error{kInvalidArgument} naming the option, and for an unknown one the known ones.
OpenAiOptions read_options(const std::map<std::string, std::string>& options);

}  // namespace cartpilot::openai
