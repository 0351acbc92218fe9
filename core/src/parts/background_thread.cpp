#include "parts/background_thread.h"

#include <sched.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>
#include <utility>

namespace cartpilot::parts {
namespace {

/// For a thread on any processor this one may use but the one it is on, if there is another.
class Elsewhere {
 public:
  Elsewhere() {
    ::pthread_attr_init(&attributes_);
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const int here = ::sched_getcpu();
    if (::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed) != 0 || here < 0 ||
        here >= CPU_SETSIZE) {
      return;
    }
    CPU_CLR(static_cast<std::size_t>(here), &allowed);
    if (CPU_COUNT(&allowed) == 0) return;
    ::pthread_attr_setaffinity_np(&attributes_, sizeof allowed, &allowed);
  }
  ~Elsewhere() { ::pthread_attr_destroy(&attributes_); }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

  const pthread_attr_t* attributes() const { return &attributes_; }

 private:
  pthread_attr_t attributes_;
};

/// A new thread begins with the mask of its maker.
class SignalsElsewhere {
 public:
  SignalsElsewhere() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsElsewhere() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsElsewhere(const SignalsElsewhere&) = delete;
  SignalsElsewhere& operator=(const SignalsElsewhere&) = delete;

 private:
  sigset_t before_;
};

void* run(void* argument) {
  const std::unique_ptr<std::function<void()>> work(static_cast<std::function<void()>*>(argument));
  (*work)();
  return nullptr;
}

}  // namespace

BackgroundThread::BackgroundThread(std::function<void()> work) {
  auto owned = std::make_unique<std::function<void()>>(std::move(work));
  const Elsewhere elsewhere;
  const SignalsElsewhere scope;
  int problem = ::pthread_create(&thread_, elsewhere.attributes(), run, owned.get());
  // The other processors may just have been taken from this process.
  if (problem == EINVAL) problem = ::pthread_create(&thread_, nullptr, run, owned.get());
  if (problem != 0) throw std::system_error(problem, std::generic_category(), "no further thread");
  owned.release();
  joinable_ = true;
}

BackgroundThread::~BackgroundThread() { join(); }

BackgroundThread::BackgroundThread(BackgroundThread&& other) noexcept
    : thread_(other.thread_), joinable_(std::exchange(other.joinable_, false)) {}

BackgroundThread& BackgroundThread::operator=(BackgroundThread&& other) noexcept {
  join();
  thread_ = other.thread_;
  joinable_ = std::exchange(other.joinable_, false);
  return *this;
}

void BackgroundThread::join() {
  if (std::exchange(joinable_, false)) ::pthread_join(thread_, nullptr);
}

}  // namespace cartpilot::parts
