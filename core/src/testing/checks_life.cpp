// Checks of the life of objects: making, breaking and ending them.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "testing/check_child.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

std::size_t count_entries(const char* directory) {
  std::size_t count = 0;
  DIR* listing = ::opendir(directory);
  if (listing == nullptr) return 0;
  while (::readdir(listing) != nullptr) ++count;
  ::closedir(listing);
  return count;
}

/// A thread that was joined may be seen for a moment longer.
std::size_t threads_when_settled(std::size_t expected) {
  for (int i = 0; i < 50 && count_entries("/proc/self/task") > expected; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return count_entries("/proc/self/task");
}

std::size_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

void create_destroy(const Subject& subject) {
  Bench bench(subject);
  const auto round = [&] {
    Instance instance = bench.make();
    instance.destroy();
  };
  for (int i = 0; i < 20; ++i) round();
  const std::size_t files = count_entries("/proc/self/fd");
  const std::size_t threads = count_entries("/proc/self/task");
  const std::size_t memory = resident_kib();
  for (int i = 0; i < 100; ++i) round();
  expect(count_entries("/proc/self/fd") <= files, "making 100 objects leaves files open");
  expect(threads_when_settled(threads) <= threads, "making 100 objects leaves threads running");
  const std::size_t grown = resident_kib() - std::min(memory, resident_kib());
  expect(grown < 4096, "making 100 objects costs " + std::to_string(grown) + " KiB for ever");
}

void create_empty_config(const Subject& subject) {
  Bench bench(subject);
  Instance instance = bench.plugin().make(bench.plugin().main_interface(), "{}");
  instance.destroy();
}

void create_bad_json(const Subject& subject) {
  Bench bench(subject);
  const Interface interface = bench.plugin().main_interface();
  for (const char* config : {"{", "", "[1,2", "\xff\xfe"}) {
    void* self = nullptr;
    const CallOutcome outcome =
        bench.plugin().create(interface, bench.plugin().factories(interface).front(), config, self);
    expect(!outcome.threw, "create() threw an exception");
    if (self == nullptr) {
      expect(!outcome.errors.empty(), "create() refused a broken config without saying why");
    } else {
      Instance(bench.plugin(), interface, self).destroy();
    }
  }
}

void missing_key(const Subject& subject) {
  Bench bench(subject);
  const std::vector<std::string> keys = bench.key_variables();
  if (keys.empty()) skip_check("it asks for no key");
  const Instance instance = bench.plugin().make(Interface::kProvider, Bench::bare_config());
  const CallOutcome outcome = instance.check();
  expect(outcome.status == CP_UNAUTHENTICATED,
         "check() without a key answers " + outcome.description() + " instead of unauthenticated");
  const std::string text = outcome.error().what();
  const bool named = std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return text.find(key) != std::string::npos;
  });
  expect(named, "the message about a missing key names no variable: " + text);
}

/// Asks something small: a tool set for its list, a provider for its description.
CallOutcome greet(const Instance& instance, Interface interface) {
  return interface == Interface::kToolSet ? instance.list() : instance.info();
}

void two_instances(const Subject& subject) {
  Bench bench(subject);
  const Interface interface = bench.plugin().main_interface();
  Instance first = bench.make();
  Instance second = bench.make();
  expect(first.self() != second.self(), "two objects are one");
  first.destroy();
  const CallOutcome outcome = greet(second, interface);
  expect(outcome.ok() || outcome.status == CP_UNSUPPORTED,
         "destroying one object broke another: " + outcome.description());
  second.destroy();
}

void destroy_after_error(const Subject& subject) {
  Bench bench(subject);
  Instance instance = bench.make();
  if (bench.plugin().main_interface() == Interface::kProvider) {
    instance.chat("{\"messages\":5}");
  } else {
    instance.call("no_such_tool", "{}");
  }
  instance.destroy();
}

void shutdown_after_destroy(const Subject& subject) {
  Bench bench(subject);
  Instance instance = bench.make();
  instance.destroy();
  bench.plugin().shutdown();
}

void no_thread_after_shutdown(const Subject& subject) {
  const std::size_t before = count_entries("/proc/self/task");
  Bench bench(subject);
  Instance instance = bench.make();
  instance.destroy();
  bench.plugin().shutdown();
  expect(threads_when_settled(before) <= before, "a thread of it runs on after shutdown");
}

void exit_after_shutdown(const Subject& subject) {
  // exit() runs what the library registered for the end of the process; a child of this child
  // says how that went.
  const CheckEnd end = run_in_child(subject.options->deadline_ms, [&] {
    Bench bench(subject);
    Instance instance = bench.make();
    instance.destroy();
    bench.plugin().shutdown();
    std::exit(77);
  });
  expect(end.message.find("exit status 77") != std::string::npos,
         "the process could not end properly after shutdown: " + end.message);
}

}  // namespace

void add_life_checks(std::vector<Check>& checks) {
  CheckList list(checks, kObjectNeeds);
  list.add("create-destroy-100", "loses no memory, file or thread when objects come and go",
           create_destroy);
  list.add("create-empty-config", "makes an object from an empty configuration",
           create_empty_config);
  list.add("create-bad-json", "survives a configuration that is no JSON", create_bad_json);
  list.add("create-missing-key", "says which key is missing when it is asked, not before",
           missing_key);
  list.add("two-instances", "keeps its objects apart", two_instances);
  list.add("destroy-after-error", "can be destroyed after a call failed", destroy_after_error);
  list.add("shutdown-after-destroy", "shuts down after its last object is gone",
           shutdown_after_destroy);
  const std::vector<std::string> ended = {"load-now-local", "declared-interfaces-present",
                                          "shutdown-after-destroy"};
  list.add("no-thread-after-shutdown", "leaves no thread behind", ended, no_thread_after_shutdown);
  list.add("exit-after-shutdown", "lets the process end", ended, exit_after_shutdown);
}

}  // namespace cartpilot::testing
