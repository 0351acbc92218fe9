// Usages of the three vendors, read by their plugins, against sums worked out by hand.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>

#include "anthropic/provider.h"
#include "cost/price_table.h"
#include "gemini/provider.h"
#include "net/sse_decoder.h"
#include "openai/provider.h"

namespace cartpilot::cost {
namespace {

constexpr std::size_t kMaxEventBytes = 1U << 20;
constexpr std::string_view kDay = "2026-11-29";

std::string fixture(const std::string& name) {
  std::ifstream in(std::string(CARTPILOT_FIXTURES) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Answers every question to the model with the same bytes, and knows nothing else.
class OneAnswer final : public HttpTransport {
 public:
  explicit OneAnswer(std::string bytes) : bytes_(std::move(bytes)) {}

  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    if (request.method != "POST") {
      sink.on_head({404, {{"content-type", "application/json"}}});
      sink.on_event({HttpEvent::Kind::kBody, "", "{}"});
      return;
    }
    if (!request.server_sent_events) {
      sink.on_head({200, {{"content-type", "application/json"}}});
      sink.on_event({HttpEvent::Kind::kBody, "", bytes_});
      return;
    }
    sink.on_head({200, {{"content-type", "text/event-stream"}}});
    net::SseDecoder decoder([&](const HttpEvent& event) { return sink.on_event(event); },
                            kMaxEventBytes);
    decoder.feed(bytes_);
    decoder.finish();
  }

 private:
  const std::string bytes_;
};

class LastUsage final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* told = std::get_if<UsageEvent>(&event)) usage = told->usage;
  }
  Usage usage;
};

template <typename Provider>
std::unique_ptr<LLMProvider> make(const ProviderConfig& config) {
  return std::make_unique<Provider>(config);
}

struct Vendor {
  const char* provider;
  const char* key;
  std::function<std::unique_ptr<LLMProvider>(const ProviderConfig&)> make;
};

const Vendor kAnthropic{"anthropic", "ANTHROPIC_API_KEY", make<anthropic::AnthropicProvider>};
const Vendor kGemini{"gemini", "GEMINI_API_KEY", make<gemini::GeminiProvider>};
const Vendor kOpenAi{"openai", "OPENAI_API_KEY", make<openai::OpenAiProvider>};

struct Case {
  const Vendor& vendor;
  std::string model;
  std::string answer;  ///< a fixture that is streamed, or a whole body
  std::int64_t nanos;  ///< worked out: tokens times the price in billionths
};

Cost cost_of_answer(const Case& one) {
  const bool body = one.answer.front() == '{';
  OneAnswer transport(body ? one.answer : fixture(one.answer));
  ProviderConfig config;
  config.environment = {{one.vendor.key, "test-key-0123456789"}};
  config.transport = &transport;
  const auto provider = one.vendor.make(config);
  GenerateRequest request;
  request.model = one.model;
  request.messages = {Message::user("Hello")};
  request.tools = {{"get_weather", "Weather.", {{"type", "object"}}, EffectClass::kRead}};
  request.stream = !body;
  LastUsage heard;
  provider->generate(request, heard, CallContext());
  const PriceTable prices = PriceTable::built_in();
  const Price* price = prices.find(one.vendor.provider, one.model, kDay);
  if (price == nullptr) throw Error(ErrorCode::kNotFound, "no price of " + one.model);
  return cost_of(*price, heard.usage);
}

std::string claude_body(const std::string& model, const std::string& usage) {
  return R"({"id":"msg_1","type":"message","role":"assistant","model":")" + model +
         R"(","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":)" + usage +
         "}";
}

const Case kCases[] = {
    // 41 input that was not cached, 1,024 cached, 89 output: 2.50, 0.10, 10.
    {kAnthropic, "claude-sonnet-5-5", "anthropic/text.sse", 41 * 2500 + 1024 * 100 + 89 * 10'000},
    {kAnthropic, "claude-opus-5-5", "anthropic/thinking_and_calls.sse",
     41 * 5000 + 1024 * 200 + 89 * 20'000},
    // Input is the sum of three counts: 10 as they are, 300 written, 2,000 read.
    {kAnthropic, "claude-opus-5",
     claude_body("claude-opus-5", R"({"input_tokens":10,"cache_creation_input_tokens":300,)"
                                  R"("cache_read_input_tokens":2000,"output_tokens":50})"),
     310 * 6250 + 2000 * 500 + 50 * 25'000},
    // The cache counts towards the 100,000 from which a request is dear.
    {kAnthropic, "claude-haiku-5-5",
     claude_body("claude-haiku-5-5", R"({"input_tokens":1,"cache_read_input_tokens":100000,)"
                                     R"("output_tokens":4})"),
     1 * 625 + 100'000 * 50 + 4 * 2500},
    // 71 input, 31 output and 138 of thoughts, which cost as output: 0.75, 3.75.
    {kGemini, "gemini-3.8-flash", "gemini/text.sse", 71 * 750 + 169 * 3750},
    {kGemini, "gemini-3.7-flash", "gemini/thoughts.sse", 71 * 750 + 169 * 3750},
    {kGemini, "gemini-3-flash-preview", "gemini/parallel_calls.sse", 71 * 500 + 169 * 3000},
    // Prompts of tools are input; cached tokens are a part of the prompt.
    {kGemini, "gemini-3.8-flash",
     R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}],)"
     R"("usageMetadata":{"promptTokenCount":5000,"cachedContentTokenCount":4096,)"
     R"("toolUsePromptTokenCount":96,"candidatesTokenCount":12},"modelVersion":"gemini-3.8-flash"})",
     1000 * 750 + 4096 * 75 + 12 * 3750},
    // 96 input of which 64 cached, 18 output of which 3 reasoning: 0.40, 0.10, 1.60.
    {kOpenAi, "gpt-4.1-mini", "openai/chat-parallel-calls.sse", 32 * 400 + 64 * 100 + 18 * 1600},
    // 120 input of which 20 cached, 40 output of which 16 reasoning: 1.25, 0.05, 5.
    {kOpenAi, "gpt-6.1-terra", "openai/responses-reasoning-calls.sse",
     100 * 1250 + 20 * 50 + 40 * 5000},
    // No details: nothing was cached.
    {kOpenAi, "gpt-4.1",
     R"({"id":"c","object":"chat.completion","model":"gpt-4.1-2025-04-14","choices":[{"index":0,)"
     R"("message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],)"
     R"("usage":{"prompt_tokens":1000,"completion_tokens":7,"total_tokens":1007}})",
     1000 * 2000 + 7 * 8000},
    // Above 272,000 tokens the whole request costs more.
    {kOpenAi, "gpt-6-luna",
     R"({"id":"resp_1","object":"response","created_at":1,"model":"gpt-6-luna","status":"completed",)"
     R"("output":[{"type":"message","id":"m","role":"assistant","status":"completed","content":)"
     R"([{"type":"output_text","text":"Hi","annotations":[]}]}],"usage":{"input_tokens":272001,)"
     R"("input_tokens_details":{"cached_tokens":272000},"output_tokens":9,)"
     R"("output_tokens_details":{"reasoning_tokens":8},"total_tokens":272010}})",
     1 * 250 + 272'000 * 20 + 9 * 750},
};

TEST(VendorCost, of_twelve_usages_is_the_sum_worked_out) {
  ASSERT_EQ(std::size(kCases), 12u);
  for (const Case& one : kCases) {
    EXPECT_EQ(cost_of_answer(one).amount, (Amount{one.nanos, "USD"}))
        << one.model << " " << one.answer.substr(0, 60);
  }
}

}  // namespace
}  // namespace cartpilot::cost
