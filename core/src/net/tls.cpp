#include "net/tls.h"

#include <poll.h>
#include <stdlib.h>

#include <fmt/format.h>

#include "net/failure.h"
#include "net/tls_backend.h"

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

}  // namespace

TlsContext& TlsClient::context(const TrustPlaces& places) {
  const std::lock_guard lock(mutex_);
  if (!context_) context_ = make_tls_context(places);
  return *context_;
}

std::unique_ptr<TlsStream> TlsClient::secure(int descriptor, const std::string& host,
                                             CallLimits& limits) {
  using Step = TlsStream::Step;
  std::unique_ptr<TlsStream> stream = context(chosen_places()).wrap(descriptor, host);
  for (;;) {
    limits.check();
    const TlsStream::Progress progress = stream->shake_hands();
    switch (progress.step) {
      case Step::kDone: return stream;
      case Step::kRefused: refuse(host, progress.problem);
      case Step::kFailed: no_connection(host, progress.problem);
      case Step::kWantsRead: wait_for_descriptor(descriptor, POLLIN, limits); break;
      case Step::kWantsWrite: wait_for_descriptor(descriptor, POLLOUT, limits); break;
    }
  }
}

}  // namespace cartpilot::net
