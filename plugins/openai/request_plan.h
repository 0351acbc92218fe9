// RequestPlan: everything about a request that depends on server, model, options and experience.
//
// The plan is made once per attempt from pure inputs; encoders only write down what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "cartpilot/vendor/quirks.h"
#include "openai/model_profile.h"
#include "openai/options.h"

namespace cartpilot::openai {

/// Where the model's thoughts come back in Chat Completions.
enum class Echo { kNever, kBesideCalls, kAlways };

struct RequestPlan {
  Api api = Api::kChat;
  ServerProfile server;
  ModelTraits traits;
  std::string model;
  std::string endpoint;  ///< base URL; opaque metadata goes back only where it came from
  bool stream = true;
  bool include_usage = false;
  bool developer_role = false;  ///< reasoning models call the system text "developer"
  bool strict = false;
  bool explicit_strict = true;       ///< Responses rewrites schemas unless `strict` is written
  bool stateless = true;             ///< Responses: store=false
  bool encrypted_reasoning = false;  ///< Responses: ask for reasoning that can be sent back
  Echo echo_reasoning = Echo::kNever;
  bool echo_parts = true;  ///< content parts of other types than text go back as they came
  bool item_ids = true;    ///< Responses: items go back with their ids
  bool say_stream = true;  ///< `stream` is written also when it is false
  bool completion_limit = false;
  std::vector<const ToolSpec*> tools;  ///< borrowed from the request
  std::string tool_choice = "auto";    ///< "auto", "none", "required" or a function's name
  std::optional<bool> parallel_tool_calls;
  std::optional<std::int64_t> max_output_tokens;
  std::optional<double> temperature;
  std::string reasoning_effort;
  std::string reasoning_summary;
  std::vector<std::string> warnings;  ///< what the person asked for and does not get
};

RequestPlan plan_request(const GenerateRequest& request, const Endpoint& endpoint, Server server,
                         const OpenAiOptions& options, const vendor::Quirks& quirks);

}  // namespace cartpilot::openai
