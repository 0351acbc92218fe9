// AnthropicProvider: Claude over the Messages API, and servers that speak it.
//
// Made by the host with the environment, the options and a transport that outlives it; used from
// one thread at a time. Keeps no conversation, only what models are like and what was refused. A
// model of Anthropic's own service is looked up once a day before it is first asked; an answer that
// the service interrupts (pause_turn) is asked for again until it is whole.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "anthropic/endpoint.h"
#include "anthropic/options.h"
#include "cartpilot/http_provider.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/quirks.h"
#include "cartpilot/vendor/second_try.h"

namespace cartpilot::anthropic {

class AnthropicProvider final : public HttpProvider {
 public:
  /// Throws Error{kInvalidArgument} for a bad option or base URL. A missing key is check()'s.
  explicit AnthropicProvider(const ProviderConfig& config);

  ProviderInfo info() const override;
  void check() const override;
  std::vector<ModelInfo> models(const CallContext& context) override;
  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override;
  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;

 protected:
  Exchange begin(const GenerateRequest& request) override;
  Error classify_error(const HttpHead& head, std::string_view body) const override;
  std::optional<std::string> adapt(const Error& error, std::string_view body) override;

 private:
  HttpHeaders headers() const;
  vendor::Service service(const std::string& model) const;
  void look_up_model(const CallContext& context);

  Options options_;
  Endpoint endpoint_;
  std::string key_;
  std::string key_variable_ = "ANTHROPIC_API_KEY";
  bool bearer_ = false;
  vendor::Notices notices_;
  vendor::SecondTry second_try_;
  vendor::Quirks quirks_;
  std::map<std::string, Json> descriptions_;  ///< by model; null = nothing was said
  std::map<std::string, std::int64_t> described_at_ms_;
  std::set<std::string> refused_thinking_;  ///< see thinking_keys()
  bool whole_answers_ = false;              ///< the server leaves message_stop out
  std::string model_;                       ///< of the request in work
  std::set<std::string> sent_thinking_;     ///< in the same request
  Json paused_;                             ///< blocks of an interrupted answer
};

}  // namespace cartpilot::anthropic
