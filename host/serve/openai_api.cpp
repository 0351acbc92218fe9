#include "serve/openai_api.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "http/request_headers.h"
#include "mcp/message.h"
#include "serve/openai_tasks.h"
#include "serve/relay.h"
#include "terminal/shop_lines.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kLook{500};
constexpr std::chrono::seconds kKeepAlive{15};
constexpr std::size_t kIdBytes = 12;
constexpr std::size_t kDigestDigits = 20;

const HttpHeaders kJsonHeaders = {{"Content-Type", "application/json"},
                                  {"Cache-Control", "no-store"}};
const HttpHeaders kStreamHeaders = {{"Content-Type", "text/event-stream"},
                                    {"Cache-Control", "no-store"},
                                    {"X-Accel-Buffering", "no"}};

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

Json model_json() {
  return {{"id", kServedModel}, {"object", "model"}, {"created", 0}, {"owned_by", "cartpilot"}};
}

Json usage_json(const Json& event) {
  const Json none = Json::object();
  const auto result = event.find("result");
  const Json& usage =
      result != event.end() && result->contains("usage") ? result->at("usage") : none;
  const std::int64_t input = integer_or(usage, "input_tokens");
  const std::int64_t output = integer_or(usage, "output_tokens");
  return {
      {"prompt_tokens", input}, {"completion_tokens", output}, {"total_tokens", input + output}};
}

/// The program's own words, whatever the model says: "BOUGHT 61.81 USD, order 7f3a."
std::string purchase_sentence(const Json& purchase) {
  std::string state = string_or(purchase, "state_text");
  for (char& c : state) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  std::string sentence = fmt::format("{} {}", state, string_or(purchase, "total"));
  const std::string order = string_or(purchase, "order_id");
  const std::string message = string_or(purchase, "message");
  if (!order.empty()) sentence += ", order " + order;
  if (!message.empty()) sentence += ": " + message;
  return sentence;
}

/// The same first message begins many conversations; what was answered tells them apart only by
/// being there. So a request without an answer begins another one, and others go on with the
/// newest.
std::string conversation_of(const HttpHeaders& headers, const Json& messages,
                            const ProgramToken& token, Person& person) {
  const std::string named = only_value(headers, "X-Conversation");
  if (!named.empty()) return named;
  std::string first;
  bool answered = false;
  for (const Json& message : messages) {
    const std::string role = string_or(message, "role");
    answered = answered || role == "assistant";
    if (first.empty() && role == "user") first = text_of_message(message);
  }
  const std::string base =
      "api-" + base::sha256_hex(token.id + "\n" + first).substr(0, kDigestDigits);
  const std::size_t newest = person.highest_number(base + ".");
  return fmt::format("{}.{}", base, answered && newest > 0 ? newest : newest + 1);
}

}  // namespace

/// One answer, streamed or whole.
class OpenAiApi::Answer {
 public:
  Answer(mcp::EndpointReply& reply, bool streams, bool with_usage)
      : reply_(reply),
        streams_(streams),
        with_usage_(with_usage),
        id_("chatcmpl-" + base::random_hex(kIdBytes)),
        created_(base::unix_ms_now() / 1000) {}

  void text(const std::string& piece) {
    if (piece.empty()) return;
    text_ += piece;
    send({{"content", piece}});
  }
  void reasoning(const std::string& line) { send({{"reasoning_content", line + "\n"}}); }
  /// Words of the program, apart from those of the model.
  void paragraph(const std::string& words) { text((text_.empty() ? "" : "\n\n") + words + "\n\n"); }
  void keep_alive() {
    if (streams_) raw(":\n\n");
  }
  bool has_text() const { return !text_.empty(); }

  void finish(const Json& usage) {
    if (!streams_) {
      reply_.send(
          200, kJsonHeaders,
          mcp::wire_text(
              {{"id", id_},
               {"object", "chat.completion"},
               {"created", created_},
               {"model", kServedModel},
               {"choices", Json::array({{{"index", 0},
                                         {"message", {{"role", "assistant"}, {"content", text_}}},
                                         {"finish_reason", "stop"}}})},
               {"usage", usage}}));
      return;
    }
    chunk(Json::array({{{"index", 0}, {"delta", Json::object()}, {"finish_reason", "stop"}}}));
    if (with_usage_) chunk(Json::array(), usage);
    raw("data: [DONE]\n\n");
  }
  void fail(const std::string& message, const std::string& code) {
    if (!streams_) return refuse(reply_, 502, message, code);
    begin();
    raw("data: " +
        mcp::wire_text(
            {{"error", {{"message", message}, {"type", "server_error"}, {"code", code}}}}) +
        "\n\n");
  }

 private:
  void begin() {
    if (!streams_ || begun_) return;
    begun_ = true;
    reply_.begin_events(kStreamHeaders);
    chunk(Json::array({{{"index", 0},
                        {"delta", {{"role", "assistant"}, {"content", ""}}},
                        {"finish_reason", nullptr}}}));
  }
  void send(Json delta) {
    if (!streams_) return;
    begin();
    chunk(Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", nullptr}}}));
  }
  void chunk(Json choices, const Json& usage = nullptr) {
    begin();
    Json event = {{"id", id_},
                  {"object", "chat.completion.chunk"},
                  {"created", created_},
                  {"model", kServedModel},
                  {"choices", std::move(choices)}};
    if (!usage.is_null()) event["usage"] = usage;
    raw("data: " + mcp::wire_text(event) + "\n\n");
  }
  void raw(const std::string& lines) {
    begin();
    reply_.send_lines(lines);
  }

  mcp::EndpointReply& reply_;
  const bool streams_;
  const bool with_usage_;
  const std::string id_;
  const std::int64_t created_;
  bool begun_ = false;
  std::string text_;
};

void OpenAiApi::refuse(mcp::EndpointReply& reply, int status, const std::string& message,
                       const std::string& code) {
  HttpHeaders headers = kJsonHeaders;
  if (status == 429) headers.emplace_back("Retry-After", "2");
  const char* const type = status < 500 ? "invalid_request_error" : "server_error";
  reply.send(
      status, headers,
      mcp::wire_text(
          {{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}}}}));
}

