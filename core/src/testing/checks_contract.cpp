// Checks of the rules that hold for every call, whatever it does.
#include <chrono>
#include <thread>

#include "cartpilot/detail/wire.h"
#include "testing/argument_maker.h"
#include "testing/conversation.h"

namespace cartpilot::testing {
namespace {

/// A provider or tool set at work: a call that should succeed, and one that should fail.
class Worker {
 public:
  explicit Worker(const Subject& subject)
      : bench_(subject),
        samples_(subject.options->samples_file),
        interface_(bench_.plugin().main_interface()),
        instance_(bench_.make()) {
    bench_.host().http().script(
        [this](const HttpRequest& request) { return samples_.answer(request, Scenario::kText); });
  }

  CallOutcome succeed(Line& line = new_line()) {
    if (interface_ == Interface::kProvider) return instance_.chat(question(true), line);
    if (tool_.name.empty()) find_tool();
    if (tool_.name.empty()) return instance_.list(line);
    return instance_.call(tool_.name, dump_json(ArgumentMaker(1).fitting(tool_.parameters)), line);
  }
  CallOutcome fail(Line& line = new_line()) {
    return interface_ == Interface::kProvider ? instance_.chat("{\"messages\":5}", line)
                                              : instance_.call("no_such_tool", "{}", line);
  }
  Interface interface() const { return interface_; }
  Instance& instance() { return instance_; }
  Bench& bench() { return bench_; }

 private:
  /// The first tool that only reads.
  void find_tool() {
    const CallOutcome listed = instance_.list();
    if (!listed.ok() || listed.results.empty()) return;
    for (const ToolSpec& tool :
         list_from_json(parse_json(listed.results[0], "tools"), tool_spec_from_json, "tools")) {
      if (tool.effect != EffectClass::kRead) continue;
      tool_ = tool;
      return;
    }
  }

  Bench bench_;
  AnswerSamples samples_;
  Interface interface_;
  Instance instance_;
  ToolSpec tool_;
};

void only_during_call(const Subject& subject) {
  Worker worker(subject);
  Line& first = new_line();
  worker.succeed(first);
  worker.succeed();
  worker.fail();
  expect(first.late_emissions() == 0, "it emitted through the sink of a call that had returned");
}

void on_calling_thread(const Subject& subject) {
  Worker worker(subject);
  Line& line = new_line();
  worker.succeed(line);
  expect(line.foreign_emissions() == 0, "it emitted from another thread than the one that called");
}

void nothing_after_destroy(const Subject& subject) {
  Worker worker(subject);
  Line& line = new_line();
  worker.succeed(line);
  const std::size_t before = line.late_emissions();
  worker.instance().destroy();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  expect(line.late_emissions() == before, "it emitted while or after it was destroyed");
}

void error_with_status(const Subject& subject) {
  Worker worker(subject);
  const CallOutcome outcome = worker.fail();
  if (outcome.status == CP_OK) return;
  expect(outcome.errors.size() == 1, "a call failed with status " + std::to_string(outcome.status) +
                                         " and " + std::to_string(outcome.errors.size()) +
                                         " error messages instead of one");
  const Error error = error_from_json(parse_json(outcome.errors[0], "error"));
  expect(std::string(error.what()).size() > 3, "the error has no message");
  expect(outcome.errors[0].size() <= 8 * 1024, "the error is larger than 8 KiB");
}

void not_both(const Subject& subject) {
  Worker worker(subject);
  for (const CallOutcome& outcome : {worker.succeed(), worker.fail()}) {
    expect(outcome.results.empty() || outcome.errors.empty(),
           "one call emitted both a result and an error");
    expect(outcome.status != CP_OK || outcome.errors.empty(),
           "a call reported success and emitted an error");
    expect(outcome.results.size() <= 1, "one call emitted two results");
  }
}

void exceptions_contained(const Subject& subject) {
  Worker worker(subject);
  Bench& bench = worker.bench();
  for (const char* config : {R"({"environment":5})", R"({"options":[1]})", "[]", "\"\""}) {
    void* self = nullptr;
    const CallOutcome outcome = bench.plugin().create(
        worker.interface(), bench.plugin().factories(worker.interface()).front(), config, self);
    expect(!outcome.threw, std::string("create() threw for the configuration ") + config);
  }
  for (const char* text :
       {"[]", "5", R"({"messages":[5]})", R"({"messages":[{"role":"nobody"}]})"}) {
    if (worker.interface() == Interface::kProvider) {
      const CallOutcome outcome = worker.instance().chat(text);
      expect(!outcome.threw, std::string("chat() threw for ") + text);
      worker.instance().function_declarations(text);
      worker.instance().function_responses(text);
    } else {
      const CallOutcome outcome = worker.instance().call("\xff\xfe", text);
      expect(!outcome.threw, std::string("call() threw for ") + text);
    }
  }
}

}  // namespace

void add_contract_checks(std::vector<Check>& checks) {
  CheckList list(checks, kObjectNeeds);
  list.add("emit-only-during-call", "emits only while it is called", only_during_call);
  list.add("emit-on-calling-thread", "emits on the thread that called it", on_calling_thread);
  list.add("no-callback-after-destroy", "is silent once it is destroyed", nothing_after_destroy);
  list.add("error-on-nonzero-status", "says one readable reason when a call fails",
           error_with_status);
  list.add("never-both-result-and-error", "emits a result or an error, not both", not_both);
  list.add("exception-contained", "lets no exception out", exceptions_contained);
}

}  // namespace cartpilot::testing
