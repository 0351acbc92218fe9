#include "cartpilot/testing/fake_host.h"

#include <string_view>

#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/wire_request.h"

namespace cartpilot::testing {
namespace {

/// Feeds an answer to the plugin's sink, like the program does.
class PieceSink final : public HttpSink {
 public:
  explicit PieceSink(const cp_sink* out) : out_(out) {}

  void on_head(const HttpHead& head) override {
    wanted_ = detail::emit(out_, CP_EMIT_HTTP_HEAD, dump_json(http_head_to_json(head)));
  }

  bool on_event(const HttpEvent& event) override {
    if (!wanted_) return false;
    switch (event.kind) {
      case HttpEvent::Kind::kBody:
        wanted_ = detail::emit(out_, CP_EMIT_HTTP_BODY, event.data);
        break;
      case HttpEvent::Kind::kStray:
        wanted_ = detail::emit(out_, CP_EMIT_HTTP_STRAY, event.data);
        break;
      case HttpEvent::Kind::kEvent:
        wanted_ = (event.name.empty() || detail::emit(out_, CP_EMIT_SSE_NAME, event.name)) &&
                  detail::emit(out_, CP_EMIT_SSE_DATA, event.data);
        break;
    }
    return wanted_;
  }

 private:
  const cp_sink* out_;
  bool wanted_ = true;
};

}  // namespace

FakeHost::FakeHost()
    : table_{sizeof(cp_host), CP_EPOCH, CP_REVISION, this, &FakeHost::query},
      http_table_{sizeof(cp_host_http_v1), this, &FakeHost::send},
      log_table_{sizeof(cp_host_log_v1), this, &FakeHost::write_log} {}

void FakeHost::withhold(const std::string& interface_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  withheld_.insert(interface_id);
}

std::vector<std::string> FakeHost::log() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return log_;
}

std::vector<FakeHost::PassedCall> FakeHost::passed_calls() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return passed_calls_;
}

const void* FakeHost::query(void* self, const char* interface_id) noexcept {
  auto& host = *static_cast<FakeHost*>(self);
  if (interface_id == nullptr) return nullptr;
  const std::string id = interface_id;
  const std::lock_guard<std::mutex> lock(host.mutex_);
  if (host.withheld_.count(id) != 0) return nullptr;
  if (id == CP_HOST_HTTP) return &host.http_table_;
  if (id == CP_HOST_LOG) return &host.log_table_;
  return nullptr;
}

std::int32_t FakeHost::send(void* self, const cp_call* call, cp_bytes request_json, cp_bytes body,
                            const cp_sink* out) noexcept {
  auto& host = *static_cast<FakeHost*>(self);
  return detail::guarded(out, SecretScrub(), [&] {
    const detail::ForeignContext context(call);
    {
      const std::lock_guard<std::mutex> lock(host.mutex_);
      host.passed_calls_.push_back({call != nullptr, context.deadline_unix_ms()});
    }
    HttpRequest request =
        http_request_from_json(parse_json(detail::view(request_json), "HTTP request"));
    request.body = std::string(detail::view(body));
    PieceSink sink(out);
    host.http_.send(request, sink, context);
  });
}

void FakeHost::write_log(void* self, std::int32_t, cp_bytes line) noexcept {
  auto& host = *static_cast<FakeHost*>(self);
  const std::lock_guard<std::mutex> lock(host.mutex_);
  host.log_.emplace_back(detail::view(line));
}

}  // namespace cartpilot::testing
