// Both sides' tools for the C boundary: byte views, emitting, and turning exceptions into status
// codes and back.
//
// Plugins get this through plugin.h and need not read it; the host's proxies use it too. Nothing
// here throws across the boundary: guarded() is the only way from C++ code to a status. No state.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/detail/characters.h"
#include "cartpilot/detail/secret_scrub.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/detail/wire_event.h"
#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

/// Largest CP_EMIT_ERROR payload.
constexpr std::size_t kMaxErrorBytes = 8 * 1024;

inline cp_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }

inline std::string_view view(cp_bytes data) {
  return data.ptr == nullptr ? std::string_view()
                             : std::string_view(data.ptr, static_cast<std::size_t>(data.len));
}

/// Hands one payload to the receiver. False when it wants no more.
inline bool emit(const cp_sink* sink, std::int32_t kind, std::string_view payload) {
  if (sink == nullptr || !CP_HAS(cp_sink, sink, emit)) return true;
  return sink->emit(sink->ctx, kind, bytes(payload)) == 0;
}

/// The error's JSON, without secrets, within kMaxErrorBytes.
inline std::string error_payload(const Error& error, const SecretScrub& scrub) {
  Error clean = error.with_message(cut_text(scrub.apply(error.what()), kMaxErrorBytes - 1024));
  clean.request_id = cut_text(scrub.apply(error.request_id), 256);
  clean.reason = cut_text(scrub.apply(error.reason), 128);
  std::string text = dump_json(error_to_json(clean));
  // Escaping may have blown the message up.
  for (std::size_t limit = kMaxErrorBytes / 2; text.size() > kMaxErrorBytes; limit /= 2) {
    text = dump_json(error_to_json(clean.with_message(cut_text(clean.what(), limit))));
  }
  return text;
}

/// Emits `error` and returns its status. Never CP_OK.
inline std::int32_t report(const cp_sink* out, const Error& error,
                           const SecretScrub& scrub) noexcept {
  const auto number = static_cast<std::int32_t>(error.code);
  const std::int32_t status = number > CP_OK && number <= CP_INTERNAL ? number : CP_INTERNAL;
  try {
    emit(out, CP_EMIT_ERROR, error_payload(error, scrub));
  } catch (...) {
    emit(out, CP_EMIT_ERROR, R"({"code":"internal","message":"out of memory"})");
  }
  return status;
}

/// Runs `body`; whatever it throws becomes CP_EMIT_ERROR on `out` and a status. Cancelling the
/// thread (pthread_cancel) or leaving it (pthread_exit) inside `body` ends the process.
template <class Body>
std::int32_t guarded(const cp_sink* out, const SecretScrub& scrub, Body&& body) noexcept {
  try {
    body();
    return CP_OK;
  } catch (const Error& error) {
    return report(out, error, scrub);
  } catch (const Json::exception& error) {
    return report(out, Error(ErrorCode::kProtocol, json_problem(error)), scrub);
  } catch (const std::bad_alloc&) {
    return report(out, Error(ErrorCode::kInternal, "out of memory"), scrub);
  } catch (const std::exception& error) {
    const char* what = error.what();
    return report(out, Error(ErrorCode::kInternal, what == nullptr ? "unnamed exception" : what),
                  scrub);
  } catch (...) {
    return report(out, Error(ErrorCode::kInternal, "unknown exception"), scrub);
  }
}

/// The Error of a call that returned `status` (not CP_OK) and emitted `payload`, if anything.
/// `what` names the call ("chat of plugin acme"). The status decides the code.
inline Error error_of(std::int32_t status, const std::optional<std::string>& payload,
                      const std::string& what) {
  const bool known = status > CP_OK && status <= CP_INTERNAL;
  const ErrorCode code = known ? static_cast<ErrorCode>(status) : ErrorCode::kInternal;
  const std::string number =
      known ? std::string() : " (unknown status " + std::to_string(status) + ")";
  if (!payload) {
    return Error(
        code, what + " failed without a message: " + std::string(error_code_name(code)) + number);
  }
  try {
    const Error read = error_from_json(parse_json(*payload, "error"));
    Error error(code, read.what() + number);
    error.retryable = read.retryable;
    error.retry_after_ms = read.retry_after_ms;
    error.http_status = read.http_status;
    error.request_id = read.request_id;
    error.reason = read.reason;
    return error;
  } catch (const Error& problem) {
    return Error(ErrorCode::kProtocol,
                 what + " failed with an unreadable error: " + problem.what() + number);
  }
}

/// The caller's wish to stop, seen through cp_call. The cp_call outlives this object.
class ForeignContext final : public CallContext {
 public:
  explicit ForeignContext(const cp_call* call) : call_(call) {}
  bool cancelled() const noexcept override {
    return call_ != nullptr && CP_HAS(cp_call, call_, cancelled) &&
           call_->cancelled(call_->ctx) != 0;
  }
  std::int64_t deadline_unix_ms() const noexcept override {
    constexpr std::size_t kEnd = offsetof(cp_call, deadline_unix_ms) + sizeof(std::int64_t);
    return call_ != nullptr && call_->struct_size >= kEnd ? call_->deadline_unix_ms : 0;
  }

 private:
  const cp_call* call_;
};

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
