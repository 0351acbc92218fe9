#include "parts/background_thread.h"

#include <sched.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace cartpilot::parts {
namespace {

struct Start {
  std::function<void()> work;
  std::optional<cpu_set_t> processors;  ///< where it may run once it has begun elsewhere
};

/// The processors this thread may use, when there is more than one.
std::optional<cpu_set_t> several_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed) != 0 ||
      CPU_COUNT(&allowed) < 2) {
    return std::nullopt;
  }
  return allowed;
}

class Attributes {
 public:
  Attributes() { ::pthread_attr_init(&attributes_); }
  ~Attributes() { ::pthread_attr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  void avoid_this_processor(cpu_set_t allowed) {
    const int here = ::sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE) return;
    CPU_CLR(static_cast<std::size_t>(here), &allowed);
    ::pthread_attr_setaffinity_np(&attributes_, sizeof allowed, &allowed);
  }
  const pthread_attr_t* get() const { return &attributes_; }

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
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  if (start->processors) {
    ::pthread_setaffinity_np(::pthread_self(), sizeof(cpu_set_t), &*start->processors);
  }
  start->work();
  return nullptr;
}

}  // namespace

BackgroundThread::BackgroundThread(std::function<void()> work) {
  auto start = std::make_unique<Start>(Start{std::move(work), several_processors()});
  Attributes elsewhere;
  if (start->processors) elsewhere.avoid_this_processor(*start->processors);
  const SignalsElsewhere scope;
  int problem = ::pthread_create(&thread_, elsewhere.get(), run, start.get());
  // The other processors may just have been taken from this process.
  if (problem == EINVAL) problem = ::pthread_create(&thread_, nullptr, run, start.get());
  if (problem != 0) throw std::system_error(problem, std::generic_category(), "no further thread");
  start.release();
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
