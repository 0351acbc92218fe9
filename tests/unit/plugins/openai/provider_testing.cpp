#include "provider_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "encode_testing.h"

namespace cartpilot::openai::testing {
namespace {

/// Calls both of the mixer's functions when spoken to, and talks about the results.
fakes::ModelStep mixing_model(const fakes::ModelView& view) {
  if (view.last_is_result) return {"Muted \xE2\x80\x93 it was at -12.5 dB.", {}};
  if (view.user_texts.back() != "Mute 3") return {"You are welcome.", {}};
  return {
      "Looking.",
      {{"mixer_set_mute", {{"channel", 3}, {"muted", true}}}, {"mixer_level", {{"channel", 3}}}}};
}

ProviderConfig config(const fakes::FakeOpenAi& server, HttpTransport& transport, Options options) {
  return {{{"OPENAI_API_KEY", server.key()}, {"OPENAI_BASE_URL", server.base_url()}},
          std::move(options),
          &transport};
}

}  // namespace

void MessageSink::on_event(const StreamEvent& event) {
  lines.on_event(event);
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    if (message.parts.empty() || !std::holds_alternative<TextPart>(message.parts.back())) {
      message.parts.push_back(TextPart{});
    }
    std::get<TextPart>(message.parts.back()).text += text->text;
  } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
    message.parts.push_back(call->call);
  } else if (const auto* finish = std::get_if<Finish>(&event)) {
    message.provider_metadata = finish->provider_metadata;
  } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
    warnings.push_back(warning->message);
  } else if (std::holds_alternative<UsageEvent>(event)) {
    ++usages;
  }
}

std::vector<Message> going_on(std::vector<Message> history, const Message& said,
                              const std::string& word) {
  history.push_back(said);
  std::vector<ToolResult> results;
  for (const ToolCall& call : tool_calls_of(said)) {
    results.push_back({call.id, call.name, {{"ok", true}}, false, call.provider_metadata});
  }
  if (!results.empty()) history.push_back(tool_results(std::move(results)));
  history.push_back(Message::user(word));
  return history;
}

void ImpatientTransport::send(const HttpRequest& request, HttpSink& sink,
                              const CallContext& context) {
  HttpRequest sooner = request;
  if (idle_timeout_ms != 0) sooner.idle_timeout_ms = idle_timeout_ms;
  inner_.send(sooner, sink, context);
}

RequestFixture::RequestFixture(std::string model, Options options, fakes::FakeOpenAiOptions fake)
    : server(
          [](const fakes::ModelView&) {
            return fakes::ModelStep{"ok", {}};
          },
          std::move(fake)),
      transport(client),
      provider(config(server, transport, std::move(options))) {
  request.model = std::move(model);
  request.messages = {Message::user("Hi")};
  request.tools = mixer_tools();
}

Trace RequestFixture::hears(const Played& answer) {
  server.play(answer);
  MessageSink sink;
  bool ended = false;
  try {
    provider.generate(request, sink, context);
    ended = true;
  } catch (const Error& error) {
    sink.lines.fail(error);
  }
  if (ended) expect_echo_is_legal(sink.message);
  Trace trace = sink.lines.trace;
  for (std::string& line : trace) {
    const std::string base = server.base_url();
    for (std::size_t at = line.find(base); at != std::string::npos; at = line.find(base)) {
      line.replace(at, base.size(), "BASE");
    }
  }
  return trace;
}

Trace RequestFixture::hears(const std::string& stream) {
  Played answer;
  answer.body = stream;
  return hears(answer);
}

Trace RequestFixture::hears_body(const std::string& body, const std::string& type) {
  Played answer;
  answer.headers = {{"Content-Type", type}};
  answer.body = body;
  return hears(answer);
}

Trace RequestFixture::refused(int status, const std::string& body, HttpHeaders headers) {
  Played answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = body;
  return hears(answer);
}

void RequestFixture::expect_echo_is_legal(const Message& said) {
  GenerateRequest next = request;
  next.messages = going_on(request.messages, said);
  MessageSink sink;
  try {
    provider.generate(next, sink, context);
  } catch (const Error& error) {
    ADD_FAILURE() << "the answer cannot be sent back: " << error.what();
  }
  EXPECT_THAT(server.violations(), ::testing::IsEmpty()) << "after sending the answer back";
  EXPECT_EQ(text_of(sink.message), "ok");
}

std::vector<std::string> complaints(RequestFixture& counter) {
  counter.hears(sse({chunk(R"({"content":"ok"})"), end_chunk("stop"), "[DONE]"}));
  counter.request.messages.push_back(Message::user("and without a script"));
  MessageSink sink;
  counter.provider.generate(counter.request, sink, counter.context);
  return counter.server.violations();
}

ExchangeFixture::ExchangeFixture(Api api, const std::string& model, Options options,
                                 fakes::FakeOpenAiOptions fake)
    : server(mixing_model, fake), api_(api) {
  // What only trying can tell is asked once.
  const std::size_t refusals = fake.quirks.refuse_item_ids && api == Api::kResponses ? 1 : 0;
  OpenAiProvider provider(config(server, client, std::move(options)));
  GenerateRequest request;
  request.model = !model.empty() ? model : api == Api::kChat ? kChatModel : kResponsesModel;
  request.system = "You operate a mixing desk.";
  request.tools = mixer_tools();
  request.messages = {Message::user("Mute 3")};
  for (int i = 0; i < 3; ++i) {
    MessageSink sink;
    provider.generate(request, sink, context);
    request.messages = going_on(std::move(request.messages), sink.message, "Thanks");
    // Results are answered before the person speaks again.
    if (!tool_calls_of(sink.message).empty()) request.messages.pop_back();
  }
  EXPECT_THAT(server.violations(), ::testing::IsEmpty());
  EXPECT_EQ(server.refusals().size(), refusals);
  own_ = server.bodies().back();
}

HttpRequest ExchangeFixture::request(const std::string& text) const {
  HttpRequest made;
  made.url = server.base_url() + (api_ == Api::kChat ? "/chat/completions" : "/responses");
  made.headers = {{"Authorization", "Bearer " + server.key()},
                  {"Content-Type", "application/json"}};
  made.body = text;
  return made;
}

std::string ExchangeFixture::verdict(const HttpRequest& made) {
  const std::size_t before = server.refusals().size();
  const net::HttpAnswer answer = net::fetch(client, made, context);
  const std::vector<std::string> refusals = server.refusals();
  const std::string status = std::to_string(answer.head.status);
  if (refusals.size() == before) return status;
  return status + " " + refusals.back().substr(0, refusals.back().find(':'));
}

std::string ExchangeFixture::when_sent(const std::string& text) { return verdict(request(text)); }

std::string ExchangeFixture::when(const Change& change) {
  Json spoilt = own_;
  change(spoilt);
  EXPECT_NE(spoilt, own_) << "nothing was changed";
  return when_sent(spoilt.dump(-1, ' ', false, Json::error_handler_t::ignore));
}

Json& item_of(Json& body, const std::string& type) {
  for (Json& item : body["input"]) {
    if (string_or(item, "type") == type) return item;
  }
  ADD_FAILURE() << "no item " << type;
  return body["input"][0];
}

}  // namespace cartpilot::openai::testing
