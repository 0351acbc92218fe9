// What one check gets to work with, and how it says what it saw.
//
// A check is a function that returns when all is well, or leaves through fail_check(), warn_check()
// or skip_check(). Checks that run code do so in a child process of their own (check_child.h), so
// they may break the process they are in. One thread unless a check starts others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/testing/fake_host.h"
#include "cartpilot/testing/plugin_check.h"
#include "plugin/file/elf_facts.h"
#include "testing/answer_samples.h"
#include "testing/plugin_under_test.h"

namespace cartpilot::testing {

/// How a check ends when it does not pass.
struct CheckEnd {
  CheckOutcome outcome;
  std::string message;
};
[[noreturn]] void fail_check(const std::string& message);
[[noreturn]] void warn_check(const std::string& message);
[[noreturn]] void skip_check(const std::string& reason);
void expect(bool holds, const std::string& otherwise);

/// The file under examination; `elf` was read once, before any check.
struct Subject {
  std::string file;
  plugin::ElfFacts elf;
  const CheckOptions* options = nullptr;
};

using CheckFunction = std::function<void(const Subject&)>;

struct Check {
  std::string id;
  std::string sentence;
  std::vector<std::string> needs;  ///< checks that must not have failed
  bool runs_code = true;
  CheckFunction function;
};

/// Adds checks of one file, which share what they need.
class CheckList {
 public:
  CheckList(std::vector<Check>& checks, std::vector<std::string> needs, bool runs_code = true)
      : checks_(checks), needs_(std::move(needs)), runs_code_(runs_code) {}

  void add(const std::string& id, const std::string& sentence, CheckFunction function) {
    add(id, sentence, needs_, std::move(function));
  }
  /// One with other `needs` than the rest.
  void add(const std::string& id, const std::string& sentence,
           const std::vector<std::string>& needs, CheckFunction function) {
    checks_.push_back({id, sentence, needs, runs_code_, std::move(function)});
  }

 private:
  std::vector<Check>& checks_;
  const std::vector<std::string> needs_;
  const bool runs_code_;
};

/// What a check needs that uses the plugin's objects.
inline const std::vector<std::string> kObjectNeeds = {"load-now-local",
                                                      "declared-interfaces-present"};

/// Each file of checks adds its own, in the order they run.
void add_static_checks(std::vector<Check>& checks);
void add_load_checks(std::vector<Check>& checks);
void add_entry_checks(std::vector<Check>& checks);
void add_life_checks(std::vector<Check>& checks);
void add_translation_checks(std::vector<Check>& checks);
void add_chat_checks(std::vector<Check>& checks);
void add_http_checks(std::vector<Check>& checks);
void add_tool_checks(std::vector<Check>& checks);
void add_contract_checks(std::vector<Check>& checks);
void add_fuzz_checks(std::vector<Check>& checks);

/// A pretend host with a loaded and started plugin in it.
class Bench {
 public:
  explicit Bench(const Subject& subject);

  FakeHost& host() { return *host_; }
  PluginUnderTest& plugin() { return *plugin_; }

  /// The secret every variable that looks like one is set to.
  static const char* secret();
  /// {"environment":...,"options":{}}: keys set to secret(), other variables left out.
  std::string config() const;
  /// The same without any variable.
  static std::string bare_config();
  /// Declared variables that look like keys.
  std::vector<std::string> key_variables() const;

  Instance make() { return plugin_->make(plugin_->main_interface(), config()); }
  Instance make_provider() { return plugin_->make(Interface::kProvider, config()); }
  Instance make_tool_set() { return plugin_->make(Interface::kToolSet, config()); }

 private:
  FakeHost* host_;  // the plugin keeps it for ever
  PluginUnderTest* plugin_;
};

}  // namespace cartpilot::testing
