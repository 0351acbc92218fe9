#include "testing/answer_samples.h"

#include <fstream>
#include <iterator>

#include "cartpilot/error.h"

namespace cartpilot::testing {
namespace {

/// Several JSON texts, one a line.
std::vector<FakeReply::Event> lines(const std::string& text) {
  std::vector<FakeReply::Event> events;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (!line.empty()) events.push_back({"", line, false});
    begin = end + 1;
  }
  return events;
}

FakeReply event_stream(std::vector<FakeReply::Event> events) {
  FakeReply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}};
  reply.events = std::move(events);
  return reply;
}

/// Events of the responses format carry their type as name too.
FakeReply named_stream(const std::string& text) {
  std::vector<FakeReply::Event> events = lines(text);
  for (FakeReply::Event& event : events) event.name = string_or(parse_json(event.data), "type");
  return event_stream(std::move(events));
}

Dialect chat_completions() {
  const std::string head =
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"sample-1","choices":[{"index":0,"delta":)";
  const auto chunk = [&](const std::string& delta, const std::string& reason = "null") {
    return head + delta + R"(,"finish_reason":)" + reason + "}]}\n";
  };
  const std::string usage =
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"sample-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}})"
      "\n[DONE]\n";
  const auto call_begin = [](int index, const std::string& id) {
    return R"({"tool_calls":[{"index":)" + std::to_string(index) + R"(,"id":")" + id +
           R"(","type":"function","function":{"name":"get_weather","arguments":""}}]})";
  };
  const auto call_rest = [](int index, const std::string& arguments) {
    return R"({"tool_calls":[{"index":)" + std::to_string(index) + R"(,"function":{"arguments":)" +
           dump_json(arguments) + "}}]}";
  };
  const auto whole = [](const std::string& message, const std::string& reason) {
    return FakeReply::json(
        R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"sample-1","choices":[{"index":0,"message":)" +
        message + R"(,"finish_reason":")" + reason +
        R"("}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}})");
  };
  const auto native = [](const std::string& id, const std::string& city) {
    return R"({"id":")" + id + R"(","type":"function","function":{"name":"get_weather",)" +
           R"("arguments":"{\"city\":\")" + city + R"(\"}"}})";
  };
  const std::string paris = chunk(call_begin(0, "call_1")) + chunk(call_rest(0, R"({"city":)")) +
                            chunk(call_rest(0, R"("Paris"})"));
  const std::string rome =
      chunk(call_begin(1, "call_2")) + chunk(call_rest(1, R"({"city":"Rome"})"));
  Dialect dialect;
  dialect.streams[Scenario::kText] = event_stream(
      lines(chunk(R"({"role":"assistant","content":""})") + chunk(R"({"content":"Hello from "})") +
            chunk(R"({"content":"the sample."})") + chunk("{}", R"("stop")") + usage));
  dialect.streams[Scenario::kOneCall] =
      event_stream(lines(paris + chunk("{}", R"("tool_calls")") + usage));
  dialect.streams[Scenario::kTwoCalls] =
      event_stream(lines(paris + rome + chunk("{}", R"("tool_calls")") + usage));
  dialect.bodies[Scenario::kText] =
      whole(R"({"role":"assistant","content":"Hello from the sample."})", "stop");
  const std::string calls_head = R"({"role":"assistant","content":null,"tool_calls":[)";
  dialect.bodies[Scenario::kOneCall] =
      whole(calls_head + native("call_1", "Paris") + "]}", "tool_calls");
  dialect.bodies[Scenario::kTwoCalls] = whole(
      calls_head + native("call_1", "Paris") + "," + native("call_2", "Rome") + "]}", "tool_calls");
  dialect.models = FakeReply::json(
      R"({"object":"list","data":[{"id":"sample-1","object":"model","created":1,"owned_by":"sample"}]})");
  dialect.native_call = parse_json(native("call_1", "Paris"));
  return dialect;
}

