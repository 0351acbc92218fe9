// Playing a script: which answer, and what comes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "playing.h"

namespace cartpilot::script {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What one request is answered with; failures as text.
std::string played(ScriptProvider& provider, const GenerateRequest& request) {
  Events events;
  const std::string failure =
      failure_of([&] { provider.generate(request, events, CallContext()); });
  return failure.empty() ? events.text() : events.text() + "! " + failure;
}

TEST(ScriptProvider, plays_each_answer_once_unless_told_otherwise) {
  const ScriptFile file(R"(
[[answer]]
text = "one"
[[answer]]
text = "two"
times = 2
[[answer]]
when.user = "hello"
text = "always"
times = "always"
)");
  ScriptProvider provider(config_of(file.path()));
  std::vector<std::string> texts;
  for (int i = 0; i < 5; ++i) texts.push_back(played(provider, request_of("hello there")));
  EXPECT_THAT(texts, ElementsAre("one", "two", "two", "always", "always"));
  EXPECT_EQ(played(provider, request_of("bye")),
            "! invalid_argument " + file.name() +
                ": no answer is left for 'bye'; the next one, at line 7, is for another request "
                "(user: expected 'hello' in 'bye')");
}

TEST(ScriptProvider, says_when_all_answers_were_played) {
  const ScriptFile file("[[answer]]\ntext = \"one\"\n");
  ScriptProvider provider(config_of(file.path()));
  EXPECT_EQ(played(provider, request_of("a")), "one");
  EXPECT_EQ(played(provider, request_of("a")),
            "! invalid_argument " + file.name() + ": no answer is left for 'a'; all were played");
}

TEST(ScriptProvider, emits_its_steps_in_order_and_finishes) {
  const ScriptFile file(R"(
[[answer]]
play = [{ reasoning = "r" }, { text = "a" }, { warning = "w" }, { text = "b" }]
calls = [{ name = "f", arguments = { n = 1 } }, { name = "g", id = "mine", arguments_text = "{x" }]
usage = { input_tokens = 7, output_tokens = 5, reasoning_tokens = 2, cached_tokens = 1 }
)");
  ScriptProvider provider(config_of(file.path()));
  Events events;
  GenerateRequest request = request_of("x");
  request.model = "other-model";
  provider.generate(request, events, CallContext());
  ASSERT_EQ(events.all.size(), 8U);
  EXPECT_EQ(std::get<ReasoningDelta>(events.all[0]).text, "r");
  EXPECT_EQ(std::get<TextDelta>(events.all[1]).text, "a");
  EXPECT_EQ(std::get<WarningEvent>(events.all[2]).message, "w");
  EXPECT_EQ(std::get<TextDelta>(events.all[3]).text, "b");
  const ToolCall& first = std::get<ToolCallEvent>(events.all[4]).call;
  EXPECT_EQ(first.id, "script-1");
  EXPECT_EQ(first.arguments, (Json{{"n", 1}}));
  const ToolCall& second = std::get<ToolCallEvent>(events.all[5]).call;
  EXPECT_EQ(second.id, "mine");
  EXPECT_EQ(second.arguments_error, "The arguments are not a JSON object: {x");
  EXPECT_EQ(std::get<UsageEvent>(events.all[6]).usage, (Usage{7, 5, 2, 1}));
  const Finish& finish = std::get<Finish>(events.all[7]);
  EXPECT_EQ(finish.reason, FinishReason::kToolCalls);
  EXPECT_EQ(finish.raw_reason, "tool_calls");
  EXPECT_EQ(finish.model, "other-model");
}

TEST(ScriptProvider, makes_ids_no_call_of_the_conversation_has) {
  const ScriptFile file("[[answer]]\ncalls = [{ name = \"f\" }]\n");
  ScriptProvider provider(config_of(file.path()));
  GenerateRequest request = request_of("x");
  Message assistant;
  assistant.role = Role::kAssistant;
  ToolCall earlier;
  earlier.id = "script-2";
  assistant.parts.emplace_back(earlier);
  request.messages.push_back(assistant);
  Events events;
  provider.generate(request, events, CallContext());
  EXPECT_EQ(events.calls().at(0).id, "script-3");
}

TEST(ScriptProvider, ends_as_told) {
  const ScriptFile file(R"(
[[answer]]
text = "half"
cut = true
[[answer]]
finish = "length"
[[answer.play]]
text = "a"
[[answer]]
[answer.error]
code = "rate_limited"
message = "slow down"
retryable = true
retry_after_ms = 30
http_status = 429
reason = "rate"
request_id = "r-1"
)");
  ScriptProvider provider(config_of(file.path()));
  Events events;
  try {
    provider.generate(request_of("x"), events, CallContext());
    FAIL() << "the cut answer ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_TRUE(error.retryable);
    EXPECT_EQ(error.reason, "stream_cut");
  }
  EXPECT_EQ(events.text(), "half");
  EXPECT_EQ(events.all.size(), 1U);
  Events second;
  provider.generate(request_of("x"), second, CallContext());
  EXPECT_EQ(std::get<Finish>(second.all.back()).reason, FinishReason::kLength);
  try {
    provider.generate(request_of("x"), events, CallContext());
    FAIL() << "the failing answer ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kRateLimited);
    EXPECT_STREQ(error.what(), "slow down");
    EXPECT_TRUE(error.retryable);
    EXPECT_EQ(error.retry_after_ms, 30);
    EXPECT_EQ(error.http_status, 429);
    EXPECT_EQ(error.reason, "rate");
    EXPECT_EQ(error.request_id, "r-1");
  }
}

TEST(ScriptProvider, passes_answers_over_until_their_condition_holds) {
  const ScriptFile file(R"(
[[answer]]
when = { last = "tool", result = { name = "f", ok = false, error_code = "SOLD_OUT", contains = "tent" } }
text = "sold out"
[[answer]]
when = { user_is = "exactly this" }
text = "exact"
[[answer]]
when = { turn = 2, model = "m-2", tools = ["f", "g"], tool_choice = "none", system = "be kind" }
text = "all"
[[answer]]
when = { last = "user" }
times = "always"
text = "rest"
)");
  ScriptProvider provider(config_of(file.path()));
  GenerateRequest sold = request_of("x");
  answer_call(sold, "f", {{"error_code", "SOLD_OUT"}, {"message", "no tent"}}, true);
  GenerateRequest all = request_of("first");
  all.messages.push_back(Message::user("exactly"));
  all.model = "m-2";
  all.system = "Please be kind.";
  all.tool_choice = "none";
  all.tools = {{"f", "", Json::object(), EffectClass::kRead},
               {"g", "", Json::object(), EffectClass::kRead}};
  GenerateRequest fewer = all;
  fewer.tools.pop_back();
  EXPECT_EQ(played(provider, request_of("exactly")), "rest");
  EXPECT_EQ(played(provider, fewer), "rest");
  EXPECT_EQ(played(provider, all), "all");
  EXPECT_EQ(played(provider, all), "rest");
  EXPECT_EQ(played(provider, request_of("exactly this")), "exact");
  EXPECT_EQ(played(provider, sold), "sold out");
  EXPECT_THAT(played(provider, sold), HasSubstr("last: expected 'user', it is 'tool'"));
}

TEST(ScriptProvider, fails_when_the_request_is_not_as_expected) {
  const ScriptFile file(R"(
[[answer]]
text = "never"
[answer.expect]
result = { name = "f", ok = true }
)");
  ScriptProvider provider(config_of(file.path()));
  GenerateRequest request = request_of("x");
  answer_call(request, "f", {{"error_code", "NO"}}, true);
  EXPECT_EQ(played(provider, request),
            "! invalid_argument " + file.name() +
                ", line 4: not as expected: result: none of those sent fits: 'f "
                "{\"error_code\":\"NO\"}'");
}

TEST(ScriptProvider, puts_values_of_earlier_results_into_texts_and_arguments) {
  const ScriptFile file(R"(
[[answer]]
times = "always"
text = "${f.list.1.id} of $${f} costs ${f.price}"
calls = [{ name = "g", arguments = { id = "${f.list.1.id}", all = ["${f.list}"], n = "${f.price}", t = "n ${f.price}" } }]
)");
  ScriptProvider provider(config_of(file.path()));
  GenerateRequest request = request_of("x");
  answer_call(request, "f", {{"list", Json::array()}});
  answer_call(request, "f", Json::parse(R"({"list":[{"id":"a"},{"id":"b"}],"price":12})"));
  answer_call(request, "f", {{"error", true}}, true);
  Events events;
  provider.generate(request, events, CallContext());
  EXPECT_EQ(events.text(), "b of ${f} costs 12");
  EXPECT_EQ(dump_json(events.calls().at(0).arguments),
            R"({"id":"b","all":[[{"id":"a"},{"id":"b"}]],"n":12,"t":"n 12"})");
  EXPECT_EQ(
      played(provider, request_of("x")),
      "! invalid_argument " + file.name() + ", line 2: ${f.list.1.id}: no result of f was sent");
  GenerateRequest other = request_of("x");
  answer_call(other, "f", {{"lists", 1}, {"price", 2}});
  EXPECT_EQ(played(provider, other), "! invalid_argument " + file.name() +
                                         ", line 2: ${f.list.1.id}: there is no 'list', but "
                                         "lists, price");
}

TEST(ScriptProvider, a_delay_ends_when_the_person_stops_it) {
  class StopsSoon final : public CallContext {
   public:
    bool cancelled() const noexcept override { return ++looks_ > 3; }
    int looks() const { return looks_; }

   private:
    mutable int looks_ = 0;
  };
  const ScriptFile file("[[answer]]\ndelay_ms = 600000\ntext = \"never\"\n");
  ScriptProvider provider(config_of(file.path()));
  const StopsSoon context;
  Events events;
  EXPECT_EQ(failure_of([&] { provider.generate(request_of("x"), events, context); }),
            "cancelled cancelled");
  EXPECT_TRUE(events.all.empty());
  EXPECT_EQ(context.looks(), 4);
}

TEST(ScriptProvider, without_a_script_it_only_translates_functions) {
  ScriptProvider provider((ProviderConfig()));
  EXPECT_EQ(failure_of([&] { provider.check(); }),
            "invalid_argument the script provider needs a script: pass --provider-option "
            "file=FILE");
  EXPECT_EQ(provider.info().name, "script");
  EXPECT_EQ(dump_json(provider.function_declarations(
                {{"f", "does", Json::object(), EffectClass::kRead}})),
            R"([{"name":"f","description":"does","parameters":{}}])");
  ProviderConfig wrong;
  wrong.options["fil"] = "x";
  EXPECT_EQ(failure_of([&] { ScriptProvider made(wrong); }),
            "invalid_argument script has no option 'fil', but file; it knows file");
}

}  // namespace
}  // namespace cartpilot::script
