// A provider over HTTP, made with HttpProvider and the macro. Its vendor speaks one word per event.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/http_provider.h"
#include "cartpilot/plugin.h"

namespace {

using namespace cartpilot;

class Words final : public HttpProvider::Decoder {
 public:
  bool decode(const HttpEvent& event, EventSink& sink) override {
    if (event.kind == HttpEvent::Kind::kStray) {
      throw Error(ErrorCode::kUnavailable, "stray: " + std::string(event.data));
    }
    if (event.kind == HttpEvent::Kind::kEvent && event.name == "end") {
      ended_ = true;
      return false;
    }
    sink.on_event(TextDelta{std::string(event.name) + "|" + std::string(event.data)});
    if (event.kind == HttpEvent::Kind::kBody) ended_ = true;
    return true;
  }
  void finish(EventSink& sink) override {
    if (!ended_) {
      Error error(ErrorCode::kUnavailable, "the answer was cut");
      error.retryable = true;
      error.reason = "stream_cut";
      throw error;
    }
    sink.on_event(Finish{});
  }

 private:
  bool ended_ = false;
};

class Vendor final : public HttpProvider {
 public:
  explicit Vendor(const ProviderConfig& config)
      : HttpProvider(config.transport), key_(config.env("VENDOR_KEY")) {}

  ProviderInfo info() const override { return {"vendor", "word-1", ""}; }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

 protected:
  Exchange begin(const GenerateRequest& request) override {
    HttpRequest http;
    http.url = "https://vendor.example/v1/" + request.model;
    http.headers = {{"Authorization", "Bearer " + key_}, {"X-Twice", "1"}, {"X-Twice", "2"}};
    http.body = polite_ ? "please" : std::string("\x00\xff raw", 6);
    http.server_sent_events = request.stream;
    http.total_timeout_ms = 4321;
    return {std::move(http), std::make_unique<Words>()};
  }
  Error classify_error(const HttpHead& head, std::string_view body) const override {
    Error error(ErrorCode::kUnauthenticated, "vendor says: " + std::string(body));
    error.http_status = head.status;
    error.request_id = header_value(head.headers, "x-request-id");
    return error;
  }
  std::optional<std::string> adapt(const Error& error, std::string_view) override {
    if (error.http_status != 422 || polite_) return std::nullopt;
    polite_ = true;
    return "the vendor wants to be asked politely";
  }

 private:
  const std::string key_;
  bool polite_ = false;
};

}  // namespace

CARTPILOT_PROVIDER_PLUGIN(Vendor, "vendor", "1.0.0", R"(["VENDOR_KEY"])")
