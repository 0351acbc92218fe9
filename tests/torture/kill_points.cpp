// A library for LD_PRELOAD: counts what the program does to disk and network, kills it (SIGKILL) at
// a chosen one, and lets its time pass at once instead of waiting.
//
// Points are counted right before and right after every fsync, fdatasync, pwrite and send. Sleeps
// return at once and put the shared clock forward instead; every clock the program reads is ahead
// by what was slept. Nothing happens in a process that is not on a page (see shared_page.h): the
// harness itself loads this library and steps onto the page only after a fork.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "torture/shared_page.h"

namespace {

using cartpilot::torture::SharedPage;

constexpr std::int64_t kNanoseconds = 1'000'000'000;

SharedPage* shared = nullptr;

/// The C library's own function, looked up at its first use: other libraries run before this one is
/// initialised.
template <typename Function>
class Real {
 public:
  constexpr explicit Real(const char* name, const char* version = nullptr)
      : name_(name), version_(version) {}
  Function get() {
    void* found = found_.load();
    if (found == nullptr) {
      found =
          version_ == nullptr ? ::dlsym(RTLD_NEXT, name_) : ::dlvsym(RTLD_NEXT, name_, version_);
      found_.store(found);
    }
    return reinterpret_cast<Function>(found);
  }

 private:
  const char* name_;
  const char* version_;
  std::atomic<void*> found_{nullptr};
};

/// Passes one point; does not return from the chosen one.
void pass_point() {
  if (shared == nullptr) return;
  const std::int64_t point = ++shared->points;
  if (point == shared->kill_at.load()) {
    ::syscall(SYS_kill, ::getpid(), SIGKILL);
    for (;;) ::pause();
  }
}

bool disk_fails() {
  if (shared == nullptr) return false;
  const std::int64_t from = shared->fail_from.load();
  return from > 0 && shared->points.load() >= from;
}

std::int64_t warp() { return shared == nullptr ? 0 : shared->warp_ns.load(); }

void add(timespec& time, std::int64_t nanoseconds) {
  const std::int64_t sum = time.tv_nsec + nanoseconds;
  time.tv_sec += sum / kNanoseconds;
  time.tv_nsec = sum % kNanoseconds;
  if (time.tv_nsec < 0) {
    time.tv_nsec += kNanoseconds;
    --time.tv_sec;
  }
}

bool runs_with_the_wall(clockid_t clock) {
  return clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID && clock >= 0;
}

std::int64_t as_nanoseconds(const timespec& time) {
  return time.tv_sec * kNanoseconds + time.tv_nsec;
}

using GetTime = int (*)(clockid_t, timespec*);
using Sync = int (*)(int);
using Write = ssize_t (*)(int, const void*, size_t, off64_t);
using Send = ssize_t (*)(int, const void*, size_t, int);
using TimedWait = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
using ClockWait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
using Sleep = int (*)(const timespec*, timespec*);
using ClockSleep = int (*)(clockid_t, int, const timespec*, timespec*);

constinit Real<GetTime> real_clock_gettime("clock_gettime");
constinit Real<Sync> real_fsync("fsync");
constinit Real<Sync> real_fdatasync("fdatasync");
constinit Real<Write> real_pwrite("pwrite64");
constinit Real<Send> real_send("send");
constinit Real<TimedWait> real_timedwait("pthread_cond_timedwait", "GLIBC_2.3.2");
constinit Real<ClockWait> real_clockwait("pthread_cond_clockwait");
constinit Real<Sleep> real_nanosleep("nanosleep");
constinit Real<ClockSleep> real_clock_nanosleep("clock_nanosleep");

ssize_t write_at(int descriptor, const void* bytes, size_t size, off64_t offset) {
  pass_point();
  if (disk_fails()) {
    errno = ENOSPC;
    return -1;
  }
  const ssize_t written = real_pwrite.get()(descriptor, bytes, size, offset);
  pass_point();
  return written;
}

int sync_with(Real<Sync>& real, int descriptor) {
  pass_point();
  if (disk_fails()) {
    errno = EIO;
    return -1;
  }
  const int result = real.get()(descriptor);
  pass_point();
  return result;
}

}  // namespace

#define CARTPILOT_STAND_IN extern "C" __attribute__((visibility("default")))

/// Puts this process on the page in the file, or takes it off (nullptr).
CARTPILOT_STAND_IN void cartpilot_torture_enter(void* page) {
  shared = static_cast<SharedPage*>(page);
}

__attribute__((constructor)) static void enter_by_environment() {
  const char* path = std::getenv(cartpilot::torture::kSharedPageVariable);
  if (path == nullptr) return;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* page = ::mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (page != MAP_FAILED) shared = static_cast<SharedPage*>(page);
}

CARTPILOT_STAND_IN ssize_t pwrite64(int descriptor, const void* bytes, size_t size,
                                    off64_t offset) {
  return write_at(descriptor, bytes, size, offset);
}
CARTPILOT_STAND_IN ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  return write_at(descriptor, bytes, size, offset);
}
CARTPILOT_STAND_IN int fsync(int descriptor) { return sync_with(real_fsync, descriptor); }
CARTPILOT_STAND_IN int fdatasync(int descriptor) { return sync_with(real_fdatasync, descriptor); }

CARTPILOT_STAND_IN ssize_t send(int descriptor, const void* bytes, size_t size, int flags) {
  pass_point();
  const ssize_t sent = real_send.get()(descriptor, bytes, size, flags);
  pass_point();
  return sent;
}

CARTPILOT_STAND_IN int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int result = real_clock_gettime.get()(clock, time);
  if (result == 0 && runs_with_the_wall(clock)) add(*time, warp());
  return result;
}
CARTPILOT_STAND_IN int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
CARTPILOT_STAND_IN time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

CARTPILOT_STAND_IN int nanosleep(const timespec* length, timespec* left) {
  if (shared == nullptr) return real_nanosleep.get()(length, left);
  shared->warp_ns += as_nanoseconds(*length);
  return 0;
}
CARTPILOT_STAND_IN int clock_nanosleep(clockid_t clock, int flags, const timespec* length,
                                       timespec* left) {
  if (shared == nullptr) return real_clock_nanosleep.get()(clock, flags, length, left);
  std::int64_t wait = as_nanoseconds(*length);
  if ((flags & TIMER_ABSTIME) != 0) {
    timespec now{};
    clock_gettime(clock, &now);
    wait -= as_nanoseconds(now);
  }
  if (wait > 0) shared->warp_ns += wait;
  return 0;
}

// Deadlines are made from a clock that is ahead; the kernel's is not.
CARTPILOT_STAND_IN int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                              const timespec* until) {
  timespec real = *until;
  add(real, -warp());
  return real_timedwait.get()(condition, mutex, &real);
}
CARTPILOT_STAND_IN int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                              clockid_t clock, const timespec* until) {
  timespec real = *until;
  add(real, -warp());
  return real_clockwait.get()(condition, mutex, clock, &real);
}
