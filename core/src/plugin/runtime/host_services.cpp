#include "plugin/runtime/host_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cartpilot/detail/host_http.h"
#include "cartpilot/json.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::plugin {
namespace {

constexpr std::size_t kMaxLogLine = 4 * 1024;

thread_local const PluginScope* current_scope = nullptr;

struct OpenServices {
  std::mutex mutex;
  std::vector<std::weak_ptr<HostServices>> list;
};

OpenServices& open_services() {
  static auto* open = new OpenServices;  // plugins' threads may still ask at exit
  return *open;
}

/// Who answers a plugin that calls on this thread; nullptr when every host is closed.
std::shared_ptr<HostServices> responsible() {
  if (current_scope != nullptr) return current_scope->services()->shared_from_this();
  OpenServices& open = open_services();
  const std::lock_guard<std::mutex> lock(open.mutex);
  for (auto entry = open.list.rbegin(); entry != open.list.rend(); ++entry) {
    if (auto services = entry->lock()) return services;
  }
  return nullptr;
}

/// Stops when the plugin's caller does, or when the host closes.
class SendContext final : public CallContext {
 public:
  SendContext(const cp_call* call, const std::atomic<bool>& closed)
      : caller_(call), closed_(closed) {}
  bool cancelled() const noexcept override { return closed_.load() || caller_.cancelled(); }
  std::int64_t deadline_unix_ms() const noexcept override { return caller_.deadline_unix_ms(); }

 private:
  detail::ForeignContext caller_;
  const std::atomic<bool>& closed_;
};

/// `text` without secrets. JSON stays JSON.
std::string clean_payload(std::string_view text) {
  if (text::secret_ranges(text).empty()) return std::string(text);
  try {
    return dump_json(text::redacted(parse_json(text)));
  } catch (const Error&) {
    return text::redact(text);
  }
}

/// What a server says, for a plugin: it may echo a key, and a plugin may cut what it passes on.
class CleanSink final : public HttpSink {
 public:
  explicit CleanSink(HttpSink& sink) : sink_(sink) {}

  void on_head(const HttpHead& head) override {
    HttpHead clean = head;
    for (auto& [name, value] : clean.headers) value = text::redact(value);
    sink_.on_head(clean);
  }

  bool on_event(const HttpEvent& event) override {
    const std::string name = text::redact(event.name);
    const std::string data = clean_payload(event.data);
    return sink_.on_event({event.kind, name, data});
  }

 private:
  HttpSink& sink_;
};

class CleanTransport final : public HttpTransport {
 public:
  explicit CleanTransport(HttpTransport& transport) : transport_(transport) {}

  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    CleanSink clean(sink);
    transport_.send(request, clean, context);
  }

 private:
  HttpTransport& transport_;
};

extern "C" {

static std::int32_t cartpilot_host_send(void*, const cp_call* call, cp_bytes request_json,
                                        cp_bytes body, const cp_sink* out) {
  if (const auto services = responsible()) return services->send(call, request_json, body, out);
  return detail::report(out, Error(ErrorCode::kUnavailable, "cartpilot is shutting down"),
                        SecretScrub());
}

static void cartpilot_host_log(void*, std::int32_t level, cp_bytes line) {
  const std::string_view source =
      current_scope != nullptr ? current_scope->plugin() : std::string_view();
  if (const auto services = responsible()) services->log(level, source, detail::view(line));
}

static const void* cartpilot_host_query(void*, const char* interface_id) {
  static constexpr cp_host_log_v1 kLog = {sizeof(cp_host_log_v1), nullptr, &cartpilot_host_log};
  static constexpr cp_host_http_v1 kHttp = {sizeof(cp_host_http_v1), nullptr, &cartpilot_host_send};
  if (interface_id == nullptr) return nullptr;
  const std::string_view id = interface_id;
  if (id == CP_HOST_LOG) return &kLog;
  if (id == CP_HOST_HTTP) return &kHttp;
  return nullptr;
}

}  // extern "C"

}  // namespace

HostServices::HostServices(HttpTransport& transport, LogSink log)
    : transport_(transport), log_(std::move(log)) {}

std::shared_ptr<HostServices> HostServices::open(HttpTransport& transport, LogSink log) {
  std::shared_ptr<HostServices> services(new HostServices(transport, std::move(log)));
  OpenServices& open = open_services();
  const std::lock_guard<std::mutex> lock(open.mutex);
  open.list.erase(std::remove_if(open.list.begin(), open.list.end(),
                                 [](const auto& entry) { return entry.expired(); }),
                  open.list.end());
  open.list.push_back(services);
  return services;
}

const cp_host* HostServices::table() {
  static constexpr cp_host kHost = {sizeof(cp_host), CP_EPOCH, CP_REVISION, nullptr,
                                    &cartpilot_host_query};
  return &kHost;
}

void HostServices::close() {
  {
    OpenServices& open = open_services();
    const std::lock_guard<std::mutex> lock(open.mutex);
    open.list.erase(std::remove_if(open.list.begin(), open.list.end(),
                                   [this](const auto& entry) {
                                     const auto services = entry.lock();
                                     return !services || services.get() == this;
                                   }),
                    open.list.end());
  }
  std::unique_lock<std::mutex> lock(mutex_);
  closed_ = true;
  idle_.wait(lock, [this] { return running_ == 0; });
}

std::int32_t HostServices::send(const cp_call* call, cp_bytes request_json, cp_bytes body,
                                const cp_sink* out) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) {
      return detail::report(out, Error(ErrorCode::kUnavailable, "cartpilot is shutting down"),
                            SecretScrub());
    }
    ++running_;
  }
  CleanTransport transport(transport_);
  const std::int32_t status =
      detail::serve_http(transport, request_json, body, SendContext(call, closed_), out);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--running_ == 0) idle_.notify_all();
  return status;
}

HostServices::LogVerdict HostServices::count_line(std::string_view source) {
  const auto now = base::steady_now();
  const std::lock_guard<std::mutex> lock(log_mutex_);
  auto budget = log_budgets_.find(source);
  if (budget == log_budgets_.end()) budget = log_budgets_.emplace(source, LogBudget{now}).first;
  if (now - budget->second.begin >= std::chrono::seconds(1)) budget->second = {now};
  const int lines = ++budget->second.lines;
  return lines <= kMaxLogLinesPerSecond       ? LogVerdict::kPass
         : lines == kMaxLogLinesPerSecond + 1 ? LogVerdict::kSayDropping
                                              : LogVerdict::kDrop;
}

void HostServices::log(int level, std::string_view source, std::string_view line) noexcept {
  if (!log_ || closed_) return;
  try {
    const LogVerdict verdict = count_line(source);
    if (verdict == LogVerdict::kDrop) return;
    if (verdict == LogVerdict::kSayDropping) {
      log_(2, source,
           fmt::format("more than {} lines a second; the rest of this second is dropped",
                       kMaxLogLinesPerSecond));
      return;
    }
    // One line on a terminal; what a plugin prints must not steer it.
    log_(std::clamp(level, 0, 3), source, text::field(line, kMaxLogLine));
  } catch (...) {
    // A log line is not worth a failure.
  }
}

PluginScope::PluginScope(const std::shared_ptr<HostServices>& services, std::string_view plugin)
    : services_(services.get()), plugin_(plugin), outer_(current_scope) {
  current_scope = this;
}

PluginScope::~PluginScope() { current_scope = outer_; }

}  // namespace cartpilot::plugin
