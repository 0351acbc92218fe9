// GeminiProvider: Google's Gemini models over generateContent, with a key and plain HTTP.
//
// Made by the host with the environment, the options and a transport that outlives it; used from
// one thread at a time. Keeps no conversation, only what models turned out to refuse.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/http_provider.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/quirks.h"
#include "cartpilot/vendor/second_try.h"
#include "gemini/encode.h"
#include "gemini/endpoint.h"
#include "gemini/options.h"

namespace cartpilot::gemini {

class GeminiProvider final : public HttpProvider {
 public:
  /// Throws Error{kInvalidArgument} for a bad option or base URL. A missing key is check()'s.
  explicit GeminiProvider(const ProviderConfig& config);

  ProviderInfo info() const override;
  void check() const override;
  std::vector<ModelInfo> models(const CallContext& context) override;
  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;

 protected:
  Exchange begin(const GenerateRequest& request) override;
  Error classify_error(const HttpHead& head, std::string_view body) const override;
  std::optional<std::string> adapt(const Error& error, std::string_view body) override;

 private:
  HttpHeaders headers() const;
  std::unique_ptr<Decoder> decoder_for(const GenerateRequest& request);
  vendor::Service service(const std::string& model) const;

  Endpoint endpoint_;
  std::string key_;
  Options options_;
  vendor::Notices notices_;
  vendor::SecondTry second_try_;
  vendor::Quirks quirks_;
  std::map<std::string, Refused> refused_;  ///< by model
  std::string last_model_;                  ///< of the request adapt() is asked about
  std::set<std::string> last_signatures_;   ///< in the same request
};

}  // namespace cartpilot::gemini
