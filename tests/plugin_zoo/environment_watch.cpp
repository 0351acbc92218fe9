// A library for LD_PRELOAD: writes to the file CARTPILOT_TEST_ENVIRONMENT_WATCH which threads of
// the program are begun and end, and who reads or changes environment variables, in the order it
// happens.
//
// Lines "PROCESS begin THREAD", "PROCESS end THREAD", "PROCESS read THREAD NAME", "PROCESS change
// THREAD NAME"; the first thread is 0 and its reading is not told.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace {

std::atomic<int> last_thread{0};
thread_local int this_thread = 0;

/// Does not call what is watched.
const char* find(const char* name) {
  const std::size_t length = std::strlen(name);
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    if (std::strncmp(*line, name, length) == 0 && (*line)[length] == '=') return *line + length + 1;
  }
  return nullptr;
}

void note(const char* what, int thread, const char* name = "") {
  static const int file = [] {
    const char* const path = find("CARTPILOT_TEST_ENVIRONMENT_WATCH");
    return path == nullptr ? -1 : ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  }();
  char line[256];
  const int size =
      std::snprintf(line, sizeof line, "%d %s %d %s\n", ::getpid(), what, thread, name);
  if (file >= 0 && ::write(file, line, static_cast<std::size_t>(size)) != size) std::abort();
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

const char* read(const char* name) {
  if (this_thread != 0) note("read", this_thread, name);
  return find(name);
}

struct Begun {
  int thread;
  void* (*work)(void*);
  void* argument;
};

void* run(void* argument) {
  const Begun begun = *static_cast<Begun*>(argument);
  delete static_cast<Begun*>(argument);
  this_thread = begun.thread;
  void* const result = begun.work(begun.argument);
  note("end", begun.thread);
  return result;
}

}  // namespace

extern "C" {

char* getenv(const char* name) { return const_cast<char*>(read(name)); }

char* secure_getenv(const char* name) { return const_cast<char*>(read(name)); }

int setenv(const char* name, const char* value, int overwrite) {
  static const auto next = real<int (*)(const char*, const char*, int)>("setenv");
  note("change", this_thread, name);
  return next(name, value, overwrite);
}

int unsetenv(const char* name) {
  static const auto next = real<int (*)(const char*)>("unsetenv");
  note("change", this_thread, name);
  return next(name);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*work)(void*),
                   void* argument) {
  static const auto next =
      real<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  auto* const begun = new Begun{++last_thread, work, argument};
  note("begin", begun->thread);
  return next(thread, attributes, &run, begun);
}
}
