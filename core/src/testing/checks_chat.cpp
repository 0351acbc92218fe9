// Checks of a provider's answers when everything goes well, and of how it lets itself be stopped.
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cartpilot/detail/wire.h"
#include "testing/conversation.h"

namespace cartpilot::testing {

std::string question(bool stream) {
  GenerateRequest request;
  request.system = "You are a test.";
  request.messages = {Message::user("Say hello.")};
  ToolSpec tool;
  tool.name = "get_weather";
  tool.description = "The weather in a city.";
  tool.parameters = parse_json(R"({"type":"object","required":["city"],
      "properties":{"city":{"type":"string","description":"Name of the city"}}})");
  request.tools = {tool};
  request.stream = stream;
  return dump_json(request_to_json(request));
}

Answer read_answer(CallOutcome outcome) {
  Answer answer;
  answer.outcome = std::move(outcome);
  for (const std::string& delta : answer.outcome.deltas) {
    try {
      const StreamEvent event = event_from_json(parse_json(delta, "event"));
      answer.finish_is_last = std::holds_alternative<Finish>(event);
      if (answer.finish_is_last) ++answer.finishes;
      if (const auto* text = std::get_if<TextDelta>(&event)) answer.text += text->text;
      if (const auto* call = std::get_if<ToolCallEvent>(&event)) answer.calls.push_back(call->call);
    } catch (const Error& error) {
      answer.unreadable = error.what();
    }
  }
  return answer;
}

Conversation::Conversation(const Subject& subject)
    : bench_(subject), samples_(subject.options->samples_file) {
  bench_.plugin().factories(Interface::kProvider).empty() ? skip_check("it is no provider")
                                                          : vendor(Scenario::kText);
}

void Conversation::vendor(Scenario scenario, Change change) {
  bench_.host().http().script([this, scenario, change](const HttpRequest& request) {
    FakeReply reply = samples_.answer(request, scenario);
    if (change) change(request, reply);
    return reply;
  });
}

Answer Conversation::ask(const Instance& instance, bool stream, Line& line) const {
  return read_answer(instance.chat(question(stream), line));
}

Answer Conversation::ask_vendor(bool stream, Line& line) {
  Answer answer = ask(bench_.make_provider(), stream, line);
  need_http(answer);
  return answer;
}

void Conversation::need_http(const Answer& answer) {
  const auto requests = bench_.host().http().requests();
  if (requests.empty()) skip_check("it makes no HTTP requests");
  if (samples_.dialect_of(requests.back()) == nullptr ||
      (!answer.outcome.errors.empty() &&
       answer.outcome.errors[0].find("no sample answer for") != std::string::npos)) {
    skip_check("the format of " + requests.back().url +
               " is not known; give sample answers with --samples FILE");
  }
}

