// The conversations that authors of providers get for theirs, held with the vendors' own plugins.

#include <fmt/format.h>

#include "cartpilot/testing/provider_suite.h"
#include "fakes/anthropic.h"
#include "fakes/gemini.h"
#include "fakes/openai.h"
#include "loopback_vendor.h"

namespace cartpilot::e2e {
namespace {

constexpr const char* kKey = "key-that-must-not-leak-0123456789";

fakes::FakeGeminiOptions gemini_options() {
  fakes::FakeGeminiOptions options;
  options.api_key = kKey;
  return options;
}

struct Gemini final : LoopbackVendor<fakes::FakeGemini, fakes::FakeGeminiOptions> {
  Gemini() : LoopbackVendor(gemini_options()) {}
  ProviderConfig config() const override {
    ProviderConfig made;
    made.environment = {{"GEMINI_API_KEY", kKey}, {"GEMINI_BASE_URL", vendor.url()}};
    return made;
  }
  std::string refusal_body(int status) const override {
    const char* word = status == 401   ? "UNAUTHENTICATED"
                       : status == 429 ? "RESOURCE_EXHAUSTED"
                                       : "UNAVAILABLE";
    return fmt::format(R"({{"error":{{"code":{},"message":"No.","status":"{}"}}}})", status, word);
  }
};

fakes::FakeOpenAiOptions openai_options() {
  fakes::FakeOpenAiOptions options;
  options.key = kKey;
  return options;
}

struct OpenAiResponses : LoopbackVendor<fakes::FakeOpenAi, fakes::FakeOpenAiOptions> {
  OpenAiResponses() : LoopbackVendor(openai_options()) {}
  ProviderConfig config() const override {
    ProviderConfig made;
    made.environment = {{"OPENAI_API_KEY", kKey}, {"OPENAI_BASE_URL", vendor.base_url()}};
    made.options = {{"server", "openai"}};
    return made;
  }
  std::string model() const override { return "gpt-6.1-terra"; }
  std::string refusal_body(int status) const override {
    const char* type = status == 401   ? "invalid_request_error"
                       : status == 429 ? "rate_limit_error"
                                       : "server_error";
    return fmt::format(R"({{"error":{{"message":"No.","type":"{}","param":null,"code":null}}}})",
                       type);
  }
};

struct OpenAiChat final : OpenAiResponses {
  std::string model() const override { return "gpt-4.1-mini"; }
};

fakes::FakeAnthropicOptions anthropic_options() {
  fakes::FakeAnthropicOptions options;
  options.key = kKey;
  return options;
}

struct Anthropic final : LoopbackVendor<fakes::FakeAnthropic, fakes::FakeAnthropicOptions> {
  Anthropic() : LoopbackVendor(anthropic_options()) {}
  ProviderConfig config() const override {
    ProviderConfig made;
    made.environment = {{"ANTHROPIC_API_KEY", kKey}, {"ANTHROPIC_BASE_URL", vendor.base_url()}};
    made.options = {{"server", "anthropic"}};
    return made;
  }
  std::string refusal_body(int status) const override {
    const char* type = status == 401   ? "authentication_error"
                       : status == 429 ? "rate_limit_error"
                                       : "api_error";
    return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"No."}}}})", type);
  }
};

CARTPILOT_PROVIDER_SUITE(Gemini, CARTPILOT_GEMINI_PLUGIN, Gemini)
CARTPILOT_PROVIDER_SUITE(OpenAiResponses, CARTPILOT_OPENAI_PLUGIN, OpenAiResponses)
CARTPILOT_PROVIDER_SUITE(OpenAiChat, CARTPILOT_OPENAI_PLUGIN, OpenAiChat)
CARTPILOT_PROVIDER_SUITE(Anthropic, CARTPILOT_ANTHROPIC_PLUGIN, Anthropic)

}  // namespace
}  // namespace cartpilot::e2e
