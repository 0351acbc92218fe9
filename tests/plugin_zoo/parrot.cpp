// A good provider made with the macro, and exceptions of every kind: the option "throw" says what,
// the option "where" says in which function.
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "cartpilot/plugin.h"

namespace {

using namespace cartpilot;

struct Nameless {};

struct Wordless : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

struct Chatterbox : std::exception {
  Chatterbox() : text(100'000, '"') {}
  const char* what() const noexcept override { return text.c_str(); }
  std::string text;
};

[[noreturn]] void throw_by_name(const std::string& kind, const std::string& key) {
  if (kind == "error") {
    Error error(ErrorCode::kRateLimited, "slow down");
    error.retryable = true;
    error.retry_after_ms = 1500;
    error.http_status = 429;
    error.request_id = "req-7";
    error.reason = "quota";
    throw error;
  }
  if (kind == "success") throw Error(ErrorCode::kOk, "fine, really");
  if (kind == "secret") throw std::runtime_error("bad key " + key + ".");
  if (kind == "runtime_error") throw std::runtime_error("parrot fell off");
  if (kind == "bad_alloc") throw std::bad_alloc();
  if (kind == "json") const Json never = Json::parse("{");
  if (kind == "wordless") throw Wordless();
  if (kind == "chatterbox") throw Chatterbox();
  if (kind == "nameless") throw Nameless();
  if (kind == "nested") {
    try {
      throw Nameless();
    } catch (...) {
      std::throw_with_nested(std::runtime_error("around something nameless"));
    }
  }
  throw 42;
}

class Parrot final : public LLMProvider {
 public:
  explicit Parrot(const ProviderConfig& config) : config_(config) { misbehave("create"); }
  ProviderInfo info() const override { return {"parrot", "parrot-1", "repeats what you say"}; }

  void check() const override {
    misbehave("check");
    if (config_.env("PARROT_KEY").empty()) {
      throw Error(ErrorCode::kUnauthenticated, "PARROT_KEY is not set; set it and try again");
    }
  }

  std::vector<ModelInfo> models(const CallContext&) override {
    misbehave("models");
    return {{"parrot-1", "grey"}, {"parrot-2", ""}};
  }

  void generate(const GenerateRequest& request, EventSink& sink, const CallContext&) override {
    sink.on_event(TextDelta{"you said: "});
    misbehave("chat");
    if (option("say") == "bytes") sink.on_event(TextDelta{"\xC3(\xFF"});
    if (option("say") == "environment") {
      for (const auto& [name, value] : config_.environment) sink.on_event(TextDelta{name + ";"});
    }
    for (const Message& message : request.messages) {
      sink.on_event(TextDelta{text_of(message)});
    }
    sink.on_event(
        ToolCallEvent{{"call-1", "look", {{"deep", {1, 2}}}, "", {{"signature", "c2ln"}}}});
    sink.on_event(UsageEvent{{7, 5, 3, 1}});
    sink.on_event(Finish{FinishReason::kToolCalls, "tool_use", request.model, {{"raw", nullptr}}});
  }

  Json function_declarations(const std::vector<ToolSpec>& tools) const override {
    Json names = Json::array();
    for (const ToolSpec& tool : tools) names.push_back(tool.name);
    return names;
  }

  std::vector<ToolCall> parse_function_calls(const Json& message) const override {
    if (!message.is_object()) {
      throw Error(ErrorCode::kInvalidArgument, "expected {\"name\":...,\"args\":...}");
    }
    return {{"c1", string_or(message, "name"), message.value("args", Json::object()), "", nullptr}};
  }

  Json function_responses(const std::vector<ToolResult>& results) const override {
    Json answers = Json::array();
    for (const ToolResult& result : results) answers.push_back(result.content);
    return answers;
  }

 private:
  std::string option(const std::string& name) const {
    const auto found = config_.options.find(name);
    return found == config_.options.end() ? std::string() : found->second;
  }
  void misbehave(const std::string& where) const {
    if (option("where") == where) throw_by_name(option("throw"), config_.env("PARROT_KEY"));
  }

  const ProviderConfig config_;
};

}  // namespace

#ifndef PARROT_ID
#define PARROT_ID "parrot"
#endif

CARTPILOT_PROVIDER_PLUGIN(Parrot, PARROT_ID, "2.1.0", R"(["PARROT_KEY","PARROT_MOOD"])")
