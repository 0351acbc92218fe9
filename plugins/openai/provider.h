// OpenAiProvider: OpenAI and every server that speaks one of its two APIs.
//
// Picks Chat Completions or Responses by base URL and model, translates both ways, and learns: a
// parameter the server refuses is left out from then on, and a server that names the other API gets
// it, both with a notice. Instance-serial, like every provider; what was learned dies with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http_provider.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/quirks.h"
#include "cartpilot/vendor/second_try.h"
#include "openai/options.h"
#include "openai/request_plan.h"

namespace cartpilot::openai {

class OpenAiProvider final : public HttpProvider {
 public:
  /// Throws Error{kInvalidArgument} for options it does not know. A wrong base URL or a missing key
  /// is reported by check(), because the function format works without either.
  explicit OpenAiProvider(const ProviderConfig& config);

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
  void read_endpoint(const ProviderConfig& config);
  void read_environment(const ProviderConfig& config);
  std::string chosen_model(const GenerateRequest& request) const;
  HttpRequest http_request(const RequestPlan& plan) const;
  std::unique_ptr<Decoder> decoder_for(const GenerateRequest& request, const RequestPlan& plan);
  vendor::Service service(const std::string& model) const;
  HttpHeaders headers() const;
  /// Servers quote keys. The key is what was sent: the variable's value without blanks around it.
  Error without_key(const Error& error) const;
  Error with_near_models(const Error& error, const std::string& model, const CallContext& context);

  OpenAiOptions options_;
  Endpoint endpoint_;
  Server server_ = Server::kUnknown;
  std::optional<Error> problem_;  ///< what check() reports
  std::string key_;
  std::string key_variable_ = "OPENAI_API_KEY";
  std::string organization_;
  std::string project_;
  vendor::Quirks quirks_;
  vendor::Notices notices_;
  mutable vendor::SecondTry second_try_;  ///< for calls the model's host could not read
  std::string model_;                     ///< of the request under way
  Api api_ = Api::kChat;                  ///< of the request under way
};

}  // namespace cartpilot::openai
