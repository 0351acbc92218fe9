// FakeHost: the program as a plugin sees it, without the program.
//
// Gives out the same C table as cartpilot does, with a log that is kept and with FakeHttp behind
// the HTTP service. A plugin keeps the table for ever, so a FakeHost must outlive every plugin it
// was given to; tests usually make one static. The services may be called from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/abi.h"
#include "cartpilot/testing/fake_http.h"

namespace cartpilot::testing {

class FakeHost {
 public:
  FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  /// What cp_plugin.init is given.
  const cp_host* table() const { return &table_; }

  FakeHttp& http() { return http_; }

  /// From now on query() answers null for this service ("cartpilot.host.http/1").
  void withhold(const std::string& interface_id);

  /// Lines the plugin logged.
  std::vector<std::string> log() const;

  /// How the plugin passed on the call it was in, one entry for every HTTP request.
  struct PassedCall {
    bool present = false;
    std::int64_t deadline_unix_ms = 0;
  };
  std::vector<PassedCall> passed_calls() const;

 private:
  static const void* query(void* self, const char* interface_id) noexcept;
  static std::int32_t send(void* self, const cp_call* call, cp_bytes request_json, cp_bytes body,
                           const cp_sink* out) noexcept;
  static void write_log(void* self, std::int32_t level, cp_bytes line) noexcept;

  cp_host table_;
  cp_host_http_v1 http_table_;
  cp_host_log_v1 log_table_;
  FakeHttp http_;
  mutable std::mutex mutex_;
  std::set<std::string> withheld_;
  std::vector<std::string> log_;
  std::vector<PassedCall> passed_calls_;
};

}  // namespace cartpilot::testing
