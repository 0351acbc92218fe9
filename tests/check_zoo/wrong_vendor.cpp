// A provider that is right in everything but one thing: the one `plugin new` writes, spoiled.
//
// wrong_behaviour, linked in by each animal, is the number of the check it must fail.
#include <atomic>
#include <cstdlib>

#include "cartpilot/plugin.h"
#include "wrong_names.h"
#include "wrong_template.h"

extern "C" const int wrong_behaviour;

namespace {

using namespace cartpilot;

bool wrong(int check) { return wrong_behaviour == check; }

std::atomic<int> at_work{0};

/// Spoils the events on their way out.
class Spoiler final : public EventSink {
 public:
  explicit Spoiler(EventSink& out) : out_(out) {}

  void on_event(const StreamEvent& event) override {
    if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      calls_.push_back(call->call);
      return;
    }
    if (const auto* end = std::get_if<Finish>(&event)) {
      send_calls();
      if (wrong(UNKNOWN_FINISH_REASON) && end->raw_reason == "x_new_reason") return;
    }
    send(event);
  }

  bool has_sent() const { return sent_; }

  void send(const StreamEvent& event) {
    sent_ = true;
    try {
      out_.on_event(event);
    } catch (const Error&) {
      if (!wrong(SINK_STOP)) throw;
    }
  }

 private:
  void send_calls() {
    if (wrong(TOOL_CALL) && calls_.size() == 1) calls_[0].name = "get_whether";
    if (wrong(PARALLEL_CALLS) && calls_.size() == 2) std::swap(calls_[0], calls_[1]);
    for (const ToolCall& call : calls_) send(ToolCallEvent{call});
  }

  EventSink& out_;
  std::vector<ToolCall> calls_;
  bool sent_ = false;
};

class SpoiledDecoder final : public HttpProvider::Decoder {
 public:
  SpoiledDecoder(std::unique_ptr<HttpProvider::Decoder> right, bool stream)
      : right_(std::move(right)), stream_(stream) {}

  bool decode(const HttpEvent& event, EventSink& sink) override {
    const bool news = event.data.find("x_new") != std::string_view::npos;
    saw_body_ = saw_body_ || event.kind == HttpEvent::Kind::kBody;
    saw_news_ = saw_news_ || news;
    if (wrong(UNKNOWN_FIELDS) && event.data.find("x_new_member") != std::string_view::npos) {
      throw Error(ErrorCode::kProtocol, "what is x_new_member?");
    }
    if (wrong(UNKNOWN_EVENTS) && event.name == "x_new_event") {
      throw Error(ErrorCode::kProtocol, "what is x_new_event?");
    }
    if (wrong(FUZZ_ANSWERS) && event.kind == HttpEvent::Kind::kStray && !event.data.empty()) {
      std::abort();
    }
    if (wrong(BAD_BODIES) && event.data == "42") {
      accepted_ = true;
      return true;
    }
    return right_->decode(event, sink);
  }

  void finish(EventSink& sink) override {
    if (accepted_) {
      sink.on_event(Finish{});
      return;
    }
    if (!saw_news_ && (wrong(OK_STREAM) ? stream_ : wrong(OK_BASIC) && !stream_)) {
      sink.on_event(TextDelta{"!"});
    }
    try {
      right_->finish(sink);
    } catch (const Error&) {
      if (!wrong(STREAM_CUT) || saw_body_) throw;
      sink.on_event(Finish{});
    }
  }

 private:
  std::unique_ptr<HttpProvider::Decoder> right_;
  bool stream_;
  bool saw_body_ = false;
  bool saw_news_ = false;
  bool accepted_ = false;
};

/// Forgets how long the caller waits.
class NoDeadline final : public CallContext {
 public:
  explicit NoDeadline(const CallContext& right) : right_(right) {}
  bool cancelled() const noexcept override { return right_.cancelled(); }

 private:
  const CallContext& right_;
};

class Wrong : public wrong_template::WrongTemplate {
 public:
  explicit Wrong(const ProviderConfig& config)
      : WrongTemplate(config), key_(config.env("WRONG_API_KEY")) {}

