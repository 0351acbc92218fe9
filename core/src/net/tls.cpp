#include "net/tls.h"

#include <Poco/Exception.h>
#include <poll.h>
#include <stdlib.h>

#include <fmt/format.h>

#include "net/failure.h"
#include "net/tls_backend.h"
#include "net/tls_operation.h"
#include "parts/program_part.h"

namespace cartpilot::net {
namespace {

[[noreturn]] void refuse(const std::string& host, const std::string& why) {
  fail(ErrorCode::kUnavailable, "tls",
       fmt::format("the certificate of {} was refused: {}; check the address and the system's "
                   "certificates",
                   host, why));
}

[[noreturn]] void no_connection(const std::string& host, const std::string& why) {
  fail_unavailable("tls", fmt::format("no secure connection to {}: {}; try again, or check the "
                                      "address",
                                      host, why));
}

/// Read by the caller: other threads must not look at the environment while plugins are loaded.
TrustPlaces chosen_places() {
  const auto variable = [](const char* name) -> std::string {
    const char* const value = ::secure_getenv(name);
    return value == nullptr ? "" : value;
  };
  TrustPlaces places;
  places.file = variable("SSL_CERT_FILE");
  places.folder = variable("SSL_CERT_DIR");
  places.file_first = !places.file.empty();
  return places;
}

TlsBackend* load_backend() {
  try {
    void* const function = parts::open_part("cartpilot-tls.so", "cartpilot_part_tls_backend");
    return reinterpret_cast<TlsBackend* (*)()>(function)();
  } catch (const Error& error) {
    fail(ErrorCode::kUnavailable, "tls", fmt::format("https is not possible: {}", error.what()));
  }
}

}  // namespace

TlsBackend& tls_backend() {
  static TlsBackend* const backend = load_backend();  // tried again after a failure
  return *backend;
}

TlsContext& TlsClient::context(const TrustPlaces& places) {
  const std::lock_guard lock(mutex_);
  if (!context_) context_ = tls_backend().make_context(places);
  return *context_;
}

TlsClient::~TlsClient() { await(); }

void TlsClient::await() {
  parts::BackgroundThread preparing;
  {
    const std::lock_guard lock(mutex_);
    preparing = std::move(preparing_);
  }
  preparing.join();
}

void TlsClient::prepare() {
  const std::lock_guard lock(mutex_);
  if (context_ || preparing_.joinable()) return;
  preparing_ = parts::BackgroundThread([this, places = chosen_places()] {
    try {
      context(places);
    } catch (const std::exception&) {  // NOLINT: secure() tries again and tells
    }
  });
}

Poco::Net::StreamSocket TlsClient::secure(const Poco::Net::StreamSocket& socket,
                                          const std::string& host, CallLimits& limits) {
  using Step = TlsContext::Step;
  const TlsOperation operation;  // first in, last out: a socket given up says goodbye under it
  try {
    TlsContext& tls = context(chosen_places());
    Poco::Net::StreamSocket secured = tls.wrap(socket, host);
    for (;;) {
      limits.check();
      const TlsContext::Progress progress = tls.shake_hands(secured, host);
      switch (progress.step) {
        case Step::kDone: return secured;
        case Step::kClosed: fail_unavailable("tls", host + " closed the connection; try again");
        case Step::kRefused: refuse(host, progress.problem);
        case Step::kFailed: no_connection(host, progress.problem);
        case Step::kWantsRead:
        case Step::kWantsWrite: break;
      }
      wait_for_descriptor(socket.impl()->sockfd(),
                          progress.step == Step::kWantsWrite ? POLLOUT : POLLIN, limits);
    }
  } catch (const Poco::Exception& e) {
    no_connection(host, e.message());
  }
}

}  // namespace cartpilot::net
