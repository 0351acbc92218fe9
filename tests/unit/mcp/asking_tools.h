// A tool service that asks its clients for what a client can give, for tests of the dispatcher.
//
// What the tools got back is the text of their results. Any thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "mcp/tool_service.h"
#include "unit/mcp/http_world.h"
#include "unit/mcp/piped_server.h"

namespace cartpilot::mcp {

/// ask puts one form, ask_and_log also logs then, ask_two puts one after the other, ask_both puts
/// two at once and a page, hasty waits 20 ms for its form, sampled needs a client with a model,
/// chatty logs, region has parameters that are repeated in headers.
class AskingTools final : public ToolService {
 public:
  AskingTools() {
    const Json schema = {{"type", "object"}};
    for (const char* name :
         {"ask", "ask_and_log", "ask_two", "ask_both", "hasty", "broken", "chatty"}) {
      tools_.push_back({name, name, "Asks.", schema, {}, Json::object()});
    }
    tools_.push_back(
        {"sampled", "Sampled", "Asks a model.", schema, {}, {{"sampling", Json::object()}}});
    tools_.push_back(
        {"region", "Region", "Routes.", parse_json(kRegion, "the schema"), {}, Json::object()});
  }

  const std::vector<ToolDescription>& tools() const override { return tools_; }
  bool logs() const override { return true; }

  CallResult call(const std::string& name, const Json& arguments, CallScope& scope) override {
    ++calls;
    std::string text = name;
    if (name == "ask" || name == "ask_and_log") {
      text = told(scope.ask_form(form("person")));
      if (name == "ask_and_log") scope.log(LogLevel::kInfo, "asking", "asked");
    } else if (name == "ask_two") {
      const FormReply first = scope.ask_form(form("first"));
      if (first.outcome == FormOutcome::kReturn) return {};
      text = told(first) + " " + told(scope.ask_form(form("second")));
    } else if (name == "ask_both") {
      const bool page = scope.show_page("http://127.0.0.1:1/", "Look.") == PageRequest::kSent;
      const FormReply first = scope.ask_form(form("first"));
      const FormReply second = scope.ask_form(form("second"));
      text = (page ? "page " : "") + told(first) + " " + told(second);
    } else if (name == "hasty") {
      Form hasty = form("person");
      hasty.limit = std::chrono::milliseconds(20);
      text = told(scope.ask_form(hasty));
    } else if (name == "broken") {
      scope.ask_form({"x", "Broken.", {{"type", "nothing"}}});
    } else if (name == "chatty") {
      for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kError}) {
        scope.log(level, "chatty", Json{{"level", name_of(level)}});
      }
    } else if (name == "region") {
      text = dump_json(arguments);
    }
    CallResult result;
    result.content.push_back(text_block(text));
    return result;
  }

  std::atomic<int> calls{0};

 private:
  static constexpr const char* kRegion = R"({
    "type": "object",
    "properties": {
      "region": {"type": "string", "x-mcp-header": "Region"},
      "limit": {"type": "integer", "x-mcp-header": "Limit"},
      "dry": {"type": "boolean", "x-mcp-header": "Dry"},
      "where": {"type": "object", "properties": {"zone": {"type": "string", "x-mcp-header": "Zone"}}},
      "free": {"type": "string"}}
  })";

  static Form form(const std::string& name) {
    return {name, "Who is it?",
            parse_json(R"({"type": "object", "required": ["name"], "additionalProperties": false,
                           "properties": {"name": {"type": "string", "maxLength": 20},
                                          "age": {"type": "integer"},
                                          "kind": {"type": "string", "enum": ["a", "b"],
                                                   "enumNames": ["A", "B"]}}})",
                       "the schema")};
  }
  static std::string told(const FormReply& reply) {
    switch (reply.outcome) {
      case FormOutcome::kNotPossible: return "not possible";
      case FormOutcome::kReturn: return "return";
      case FormOutcome::kNoAnswer: return "no answer";
      case FormOutcome::kAccepted: return "accepted " + dump_json(reply.content);
      case FormOutcome::kDeclined: return "declined";
      case FormOutcome::kCancelled: return "cancelled";
    }
    return "";
  }

  std::vector<ToolDescription> tools_;
};

inline std::string text_of_result(const Json& answer) {
  return answer.at("result").at("content").at(0).at("text").get<std::string>();
}

inline Json forms() { return {{"elicitation", Json::object()}}; }
inline Json accepted(Json content) {
  return {{"action", "accept"}, {"content", std::move(content)}};
}
inline Json call_of_tool(const std::string& tool, Json id = 7) {
  return TestClient::request("tools/call", {{"name", tool}}, std::move(id));
}

}  // namespace cartpilot::mcp