  ProviderInfo info() const override {
    ProviderInfo info = WrongTemplate::info();
    if (wrong(PROVIDER_INFO)) info.name.clear();
    return info;
  }
  void check() const override {
    if (!wrong(CREATE_MISSING_KEY)) WrongTemplate::check();
  }
  std::vector<ModelInfo> models(const CallContext& context) override {
    if (wrong(MODEL_LIST_VALID)) return {{"twice", ""}, {"twice", ""}};
    return WrongTemplate::models(context);
  }
  Json function_declarations(const std::vector<ToolSpec>& tools) const override {
    const Json list = WrongTemplate::function_declarations(tools);
    return wrong(DECLARATIONS_VALID) ? Json{{"functions", list}} : list;
  }
  std::vector<ToolCall> parse_function_calls(const Json& message) const override {
    if (wrong(PARSE_CALLS_REJECTS_RUBBISH) && message == Json{{"what", 1}}) return {};
    return WrongTemplate::parse_function_calls(message);
  }
  Json function_responses(const std::vector<ToolResult>& results) const override {
    return wrong(FUNCTION_ROUND_TRIP) ? Json::array() : WrongTemplate::function_responses(results);
  }

  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override {
    if (wrong(CANCEL_BEFORE) && context.cancelled()) return sink.on_event(Finish{});
    const Message* first = request.messages.empty() ? nullptr : &request.messages[0];
    if (wrong(EMPTY_CONVERSATION) && first != nullptr && first->role == Role::kAssistant) {
      std::abort();
    }
    if (wrong(KEY_NEVER_LEAKS)) host_log(LogLevel::kInfo, "asking with " + key_);
    const int others = at_work++;
    try {
      if (wrong(CONCURRENT_INSTANCES) && others > 0) throw Error(ErrorCode::kInternal, "busy");
      generate_spoiled(request, sink, context);
    } catch (...) {
      --at_work;
      throw;
    }
    --at_work;
  }

 protected:
  Exchange begin(const GenerateRequest& request) override {
    Exchange exchange = WrongTemplate::begin(request);
    if (wrong(SAME_REQUEST_SAME_BYTES)) exchange.request.body += std::string(++asked_, ' ');
    exchange.decoder =
        std::make_unique<SpoiledDecoder>(std::move(exchange.decoder), request.stream);
    return exchange;
  }
  Error classify_error(const HttpHead& head, std::string_view body) const override {
    Error error = WrongTemplate::classify_error(head, body);
    if (wrong(STATUS_MAPPING) && head.status == 404) error.code = ErrorCode::kInternal;
    if (wrong(ERROR_HTTP_STATUS)) error.http_status = 0;
    if (wrong(RETRY_AFTER)) error.retry_after_ms.reset();
    if (wrong(ERROR_BODIES) && head.status == 502) return error.with_message("");
    return error;
  }

 private:
  void generate_spoiled(const GenerateRequest& request, EventSink& sink,
                        const CallContext& context) {
    Spoiler spoiler(sink);
    const NoDeadline endless(context);
    try {
      WrongTemplate::generate(
          request, spoiler,
          wrong(CALL_HANDED_ON) ? static_cast<const CallContext&>(endless) : context);
    } catch (const Error& error) {
      if (wrong(CANCEL_MID_STREAM) && error.code == ErrorCode::kCancelled && spoiler.has_sent()) {
        return sink.on_event(Finish{});
      }
      if (wrong(NETWORK_ERRORS) && error.code == ErrorCode::kDeadline) {
        throw Error(ErrorCode::kInternal, error.what());
      }
      throw;
    }
  }

  std::string key_;
  std::size_t asked_ = 0;
};

}  // namespace

namespace cartpilot {
inline namespace abi1 {
namespace detail {

/// The table of Wrong, with a chat() that looks at the bytes before anyone else does.
template <class Class, class Names>
struct WrongTable {
  static std::int32_t chat(void* self, const cp_call* call, cp_bytes request,
                           const cp_sink* out) noexcept {
    if (wrong(BAD_REQUEST_JSON) && request.len == 0) return CP_OK;
    if (wrong(FUZZ_REQUESTS) && view(request).find("fuzz-choice") != std::string_view::npos) {
      std::abort();
    }
    return ProviderTable<Class, Names>::chat(self, call, request, out);
  }
  static const void* query(const char* id) noexcept {
    static const cp_provider_v1 table = [] {
      cp_provider_v1 copy = ProviderTable<Class, Names>::kTable;
      copy.chat = &chat;
      return copy;
    }();
    return std::string_view(id) == CP_PROVIDER ? &table : nullptr;
  }
};

}  // namespace detail
}  // namespace abi1
}  // namespace cartpilot

CARTPILOT_PLUGIN_ENTRY(Wrong, ::cartpilot::LLMProvider, WrongTable, "wrong", "1.0.0",
                       R"(["WRONG_API_KEY"])", CP_PROVIDER, "")