Dialect responses() {
  const auto item = [](const std::string& number, const std::string& city, bool done) {
    return R"({"type":"function_call","id":"fc_)" + number + R"(","call_id":"call_)" + number +
           R"(","name":"get_weather","arguments":)" +
           (done ? dump_json(R"({"city":")" + city + "\"}") : std::string(R"("")")) +
           R"(,"status":")" + (done ? "completed" : "in_progress") + "\"}";
  };
  const std::string text_item =
      R"({"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello from the sample.","annotations":[]}]})";
  const auto answer = [](const std::string& output, const std::string& status) {
    return R"({"id":"resp_1","object":"response","created_at":1,"model":"sample-1","status":")" +
           status + R"(","error":null,"incomplete_details":null,"output":[)" + output +
           R"(],"usage":{"input_tokens":7,"output_tokens":5,"total_tokens":12,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}}})";
  };
  const std::string created = R"({"type":"response.created","sequence_number":0,"response":)" +
                              answer("", "in_progress") + "}\n";
  const auto completed = [&](const std::string& output) {
    return R"({"type":"response.completed","sequence_number":90,"response":)" +
           answer(output, "completed") + "}\n";
  };
  const auto call = [&](const std::string& number, const std::string& city) {
    const std::string at = R"("output_index":)" + std::to_string(std::stoi(number) - 1);
    const std::string arguments = dump_json(R"({"city":")" + city + "\"}");
    return R"({"type":"response.output_item.added","sequence_number":1,)" + at + R"(,"item":)" +
           item(number, city, false) + "}\n" +
           R"({"type":"response.function_call_arguments.delta","sequence_number":2,)" + at +
           R"(,"item_id":"fc_)" + number + R"(","delta":)" + arguments + "}\n" +
           R"({"type":"response.function_call_arguments.done","sequence_number":3,)" + at +
           R"(,"item_id":"fc_)" + number + R"(","arguments":)" + arguments + "}\n" +
           R"({"type":"response.output_item.done","sequence_number":4,)" + at + R"(,"item":)" +
           item(number, city, true) + "}\n";
  };
  const std::string text =
      R"({"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}})"
      "\n"
      R"({"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}})"
      "\n"
      R"({"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello from "})"
      "\n"
      R"({"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"the sample."})"
      "\n"
      R"({"type":"response.output_text.done","sequence_number":5,"item_id":"msg_1","output_index":0,"content_index":0,"text":"Hello from the sample."})"
      "\n"
      R"({"type":"response.output_item.done","sequence_number":6,"output_index":0,"item":)" +
      text_item + "}\n";
  const std::string paris = item("1", "Paris", true);
  const std::string both = paris + "," + item("2", "Rome", true);
  Dialect dialect;
  dialect.streams[Scenario::kText] = named_stream(created + text + completed(text_item));
  dialect.streams[Scenario::kOneCall] =
      named_stream(created + call("1", "Paris") + completed(paris));
  dialect.streams[Scenario::kTwoCalls] =
      named_stream(created + call("1", "Paris") + call("2", "Rome") + completed(both));
  dialect.bodies[Scenario::kText] = FakeReply::json(answer(text_item, "completed"));
  dialect.bodies[Scenario::kOneCall] = FakeReply::json(answer(paris, "completed"));
  dialect.bodies[Scenario::kTwoCalls] = FakeReply::json(answer(both, "completed"));
  dialect.models = chat_completions().models;
  dialect.native_call = parse_json(paris);
  return dialect;
}

Dialect gemini() {
  const auto chunk = [](const std::string& parts, const std::string& end) {
    return R"({"candidates":[{"content":{"role":"model","parts":[)" + parts + R"(]},"index":0)" +
           end +
           R"(}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"totalTokenCount":12},"modelVersion":"sample-1","responseId":"r1"})";
  };
  const std::string stop = R"(,"finishReason":"STOP")";
  const auto call = [](const std::string& city) {
    return R"({"functionCall":{"name":"get_weather","args":{"city":")" + city + R"("}}})";
  };
  Dialect dialect;
  dialect.streams[Scenario::kText] = event_stream(lines(
      chunk(R"({"text":"Hello from "})", "") + "\n" + chunk(R"({"text":"the sample."})", stop)));
  dialect.streams[Scenario::kOneCall] = event_stream(lines(chunk(call("Paris"), stop)));
  dialect.streams[Scenario::kTwoCalls] =
      event_stream(lines(chunk(call("Paris"), "") + "\n" + chunk(call("Rome"), stop)));
  dialect.bodies[Scenario::kText] =
      FakeReply::json(chunk(R"({"text":"Hello from the sample."})", stop));
  dialect.bodies[Scenario::kOneCall] = FakeReply::json(chunk(call("Paris"), stop));
  dialect.bodies[Scenario::kTwoCalls] =
      FakeReply::json(chunk(call("Paris") + "," + call("Rome"), stop));
  dialect.models = FakeReply::json(
      R"({"models":[{"name":"models/sample-1","version":"1","displayName":"Sample","description":"A sample","inputTokenLimit":1000,"outputTokenLimit":1000,"supportedGenerationMethods":["generateContent","countTokens"]}]})");
  dialect.native_call = parse_json(R"({"name":"get_weather","args":{"city":"Paris"}})");
  return dialect;
}

