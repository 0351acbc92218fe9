// ServeEndpoint's event streams: what happens in a conversation, for a page or another front end.
#include <fmt/format.h>

#include "base/clock.h"
#include "base/random.h"
#include "mcp/message.h"
#include "serve/endpoint.h"
#include "serve/request_body.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kLook{1000};
constexpr std::chrono::seconds kKeepAlive{15};
constexpr std::size_t kRunIdBytes = 8;
constexpr std::size_t kMaxRunIdBytes = 128;

const HttpHeaders kStreamHeaders = {{"Content-Type", "text/event-stream"},
                                    {"Cache-Control", "no-store"},
                                    {"X-Accel-Buffering", "no"},
                                    {"X-Content-Type-Options", "nosniff"}};

std::string event_lines(std::int64_t id, const std::string& json) {
  return fmt::format("id: {}\ndata: {}\n\n", id, json);
}

/// Inside of strings quotes are escaped, so this cannot be text of a model.
bool ends_run(const std::string& json, const std::string& run) {
  const bool end = json.find("\"type\":\"RUN_FINISHED\"") != json.npos ||
                   json.find("\"type\":\"RUN_ERROR\"") != json.npos;
  return end && json.find("\"runId\":" + dump_json(Json(run))) != json.npos;
}

/// The text of the last message, which must be the person's.
std::string last_text(const Json& input) {
  const auto messages = input.find("messages");
  if (messages == input.end() || !messages->is_array() || messages->empty()) return "";
  const Json& last = messages->back();
  if (!last.is_object() || string_or(last, "role") != "user") return "";
  const auto content = last.find("content");
  if (content == last.end()) return "";
  if (content->is_string()) return content->get<std::string>();
  std::string text;
  if (!content->is_array()) return "";
  for (const Json& part : *content) {
    if (part.is_object() && string_or(part, "type") == "text") text += string_or(part, "text");
  }
  return text;
}

}  // namespace

void ServeEndpoint::stream(Person& person, LiveConversation& live, std::int64_t after,
                           const std::string& run, mcp::EndpointReply& reply) {
  reply.begin_events(kStreamHeaders);
  auto last_sent = base::steady_now();
  while (!ending_ && !reply.client_is_gone()) {
    const EventLog::Slice slice = live.events().wait(after, kLook);
    std::string lines;
    if (slice.lost) {
      auto [messages, from] = person.snapshot(live);
      after = from;
      lines = event_lines(after, mcp::wire_text({{"type", "MESSAGES_SNAPSHOT"},
                                                 {"messages", std::move(messages)}}));
    }
    bool ended = slice.closed;
    for (const EventLog::Entry& entry : slice.entries) {
      lines += event_lines(entry.id, *entry.json);
      after = entry.id;
      ended = ended || (!run.empty() && ends_run(*entry.json, run));
    }
    if (lines.empty() && base::steady_now() - last_sent >= kKeepAlive) lines = ":\n\n";
    if (!lines.empty()) {
      reply.send_lines(lines);
      last_sent = base::steady_now();
    }
    if (ended) return;
  }
}

void ServeEndpoint::run_agent(const Call& call, mcp::EndpointReply& reply) {
  const Json input = parse_json(call.request.body, "the body");
  if (!input.is_object()) throw Error(ErrorCode::kInvalidArgument, "the body is not an object");
  const std::string text = last_text(input);
  if (draining_) throw Error(ErrorCode::kUnavailable, "the program is ending; try again soon");
  if (text.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "the last of the messages must be the person's, with text");
  }
  const std::string thread = string_or(input, "threadId");
  std::string run = string_or(input, "runId");
  if (run.empty()) run = base::random_hex(kRunIdBytes);
  if (run.size() > kMaxRunIdBytes) {
    throw Error(ErrorCode::kInvalidArgument, "the runId is longer than 128 bytes");
  }
  const auto live = call.person.live(thread, true);
  const Person::StreamPlace place(call.person);
  const std::int64_t after = live->events().last();
  call.person.say(*live, text, run);
  stream(call.person, *live, after, run, reply);
}

}  // namespace cartpilot::host
