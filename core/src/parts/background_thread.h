// background_thread(): a thread that works for the program and gets none of its signals, which are
// for the thread that talks to the person. The caller joins it.
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace cartpilot::parts {

template <class Work>
std::thread background_thread(Work work) {
  struct SignalsElsewhere {
    SignalsElsewhere() {
      sigset_t all;
      sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~SignalsElsewhere() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before;
  };
  const SignalsElsewhere scope;  // a new thread begins with the mask of its maker
  return std::thread(std::move(work));
}

}  // namespace cartpilot::parts
