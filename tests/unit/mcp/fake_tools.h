// A tool service and a client for tests of the dispatcher.
//
// The client sends texts and gets back what the dispatcher sent, one JSON value a message. Waits
// for answers that are on their way, 10 s at most.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "mcp/dispatcher.h"

namespace cartpilot::mcp {

/// echo gives its arguments back, wait runs until it is released or cancelled, picture answers with
/// blocks of other kinds, refuse fails as tools do, break throws.
class FakeTools final : public ToolService {
 public:
  FakeTools() {
    const Json schema = {{"type", "object"}, {"additionalProperties", false}};
    tools_ = {{"echo", "Echo", "Says it again.", schema, {true, false, true, false}},
              {"wait", "Wait", "Waits.", schema, {false, true, false, true}},
              {"picture", "Picture", "Shows.", schema, {true, false, true, false}},
              {"refuse", "Refuse", "Fails.", schema, {true, false, true, false}},
              {"break", "Break", "Throws.", schema, {true, false, true, false}}};
  }

  const std::vector<ToolDescription>& tools() const override { return tools_; }

  CallResult call(const std::string& name, const Json& arguments, CallScope& scope) override {
    CallResult result;
    if (name == "echo") {
      result.content.push_back(text_block(dump_json(arguments)));
      result.structured = arguments;
    } else if (name == "wait") {
      wait(scope);
      result.content.push_back(text_block("waited"));
    } else if (name == "picture") {
      scope.progress(0, 1, "nothing yet");
      result.content.push_back({{"type", "image"}, {"data", "aGk="}, {"mimeType", "image/png"}});
      result.content.push_back(text_block("a picture"));
    } else if (name == "refuse") {
      result.content.push_back(text_block(R"({"error":true})"));
      result.structured = Json{{"error", true}};
      result.is_error = true;
    } else {
      throw Error(ErrorCode::kInternal, "it broke");
    }
    return result;
  }

  void wait_until_waiting(int count = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void wait_until_none_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == 0; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  void wait(CallScope& scope) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    scope.progress(1, 3, "one");
    scope.progress(1, 3, "one again");
    while (!released_ && !scope.cancelled()) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    scope.progress(2, 3, "two");
    --waiting_;
    changed_.notify_all();
  }

  std::vector<ToolDescription> tools_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool released_ = false;
};

class RecordingSink final : public ReplySink {
 public:
  void notify(const Json& notification) override { take(notification); }
  void answer(const Json& response) override {
    if (!response.is_null()) take(response);
  }

  /// All messages, once there are `count` of them.
  std::vector<Json> messages(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return messages_.size() >= count; });
    return messages_;
  }

 private:
  void take(const Json& message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(message);
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Json> messages_;
};

inline ServerIdentity test_identity() { return {"shop", "Shop", "1.0", "Buy things."}; }

/// A dispatcher and one client of it.
template <class Tools>
struct TestClientOf {
  Tools tools;
  CallThreads threads;
  Dispatcher dispatcher{test_identity(), tools, threads};
  std::shared_ptr<RecordingSink> all = std::make_shared<RecordingSink>();

  /// The answers to one text, `count` of them.
  std::vector<Json> send(const std::string& text, std::size_t count = 1) {
    const auto sink = std::make_shared<RecordingSink>();
    dispatcher.receive(text, sink);
    return sink->messages(count);
  }
  Json ask(const std::string& text) {
    const auto answers = send(text);
    return answers.size() == 1 ? answers.front() : Json(answers);
  }
  Json ask(const Json& message) { return ask(dump_json(message)); }

  /// Makes the connection a legacy one.
  Json initialize(const std::string& revision, const Json& capabilities = Json::object()) {
    return ask(Json{{"jsonrpc", "2.0"},
                    {"id", "i"},
                    {"method", "initialize"},
                    {"params",
                     {{"protocolVersion", revision},
                      {"capabilities", capabilities},
                      {"clientInfo", {{"name", "test"}, {"version", "1"}}}}}});
  }
  Json legacy(const std::string& method, Json params = Json::object(), Json id = 1) {
    return ask(request(method, std::move(params), std::move(id)));
  }
  Json modern(const std::string& method, Json params = Json::object(), Json id = 1) {
    return ask(modern_request(method, std::move(params), std::move(id)));
  }

  static Json request(const std::string& method, Json params, Json id) {
    return Json{{"jsonrpc", "2.0"}, {"id", std::move(id)}, {"method", method}, {"params", params}};
  }
  static Json modern_request(const std::string& method, Json params, Json id) {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = Json::object();
    return request(method, std::move(params), std::move(id));
  }
};

using TestClient = TestClientOf<FakeTools>;

/// What every modern result carries.
inline Json modern_result(Json result) {
  result["resultType"] = "complete";
  result["_meta"] = {{"io.modelcontextprotocol/serverInfo",
                      {{"name", "shop"}, {"title", "Shop"}, {"version", "1.0"}}}};
  return result;
}

inline Json response(Json id, Json result) { return make_response(id, std::move(result)); }

/// The code of an error answer; 0 when it is none.
inline int error_code_of(const Json& answer) {
  const auto error = answer.is_object() ? answer.find("error") : answer.end();
  if (!answer.is_object() || error == answer.end()) return 0;
  return static_cast<int>(integer_or(*error, "code"));
}

}  // namespace cartpilot::mcp