[[noreturn]] void bad_samples(const std::string& why) {
  throw Error(ErrorCode::kProtocol, "samples file: " + why);
}

FakeReply reply_of(const Json& json, const std::string& what) {
  if (json.is_object()) return FakeReply::json(dump_json(json));
  if (!json.is_array()) bad_samples(what + " is neither an answer (object) nor events (array)");
  std::vector<FakeReply::Event> events;
  for (const Json& entry : json) {
    if (entry.is_string()) {
      events.push_back({"", entry.get<std::string>(), false});
    } else if (entry.is_object() && entry.contains("data")) {
      const Json& data = entry["data"];
      events.push_back({string_or(entry, "event"),
                        data.is_string() ? data.get<std::string>() : dump_json(data), false});
    } else {
      events.push_back({"", dump_json(entry), false});
    }
  }
  return event_stream(std::move(events));
}

Dialect read_samples(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) bad_samples("cannot read " + file);
  const Json json =
      parse_json(std::string(std::istreambuf_iterator<char>(stream), {}), "samples file");
  if (!json.is_object()) bad_samples("it is no JSON object");
  Dialect dialect;
  for (const auto& [name, scenario] :
       {std::pair{"text", Scenario::kText}, std::pair{"one_call", Scenario::kOneCall},
        std::pair{"two_calls", Scenario::kTwoCalls}}) {
    if (!json.contains(name)) continue;
    const Json& entry = json[name];
    if (entry.contains("body")) {
      dialect.bodies[scenario] = reply_of(entry["body"], std::string(name) + ".body");
    }
    if (entry.contains("events")) {
      dialect.streams[scenario] = reply_of(entry["events"], std::string(name) + ".events");
    }
  }
  if (json.contains("models")) dialect.models = reply_of(json["models"], "models");
  if (json.contains("native_call")) dialect.native_call = json["native_call"];
  return dialect;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

AnswerSamples::AnswerSamples(const std::string& file)
    : chat_completions_(chat_completions()), responses_(responses()), gemini_(gemini()) {
  if (!file.empty()) authors_ = read_samples(file);
}

const Dialect* AnswerSamples::dialect_of(const HttpRequest& request) const {
  if (authors_) return &*authors_;
  const std::string& url = request.url;
  if (has(url, "/chat/completions")) return &chat_completions_;
  if (has(url, "/responses")) return &responses_;
  if (has(url, "enerateContent") || has(url, "/v1beta/models")) return &gemini_;
  if (has(url, "/models")) return &chat_completions_;
  return nullptr;
}

FakeReply AnswerSamples::answer(const HttpRequest& request, Scenario scenario) const {
  const Dialect* dialect = dialect_of(request);
  if (dialect != nullptr && request.method == "GET") return dialect->models;
  if (dialect != nullptr) {
    const auto& replies = wants_stream(request) ? dialect->streams : dialect->bodies;
    const auto found = replies.find(scenario);
    if (found != replies.end()) return found->second;
  }
  Error unknown(ErrorCode::kUnsupported, "no sample answer for " + request.url);
  unknown.reason = "samples";
  throw unknown;
}

bool wants_stream(const HttpRequest& request) {
  // A translator may be ready for a stream that it did not ask for.
  const bool whole = has(request.body, R"("stream":false)") || has(request.url, ":generateContent");
  return request.server_sent_events && !whole;
}

}  // namespace cartpilot::testing