void OpenAiApi::handle(const mcp::EndpointRequest& request, Person& person,
                       const ProgramToken& token, mcp::EndpointReply& reply) const {
  const std::string models = "/v1/models";
  if (request.method == "GET" && request.path == models) {
    reply.send(200, kJsonHeaders,
               mcp::wire_text({{"object", "list"}, {"data", Json::array({model_json()})}}));
    return;
  }
  if (request.method == "GET" && request.path == models + "/" + kServedModel) {
    reply.send(200, kJsonHeaders, mcp::wire_text(model_json()));
    return;
  }
  if (request.method == "POST" && request.path == "/v1/chat/completions") {
    try {
      complete(request, person, token, reply);
    } catch (const OwnedElsewhere&) {
      throw;
    } catch (const Error& error) {
      const bool busy = error.reason == "turn_running";
      const bool often = error.reason == "too_many";
      const int status = busy                                        ? 409
                         : often                                     ? 429
                         : error.code == ErrorCode::kInvalidArgument ? 400
                         : error.code == ErrorCode::kNotFound        ? 404
                                                                     : 503;
      refuse(reply, status, error.what(),
             error.reason.empty() ? std::string(error_code_name(error.code)) : error.reason);
    }
    return;
  }
  refuse(reply, 404, "there is no " + request.method + " " + request.path + " here", "not_found");
}

void OpenAiApi::complete(const mcp::EndpointRequest& request, Person& person,
                         const ProgramToken& token, mcp::EndpointReply& reply) const {
  if (request.body.size() > mcp::kMaxBodyBytes) {
    refuse(reply, 413, "the messages are longer than 4 MB", "too_long");
    return;
  }
  const Json body = parse_json(request.body, "the body");
  if (!body.is_object()) invalid("the body is not an object");
  if (string_or(body, "model") != kServedModel) {
    refuse(reply, 404, fmt::format("the only model here is '{}'", kServedModel), "model_not_found");
    return;
  }
  const auto messages = body.find("messages");
  if (messages == body.end() || !messages->is_array() || messages->empty() ||
      string_or(messages->back(), "role") != "user") {
    invalid("the last of the messages must be the person's");
  }
  const std::string text = text_of_message(messages->back());
  if (text::trimmed(text).empty()) invalid("the last message has no text");
  const bool streams = body.value("stream", Json(false)) == Json(true);
  bool with_usage = false;
  if (const auto options = body.find("stream_options"); options != body.end()) {
    with_usage = options->is_object() && options->value("include_usage", Json(false)) == Json(true);
  }
  Answer answer(reply, streams, with_usage);
  if (const auto task = answer_to_task(*messages)) {
    answer.text(*task);
    answer.finish(usage_json(Json::object()));
    return;
  }
  const auto live = person.live(conversation_of(request.headers, *messages, token, person), true);
  const Person::StreamPlace place(person);
  follow(person, *live, text, answer, reply);
}

void OpenAiApi::follow(Person& person, LiveConversation& live, const std::string& text,
                       Answer& answer, mcp::EndpointReply& reply) const {
  std::int64_t after = live.events().last();
  const std::string run = person.say(live, text);
  auto last_sent = base::steady_now();
  bool message_ended = false;
  for (;;) {
    if (reply.client_is_gone()) {
      live.stop();
      return;
    }
    const EventLog::Slice slice = live.events().wait(after, kLook);
    if (slice.lost || slice.closed) return answer.fail("the answer was lost", "lost");
    if (slice.entries.empty() && base::steady_now() - last_sent >= kKeepAlive) {
      answer.keep_alive();
      last_sent = base::steady_now();
    }
    for (const EventLog::Entry& entry : slice.entries) {
      after = entry.id;
      last_sent = base::steady_now();
      const Json event = parse_json(*entry.json, "an event");
      const std::string type = string_or(event, "type");
      if (type == "TEXT_MESSAGE_CONTENT") {
        if (std::exchange(message_ended, false) && answer.has_text()) answer.text("\n\n");
        answer.text(string_or(event, "delta"));
      } else if (type == "TEXT_MESSAGE_END") {
        message_ended = true;
      } else if (type == "TOOL_CALL_START") {
        const std::string name = string_or(event, "toolCallName");
        const std::string sentence = sentence_of(name, Json::object());
        answer.reasoning(sentence.empty() ? name : sentence);
      } else if (type == "CUSTOM") {
        const std::string name = string_or(event, "name");
        const Json& value = event.at("value");
        if (name == "cartpilot.question" && value.value("open", false)) {
          answer.paragraph(fmt::format("This needs your yes: {}", page_url_));
        } else if (name == "cartpilot.notice") {
          answer.paragraph(string_or(value, "text"));
        } else if (name == "cartpilot.purchase") {
          answer.paragraph(purchase_sentence(value));
        }
      } else if (type == "RUN_ERROR" && string_or(event, "runId") == run) {
        answer.fail(string_or(event, "message"), string_or(event, "code"));
        return;
      } else if (type == "RUN_FINISHED" && string_or(event, "runId") == run) {
        answer.finish(usage_json(event));
        return;
      }
    }
  }
}

}  // namespace cartpilot::host
