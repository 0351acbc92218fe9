#include "cartpilot/testing/fake_host.h"

#include <string_view>

#include "cartpilot/detail/host_http.h"

namespace cartpilot::testing {

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
  const detail::ForeignContext context(call);
  {
    const std::lock_guard<std::mutex> lock(host.mutex_);
    host.passed_calls_.push_back({call != nullptr, context.deadline_unix_ms()});
  }
  return detail::serve_http(host.http_, request_json, body, context, out);
}

void FakeHost::write_log(void* self, std::int32_t, cp_bytes line) noexcept {
  auto& host = *static_cast<FakeHost*>(self);
  const std::lock_guard<std::mutex> lock(host.mutex_);
  host.log_.emplace_back(detail::view(line));
}

}  // namespace cartpilot::testing
