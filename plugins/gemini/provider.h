// GeminiProvider: Google's Gemini models over generateContent, with a key and plain HTTP.
//
// Made by the host with the environment, the options and a transport that outlives it; used from
// one thread at a time. Keeps no conversation, only what models turned out to refuse.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http_provider.h"
#include "gemini/encode.h"
#include "gemini/endpoint.h"
#include "gemini/notices.h"
#include "gemini/options.h"
#include "gemini/second_try.h"

namespace cartpilot::gemini {

class GeminiProvider final : public HttpProvider {
 public:
  /// Throws Error{kInvalidArgument} for a bad option or base URL. A missing key is check()'s.
  explicit GeminiProvider(const ProviderConfig& config);

  ProviderInfo info() const override;
  void check() const override;
  std::vector<ModelInfo> models(const CallContext& context) override;
  std::size_t kept_messages() const override { return kept_.messages(); }
  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;

 protected:
  HttpRequest build_request(const GenerateRequest& request) override;
  std::unique_ptr<Decoder> make_decoder(const GenerateRequest& request) override;
  Error classify_error(const HttpHead& head, std::string_view body) const override;
  std::optional<std::string> adapt(const Error& error, std::string_view body) override;

 private:
  HttpHeaders headers() const;
  Error without_key(const Error& error) const;

  Endpoint endpoint_;
  std::string key_;
  Options options_;
  Notices notices_;
  SecondTry second_try_;
  std::map<std::string, Refused> refused_;  ///< by model
  std::string last_model_;                  ///< of the request adapt() is asked about
  Json last_body_;                          ///< without what is in kept_
  KeptBeginning kept_;                      ///< the contents of earlier turns, and the last request
  mutable std::uint64_t parsed_calls_ = 0;  ///< numbers the ids parse_function_calls() makes up
};

}  // namespace cartpilot::gemini
