#include "answers.h"

namespace cartpilot::gemini::tests {
namespace {

using fakes::GivenAnswer;

ProviderConfig config_for(fakes::FakeGemini& service, const Conversation::Options& options,
                          HttpTransport* transport) {
  ProviderConfig config;
  config.environment = {{"GEMINI_API_KEY", "test-key"}, {"GEMINI_BASE_URL", service.url()}};
  config.options = options;
  config.transport = transport;
  return config;
}

chat::ToolRouter& with_tools(chat::ToolRouter& router, ToolSet& tools) {
  router.add(tools, "echo", false);
  return router;
}

/// Waits that tests do not have to sit through.
chat::ChatOptions quick_options() {
  chat::ChatOptions options;
  options.provider = "gemini";
  options.retry.base_ms = 1;
  options.retry.ceiling_ms = 2;
  return options;
}

}  // namespace

std::string framed(const std::string& json) { return "data: " + json + "\r\n\r\n"; }

std::string status_body(int code, const std::string& status, const std::string& message,
                        const std::string& details) {
  Json error{{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = Json::parse(details);
  return dump_json(Json{{"error", error}});
}

GivenAnswer bytes_of_stream(const std::vector<std::string>& pieces) {
  GivenAnswer answer;
  answer.headers = {{"Content-Type", "text/event-stream"}};
  answer.chunks = pieces;
  // One piece would be sent with a length; streams have none.
  if (pieces.size() == 1) answer.chunks.emplace_back("\r\n");
  return answer;
}

AnswerLog GeminiAnswer::heard(const GivenAnswer& given, bool stream) {
  service_.play(given);
  Conversation conversation(service_, {}, stream);
  conversation.request().tools = weather_tools();
  conversation.request().messages = {Message::user("Weather?")};
  return conversation.answer();
}

AnswerLog GeminiAnswer::streamed(const std::vector<std::string>& events) {
  std::vector<std::string> pieces;
  for (const std::string& event : events) pieces.push_back(framed(event));
  return heard(bytes_of_stream(pieces));
}

AnswerLog GeminiAnswer::whole(const std::string& body) {
  GivenAnswer answer;
  answer.chunks = {body};
  return heard(answer, false);
}

AnswerLog GeminiAnswer::either(const std::string& body) {
  const AnswerLog log = whole(body);
  const AnswerLog stream = streamed({body});
  EXPECT_EQ(stream.lines, log.lines) << body;
  EXPECT_EQ(stream.parts, log.parts) << body;
  return log;
}

AnswerLog GeminiAnswer::refused(int status, const std::string& body, const HttpHeaders& headers) {
  GivenAnswer answer;
  answer.status = status;
  answer.headers.insert(answer.headers.end(), headers.begin(), headers.end());
  answer.chunks = {body};
  // A new conversation: the same words again would be a repetition of what was refused.
  service_.play(answer);
  Conversation conversation(service_);
  conversation.request().messages = {
      Message::user("Request " + std::to_string(service_.requests().size()))};
  return conversation.answer();
}

Json GeminiAnswer::echo_of(const std::vector<std::string>& events) {
  std::vector<std::string> pieces;
  for (const std::string& event : events) pieces.push_back(framed(event));
  service_.play(bytes_of_stream(pieces));
  Conversation conversation(service_);
  conversation.request().tools = weather_tools();
  conversation.request().messages = {Message::user("Weather?")};
  const AnswerLog log = conversation.answer();
  EXPECT_FALSE(log.error) << testing::PrintToString(log.lines);
  conversation.keep(log);
  if (conversation.request().messages.size() == 2) {
    conversation.request().messages.push_back(Message::user("And now?"));
  }
  service_.issue(log.parts);
  service_.play(bytes_of_stream({framed(chunk(R"([{"text":"Done."}])", kStop))}));
  EXPECT_EQ(conversation.answer().lines, (Lines{"text Done.", kFinishStop}));
  return service_.bodies().back()["contents"];
}

HostedChat::HostedChat(fakes::FakeGemini& service, const Conversation::Options& options)
    : provider_(std::make_unique<GeminiProvider>(config_for(service, options, &client_))),
      router_(guard_),
      session(*provider_, with_tools(router_, tools_), notebook, notebook, quick_options()) {}

}  // namespace cartpilot::gemini::tests