namespace {

void expect_complete(const Answer& answer) {
  expect(answer.unreadable.empty(), "an event cannot be read: " + answer.unreadable);
  expect(answer.outcome.ok(), "the question failed: " + answer.outcome.description());
  expect(answer.finishes == 1,
         "the answer has " + std::to_string(answer.finishes) + " finish events instead of one");
  expect(answer.finish_is_last, "something follows the finish event");
}

void answers_text(const Subject& subject, bool stream) {
  Conversation conversation(subject);
  const Answer answer = conversation.ask(conversation.bench().make_provider(), stream);
  if (conversation.request_count() > 0) {
    conversation.need_http(answer);
    expect_complete(answer);
    expect(answer.text == "Hello from the sample.",
           "the vendor said \"Hello from the sample.\", the plugin says \"" + answer.text + "\"");
  } else {
    expect_complete(answer);
    expect(!answer.text.empty() || !answer.calls.empty(), "the answer is empty");
  }
}

void calls_tools(const Subject& subject, Scenario scenario,
                 const std::vector<std::string>& cities) {
  for (const bool stream : {true, false}) {
    Conversation conversation(subject);
    conversation.vendor(scenario);
    const Answer answer = conversation.ask_vendor(stream);
    expect_complete(answer);
    std::string seen;
    std::string wanted;
    std::string ids;
    for (const std::string& city : cities) wanted += "get_weather(" + city + ") ";
    for (const ToolCall& call : answer.calls) {
      seen += call.name + "(" + string_or(call.arguments, "city") + ") ";
      expect(!call.id.empty(), "a tool call has no id");
      expect(ids.find("|" + call.id + "|") == std::string::npos, "two tool calls share an id");
      ids += "|" + call.id + "|";
    }
    expect(seen == wanted, "the vendor asked for " + wanted + "and the plugin reports " +
                               (seen.empty() ? "no call" : seen));
  }
}

void same_request_same_bytes(const Subject& subject) {
  Conversation conversation(subject);
  const Instance instance = conversation.bench().make_provider();
  conversation.need_http(conversation.ask(instance, true));
  const std::size_t first = conversation.request_count();
  conversation.ask(instance, true);
  const auto requests = conversation.bench().host().http().requests();
  expect(requests.size() == 2 * first && requests[first - 1].body == requests.back().body &&
             requests[first - 1].url == requests.back().url,
         "the same question sent different bytes, which defeats the vendor's prompt cache");
}

void cancel_before(const Subject& subject) {
  Conversation conversation(subject);
  Line& line = new_line();
  line.cancelled = true;
  const Answer answer = conversation.ask(conversation.bench().make_provider(), true, line);
  expect(answer.outcome.status == CP_CANCELLED,
         "a cancelled question answers " + answer.outcome.description() + " instead of cancelled");
  expect(conversation.request_count() == 0, "a cancelled question still asked the vendor");
}

void cancel_in_the_middle(const Subject& subject) {
  Conversation conversation(subject);
  Line& line = new_line();
  line.on_delta = [&line](std::size_t) { line.cancelled = true; };
  const Answer answer = conversation.ask_vendor(true, line);
  expect(answer.finishes == 0 && answer.outcome.status == CP_CANCELLED,
         "cancelled in the middle, it answers " + answer.outcome.description() +
             (answer.finishes > 0 ? " with a finish event" : "") + " instead of cancelled");
}

void sink_stop(const Subject& subject) {
  Conversation conversation(subject);
  Line& line = new_line();
  line.stop_after_deltas = 1;
  const Answer answer = conversation.ask(conversation.bench().make_provider(), true, line);
  if (answer.outcome.deltas.empty()) skip_check("it emitted no event");
  expect(answer.outcome.emitted_after_stop <= 1,
         "told to stop, it emitted " + std::to_string(answer.outcome.emitted_after_stop) +
             " more events");
}

void passes_the_call_on(const Subject& subject) {
  Conversation conversation(subject);
  Line& line = new_line();
  constexpr std::int64_t kFarAway = 99'999'999'999'999;
  line.set_deadline(kFarAway);
  conversation.ask_vendor(true, line);
  for (const FakeHost::PassedCall& call : conversation.bench().host().passed_calls()) {
    expect(call.present && call.deadline_unix_ms == kFarAway,
           "it does not hand its cp_call to the HTTP service, so nobody can cancel the request");
  }
}

void concurrent_instances(const Subject& subject) {
  Conversation conversation(subject);
  std::mutex mutex;
  std::condition_variable both;
  int waiting = 0;
  // The vendor answers when both questions have arrived, so they really overlap.
  conversation.vendor(Scenario::kText, [&](const HttpRequest&, FakeReply&) {
    std::unique_lock<std::mutex> lock(mutex);
    ++waiting;
    both.notify_all();
    both.wait_for(lock, std::chrono::seconds(2), [&] { return waiting >= 2; });
  });
  const Instance first = conversation.bench().make_provider();
  const Instance second = conversation.bench().make_provider();
  std::array<Answer, 2> answers;
  std::thread other([&] { answers[1] = conversation.ask(second, true); });
  answers[0] = conversation.ask(first, true);
  other.join();
  if (conversation.request_count() > 0) conversation.need_http(answers[0]);
  for (const Answer& answer : answers) {
    expect(answer.complete() && answer.text == answers[0].text,
           "two objects at work at once disturb each other: " + answer.outcome.description());
  }
}

void empty_conversation(const Subject& subject) {
  Conversation conversation(subject);
  const Instance instance = conversation.bench().make_provider();
  for (const char* request : {R"({"messages":[]})", R"({"messages":[{"role":"user","parts":[]}]})",
                              R"({"messages":[{"role":"assistant","parts":[]}]})"}) {
    const Answer answer = read_answer(instance.chat(request));
    expect(!answer.outcome.threw, "it threw an exception");
    expect(answer.outcome.ok() || !answer.outcome.errors.empty(),
           "an empty conversation failed without a reason");
  }
}

void bad_request(const Subject& subject) {
  Conversation conversation(subject);
  const Instance instance = conversation.bench().make_provider();
  for (const char* request : {"", "{", "\xff\xfe", "{\"messages\""}) {
    const CallOutcome outcome = instance.chat(request);
    expect(outcome.status != CP_OK, "a request that is no JSON was answered as if it were (\"" +
                                        std::string(request) + "\")");
  }
}

}  // namespace

void add_chat_checks(std::vector<Check>& checks) {
  CheckList list(checks, kObjectNeeds);
  list.add("ok-basic", "reads a whole answer", [](const Subject& s) { answers_text(s, false); });
  list.add("ok-stream", "reads a streamed answer", [](const Subject& s) { answers_text(s, true); });
  list.add("tool-call", "reads a call of a tool",
           [](const Subject& s) { calls_tools(s, Scenario::kOneCall, {"Paris"}); });
  list.add("parallel-calls", "reads several calls in one answer, in order", [](const Subject& s) {
    calls_tools(s, Scenario::kTwoCalls, {"Paris", "Rome"});
  });
  list.add("same-request-same-bytes", "sends the same bytes for the same question",
           same_request_same_bytes);
  list.add("cancel-before", "asks nobody when it is cancelled already", cancel_before);
  list.add("cancel-mid-stream", "does not call a cancelled answer complete", cancel_in_the_middle);
  list.add("sink-stop", "stops emitting when it is told to", sink_stop);
  list.add("call-handed-on", "hands its call to the HTTP service, deadline included",
           passes_the_call_on);
  list.add("concurrent-instances", "works in two objects at once", concurrent_instances);
  list.add("empty-conversation", "survives a conversation without words", empty_conversation);
  list.add("bad-request-json", "refuses a request that is no JSON", bad_request);
}

}  // namespace cartpilot::testing
