#include "request_checks.h"

namespace cartpilot::anthropic::tests {
namespace {

struct StatusSink final : HttpSink {
  void on_head(const HttpHead& head) override { status = head.status; }
  bool on_event(const HttpEvent&) override { return true; }
  int status = 0;
};

}  // namespace

std::string put(const std::string& path, const std::string& value) {
  return R"([{"op":"add","path":")" + path + R"(","value":)" + value + "}]";
}

std::string messages(const std::vector<std::string>& items) {
  std::string list;
  for (const std::string& item : items) list += (list.empty() ? "" : ",") + item;
  return put("/messages", "[" + list + "]");
}

Json AnthropicRequestCheck::valid_body() {
  return Json::parse(
      R"({"model":"claude-sonnet-5-5","max_tokens":100,"stream":false,"system":[{"type":"text",)"
      R"("text":"s"}],"tools":[{"name":"get_time","description":"d","input_schema":)"
      R"({"type":"object","properties":{}}}],"messages":[)" +
      kUser + "," + kCall + "," + kResult + "]}");
}

int AnthropicRequestCheck::post(const std::string& body, const std::string& path,
                                const HttpHeaders& headers) {
  net::HttpClient client;
  HttpRequest request;
  const std::string base = strict_.base_url();
  request.url = base + path;
  request.headers = headers;
  if (headers.empty()) {
    request.headers = {{"x-api-key", strict_.key()},
                       {"anthropic-version", "2023-06-01"},
                       {"Content-Type", "application/json"}};
  }
  request.body = body;
  StatusSink sink;
  client.send(request, sink, CallContext());
  return sink.status;
}

void AnthropicRequestCheck::expect_complaint(const std::string& rule) {
  ASSERT_FALSE(strict_.violations().empty()) << rule;
  const std::string newest = strict_.violations().back();
  EXPECT_EQ(newest.substr(0, newest.find(':')), rule) << newest;
}

void AnthropicRequestCheck::expect_refused(const std::string& rule,
                                           const std::vector<std::string>& patches) {
  for (const std::string& patch : patches) {
    const Json body = valid_body().patch(Json::parse(patch));
    EXPECT_EQ(post(dump_json(body)), 400) << patch;
    expect_complaint(rule);
  }
}

Json AnthropicRequestCheck::sent(const std::vector<Message>& history, const OptionMap& options,
                                 const std::string& model) {
  Talk talk(service_, options);
  talk.request.model = model;
  talk.request.messages = history;
  const Log log = talk.answer();
  EXPECT_FALSE(log.error) << log.error->what();
  EXPECT_EQ(service_.violations(), Lines{});
  return service_.bodies().empty() ? Json() : service_.bodies().back();
}

std::vector<Json> AnthropicRequestCheck::purchase(const OptionMap& options,
                                                  const std::string& model) {
  const std::size_t before = service_.bodies().size();
  Talk talk(service_, options);
  talk.request.model = model;
  EXPECT_EQ(talk.say("I need wireless headphones under $100"),
            "The cheapest is Phones for 79.99 USD.");
  EXPECT_EQ(talk.say("buy the cheapest"), "The total is 86.38 USD. Shall I buy it?");
  EXPECT_EQ(talk.say("yes"), "Done: order ORD-7");
  EXPECT_EQ(service_.violations(), Lines{});
  std::vector<Json> bodies = service_.bodies();
  bodies.erase(bodies.begin(), bodies.begin() + static_cast<std::ptrdiff_t>(before));
  EXPECT_EQ(bodies.size(), 12U);
  return bodies;
}

Message AnthropicRequestCheck::assistant(const std::vector<Part>& parts) {
  Message message;
  message.role = Role::kAssistant;
  message.provider = "elsewhere";
  message.parts = parts;
  return message;
}

Message AnthropicRequestCheck::results(const std::vector<ToolResult>& all) {
  Message message;
  message.role = Role::kTool;
  for (const ToolResult& result : all) message.parts.emplace_back(result);
  return message;
}

const fakes::LoopbackServer::Request& AnthropicRequestCheck::newest() {
  newest_ = service_.requests().back();
  return newest_;
}

}  // namespace cartpilot::anthropic::tests
