// Checks with generated input. The seed is in every message, so that a failure can be repeated.
#include "cartpilot/detail/wire.h"
#include "testing/argument_maker.h"
#include "testing/conversation.h"

namespace cartpilot::testing {
namespace {

constexpr int kRequests = 200;
constexpr int kAnswers = 300;

/// What every outcome must be like, however odd the input was.
void expect_rules(const CallOutcome& outcome, const std::string& what) {
  expect(!outcome.threw, what + ": an exception came out");
  expect(outcome.results.empty() || outcome.errors.empty(), what + ": both a result and an error");
  expect(outcome.status == CP_OK || !outcome.errors.empty(), what + ": failed without a reason");
}

std::string case_name(const Subject& subject, int number) {
  return "case " + std::to_string(number) + " of --seed " + std::to_string(subject.options->seed);
}

/// A request that is well formed but strange, or slightly damaged.
std::string odd_request(ArgumentMaker& maker) {
  Json request = parse_json(question(maker.below(2) == 0));
  const char* roles[] = {"user", "assistant", "tool"};
  for (std::uint64_t i = maker.below(6); i > 0; --i) {
    Json part{{"type", "text"}, {"text", dump_json(maker.any())}};
    if (maker.below(3) == 0) {
      part = {{"type", "tool_call"},
              {"id", "call_9"},
              {"name", "get_weather"},
              {"arguments", maker.any()}};
    }
    if (maker.below(3) == 0) {
      part = {{"type", "tool_result"},
              {"call_id", "call_9"},
              {"name", "get_weather"},
              {"content", maker.any()}};
    }
    request["messages"].push_back({{"role", roles[maker.below(3)]}, {"parts", {part}}});
  }
  if (maker.below(2) == 0) request["tool_choice"] = "fuzz-choice";
  if (maker.below(4) == 0) request["temperature"] = maker.any();
  if (maker.below(4) == 0) request["max_output_tokens"] = maker.any();
  const std::string text = dump_json(request);
  return maker.below(3) == 0 ? maker.damaged(text) : text;
}

void fuzz_requests(const Subject& subject) {
  Conversation conversation(subject);
  const Instance instance = conversation.bench().make_provider();
  ArgumentMaker maker(subject.options->seed);
  for (int i = 0; i < kRequests; ++i) {
    expect_rules(instance.chat(odd_request(maker)), case_name(subject, i));
  }
}

void fuzz_answers(const Subject& subject) {
  Conversation conversation(subject);
  const Instance instance = conversation.bench().make_provider();
  conversation.need_http(conversation.ask(instance, true));
  ArgumentMaker maker(subject.options->seed);
  const Scenario scenarios[] = {Scenario::kText, Scenario::kOneCall, Scenario::kTwoCalls};
  for (int i = 0; i < kAnswers; ++i) {
    conversation.vendor(scenarios[maker.below(3)], [&](const HttpRequest&, FakeReply& reply) {
      if (maker.below(6) == 0) reply.status = static_cast<int>(200 + maker.below(400));
      reply.body = maker.damaged(reply.body);
      if (reply.events.empty()) return;
      FakeReply::Event& event = reply.events[maker.below(reply.events.size())];
      event.data = maker.damaged(event.data);
      if (maker.below(4) == 0) event.stray = true;
    });
    const Answer answer = conversation.ask(instance, maker.below(3) != 0);
    expect_rules(answer.outcome, case_name(subject, i));
    expect(answer.unreadable.empty(),
           case_name(subject, i) + ": an event cannot be read: " + answer.unreadable);
    expect(answer.outcome.status != CP_OK || answer.complete(),
           case_name(subject, i) + ": success without exactly one finish event at the end");
  }
}

void fuzz_calls(const Subject& subject) {
  Bench bench(subject);
  const Instance instance = bench.make_tool_set();
  ArgumentMaker maker(subject.options->seed);
  const CallOutcome listed = instance.list();
  expect(listed.ok() && listed.results.size() == 1, "list() gives " + listed.description());
  for (const ToolSpec& tool :
       list_from_json(parse_json(listed.results[0], "tools"), tool_spec_from_json, "tools")) {
    if (tool.effect != EffectClass::kRead) continue;
    for (int i = 0; i < kRequests; ++i) {
      const Json arguments = maker.below(2) == 0 ? maker.any() : maker.fitting(tool.parameters);
      const std::string text = dump_json(arguments);
      expect_rules(instance.call(tool.name, maker.below(3) == 0 ? maker.damaged(text) : text),
                   case_name(subject, i) + " of " + tool.name);
    }
  }
}

}  // namespace

void add_fuzz_checks(std::vector<Check>& checks) {
  CheckList list(checks, {"load-now-local", "declared-interfaces-present", "ok-stream"});
  list.add("fuzz-requests", "survives odd requests", fuzz_requests);
  list.add("fuzz-answers", "survives damaged answers", fuzz_answers);
  list.add("fuzz-calls", "survives odd arguments",
           {"load-now-local", "declared-interfaces-present", "tool-list-valid"}, fuzz_calls);
}

}  // namespace cartpilot::testing
