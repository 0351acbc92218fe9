#include "request_checks.h"

namespace cartpilot::gemini::tests {

std::string put(const std::string& path, const std::string& value) {
  return R"([{"op":"add","path":")" + path + R"(","value":)" + value + "}]";
}

std::string contents(const std::vector<std::string>& items) {
  return put("/contents", list(items));
}

GeminiRequestCheck::GeminiRequestCheck()
    : strict_(fakes::shopping_model, every_model()),
      service_(fakes::shopping_model, every_model()) {}

fakes::FakeGeminiOptions GeminiRequestCheck::every_model() {
  fakes::FakeGeminiOptions options;
  options.models = {"gemini-3.8-flash", "gemini-3.6-flash",      "gemini-4-argon",
                    "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro",
                    "gemini-4-hydrogen"};
  return options;
}

Json GeminiRequestCheck::valid_body() {
  return Json::parse(R"({
    "systemInstruction":{"parts":[{"text":"Be brief."}]},
    "tools":[{"functionDeclarations":[
      {"name":"create_intent","description":"d","parametersJsonSchema":{"type":"object","properties":{"query":{"type":"string"}}}},
      {"name":"get_time","description":""}]}],
    "contents":[{"role":"user","parts":[{"text":"headphones"}]}]})");
}

GeminiRequestCheck::Reply GeminiRequestCheck::post(const std::string& body, const std::string& path,
                                                   const HttpHeaders& headers) {
  HttpRequest request;
  request.url = strict_.url() + path;
  request.headers = headers;
  request.body = body;
  const net::HttpAnswer answer = net::fetch(client_, request, CallContext());
  return {answer.head.status, Json::parse(answer.body)};
}

void GeminiRequestCheck::expect_complaint(const std::string& rule) {
  const auto all = strict_.violations();
  ASSERT_FALSE(all.empty()) << "nothing was noticed";
  EXPECT_EQ(all.back().substr(0, rule.size() + 1), rule + " ") << all.back();
}

void GeminiRequestCheck::expect_refused(const std::string& rule,
                                        const std::vector<std::string>& patches) {
  for (const std::string& patch : patches) {
    SCOPED_TRACE(patch);
    const Reply reply = post(dump_json(valid_body().patch(Json::parse(patch))));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body["error"]["status"], "INVALID_ARGUMENT");
    expect_complaint(rule);
  }
}

Json GeminiRequestCheck::response_to(const Json& content) {
  Json parts = Json::array();
  for (const Json& call : fakes::gemini_rules::calls_of(content)) {
    parts.push_back({{"functionResponse",
                      {{"id", call["id"]}, {"name", call["name"]}, {"response", Json::object()}}}});
  }
  return Json{{"role", "user"}, {"parts", parts}};
}

Json GeminiRequestCheck::issued_contents(const std::string& text) {
  Json body = valid_body();
  body["contents"][0]["parts"][0]["text"] = text;
  Json all = body["contents"];
  all.push_back(post(dump_json(body)).body["candidates"][0]["content"]);
  return all;
}

GeminiRequestCheck::Reply GeminiRequestCheck::post_contents(const Json& contents) {
  Json body = valid_body();
  body["contents"] = contents;
  return post(dump_json(body));
}

GeminiRequestCheck::Reply GeminiRequestCheck::post_issued(const std::string& patch) {
  // New words every time: what was refused may not be sent again.
  Json all = issued_contents("headphones " + std::to_string(strict_.requests().size()));
  all[1] = all[1].patch(Json::parse(patch));
  all.push_back(response_to(all[1]));
  return post_contents(all);
}

Json GeminiRequestCheck::sent(const std::vector<Message>& messages, const Options& options,
                              const std::string& model) {
  Conversation conversation(service_, options);
  conversation.request().messages = messages;
  conversation.request().model = model;
  const AnswerLog log = conversation.answer();
  EXPECT_FALSE(log.error) << testing::PrintToString(log.lines);
  return service_.bodies().back();
}

Json GeminiRequestCheck::sent_with_tools(const std::vector<ToolSpec>& tools,
                                         const Options& options) {
  Conversation conversation(service_, options);
  conversation.request().tools = tools;
  conversation.request().messages = {Message::user("hello")};
  const AnswerLog log = conversation.answer();
  EXPECT_FALSE(log.error) << testing::PrintToString(log.lines);
  return service_.bodies().back();
}

std::vector<Json> GeminiRequestCheck::purchase(const Options& options) {
  Conversation conversation(service_, options);
  EXPECT_EQ(conversation.say("wireless headphones under $100"),
            "The cheapest is Plain Headphones for 79.99 USD.");
  EXPECT_EQ(conversation.say("buy the cheapest"), "The total is 86.38 USD. Shall I buy it?");
  EXPECT_EQ(conversation.say("yes"), "Done: order ORD-7");
  return service_.bodies();
}

Message foreign_calls(const std::vector<std::string>& names) {
  Message message;
  message.role = Role::kAssistant;
  message.provider = "openai";
  message.model = "gpt";
  for (const std::string& name : names) {
    ToolCall call;
    call.id = "call_" + std::to_string(message.parts.size());
    call.name = name;
    message.parts.push_back(call);
  }
  return message;
}

Message results_of(const std::vector<std::pair<std::string, Json>>& content_by_id) {
  Message message;
  message.role = Role::kTool;
  for (const auto& [id, content] : content_by_id) {
    ToolResult result;
    result.call_id = id;
    result.name = "create_intent";
    result.content = content;
    message.parts.push_back(result);
  }
  return message;
}

ToolSpec plain_tool(const std::string& name, const std::string& schema) {
  ToolSpec tool;
  tool.name = name;
  tool.description = "About " + name + ".";
  tool.parameters = Json::parse(schema);
  return tool;
}

}  // namespace cartpilot::gemini::tests
