// TlsOperation: around every call into OpenSSL that may read or write.
//
// Two things of the calling thread would otherwise meddle. Errors left in OpenSSL's queue by an
// earlier failure would be taken for errors of this call. And OpenSSL writes with write(2), which
// raises SIGPIPE when the other side is gone; the signal is held back for this thread only and
// swallowed if it was ours, so a program that relies on SIGPIPE (`cartpilot ... | head`) keeps it.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <ctime>

#include "net/tls_backend.h"

namespace cartpilot::net {

class TlsOperation {
 public:
  explicit TlsOperation(bool needed = true) : needed_(needed) {
    if (!needed_) return;
    tls_backend().clear_errors();
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigset_t block = only_sigpipe();
    pthread_sigmask(SIG_BLOCK, &block, &before_);
  }
  ~TlsOperation() {
    if (!needed_) return;
    if (!was_pending_) {
      const sigset_t set = only_sigpipe();
      const timespec at_once{0, 0};
      sigtimedwait(&set, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  TlsOperation(const TlsOperation&) = delete;
  TlsOperation& operator=(const TlsOperation&) = delete;

 private:
  static sigset_t only_sigpipe() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
  }

  bool needed_;
  bool was_pending_ = false;
  sigset_t before_{};
};

}  // namespace cartpilot::net
