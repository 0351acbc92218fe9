// What the router's tests run it with: tools made of lambdas, a guard that writes down what it is
// asked, a cancellation switch, and a meeting point for threads.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "chat/tool_router.h"

namespace cartpilot {

inline bool operator==(const ToolResult& a, const ToolResult& b) {
  return a.call_id == b.call_id && a.name == b.name && a.content == b.content &&
         a.is_error == b.is_error && a.provider_metadata == b.provider_metadata;
}
inline void PrintTo(const ToolResult& result, std::ostream* out) {
  *out << result.call_id << ' ' << result.name << (result.is_error ? " error " : " ")
       << dump_json(result.content) << " metadata " << dump_json(result.provider_metadata);
}

namespace chat {

/// Tools made of lambdas.
class FakeTools final : public ToolSet {
 public:
  using Body = std::function<ToolOutcome(const Json&)>;

  FakeTools& add(const std::string& name, EffectClass effect, Body body,
                 const char* parameters = R"({"type":"object"})") {
    ToolSpec spec;
    spec.name = name;
    spec.description = "does " + name;
    spec.parameters = parse_json(parameters);
    spec.effect = effect;
    specs_.push_back(std::move(spec));
    bodies_[name] = std::move(body);
    return *this;
  }

  std::vector<ToolSpec> list() const override { return specs_; }
  ToolOutcome call(const std::string& name, const Json& arguments, const CallContext&) override {
    return bodies_.at(name)(arguments);
  }

 private:
  std::vector<ToolSpec> specs_;
  std::map<std::string, Body> bodies_;
};

/// A guard that writes down what it is asked, and refuses or throws on demand.
class FakeGuard final : public CallGuard {
 public:
  std::optional<ToolOutcome> before_write(ToolCall& call) override {
    log.push_back("before " + call.name);
    if (change) change(call);
    if (throw_before) throw Error(ErrorCode::kUnavailable, "no disk");
    return refusal;
  }
  void after_write(const ToolCall& call, const ToolOutcome& outcome) override {
    log.push_back("after " + call.name + (outcome.ok ? " ok " : " failed ") +
                  dump_json(call.arguments));
    if (throw_after) throw Error(ErrorCode::kInternal, "no disk");
  }
  ToolOutcome run_money(const ToolCall& call, const CallContext&) override {
    log.push_back("money " + call.name);
    if (throw_money) throw std::runtime_error("boom");
    return {true, {{"bought", call.name}}};
  }
  void begin_turn() override {}

  std::vector<std::string> log;
  std::function<void(ToolCall&)> change;
  std::optional<ToolOutcome> refusal;
  bool throw_before = false;
  bool throw_after = false;
  bool throw_money = false;
};

class Cancellation final : public CallContext {
 public:
  bool cancelled() const noexcept override { return flag; }
  std::atomic<bool> flag{false};
};

/// Lets `count` threads meet. Gives up after ten seconds, so that a router which does not run calls
/// together fails the test instead of hanging it.
class Rendezvous {
 public:
  explicit Rendezvous(int count) : count_(count) {}
  bool meet() {
    std::unique_lock lock(mutex_);
    const int round = round_;
    if (++here_ == count_) {
      here_ = 0;
      ++round_;
      all_here_.notify_all();
      return true;
    }
    return all_here_.wait_for(lock, std::chrono::seconds(10), [&] { return round_ != round; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  int count_;
  int here_ = 0;
  int round_ = 0;
};

inline ToolOutcome echo(const Json& arguments) { return {true, {{"got", arguments}}}; }

inline ToolCall call_of(const std::string& id, const std::string& name,
                        const char* arguments = "{}") {
  ToolCall call;
  call.id = id;
  call.name = name;
  call.arguments = parse_json(arguments);
  return call;
}

inline ToolResult ok_result(const std::string& id, const std::string& name, const char* content) {
  return {id, name, parse_json(content), false, nullptr};
}
inline ToolResult error_result(const std::string& id, const std::string& name,
                               const std::string& code, const std::string& message) {
  return {id, name, tool_error(code, message).content, true, nullptr};
}

class ToolRouterTest : public testing::Test {
 protected:
  std::vector<ToolResult> run(const std::vector<ToolCall>& calls) {
    return router.run(calls, context);
  }
  FakeTools tools;
  FakeGuard guard;
  Cancellation context;
  ToolRouter router{guard};
};

}  // namespace chat
}  // namespace cartpilot
