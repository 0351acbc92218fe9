// Records that a confirm is about to be sent, then dies the hard way: what a power button does to
// the program at its worst moment. Arguments: state file, attempt, the time in Unix milliseconds.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "cartpilot/error.h"
#include "fakes/store/test_state.h"
#include "purchase/journal.h"

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    cartpilot::store::StateDb db(cartpilot::store::open_test_state(arguments[1]));
    const std::int64_t now = std::atoll(arguments[3]);
    cartpilot::purchase::PurchaseJournal journal(db, [now] { return now; });
    journal.begin_send(arguments[2]);
  } catch (const cartpilot::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  ::kill(::getpid(), SIGKILL);
  return 0;
}
