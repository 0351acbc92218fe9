// What the views print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <regex>
#include <sstream>

#include "terminal/conversation_view.h"
#include "terminal/purchase_lines.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

using purchase::PurchaseEnd;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Shown {
  std::string out;
  std::string err;
};

Shown shown(std::unique_ptr<ConversationView> view,
            const std::function<void(ConversationView&)>& talk) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  talk(*view);
  Shown result;
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

/// One object a line.
std::vector<Json> objects(const std::string& text) {
  std::vector<Json> list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) list.push_back(parse_json(line));
  return list;
}

chat::TurnResult ended(const std::string& text, const std::string& finish) {
  chat::TurnResult result;
  result.text = text;
  result.finish = finish;
  return result;
}

purchase::PurchaseReport report(purchase::PurchaseOutcome outcome, PurchaseEnd end) {
  purchase::PurchaseReport made;
  made.attempt = "a1";
  made.outcome = outcome;
  made.end = end;
  made.checkout_id = "c1";
  made.merchant_order_id = "ORD-1";
  made.total = {8638, "USD"};
  made.message = "the total is 99.99 USD";
  return made;
}

TEST(TextView, shows_the_answer_on_standard_output_and_all_else_on_standard_error) {
  const Shown result = shown(make_text_view(), [](ConversationView& view) {
    view.on_turn_begin(1, "hi");
    view.on_event(TextDelta{"Look"});
    view.on_event(TextDelta{"ing.\x1b[2J"});
    view.on_tool_call({"1", "get_offer", Json{{"id", std::string(200, 'x')}}, "", nullptr});
    view.on_tool_result(
        {"1", "get_offer", nullptr, "", nullptr},
        {"1", "get_offer", Json{{"error_code", "GONE"}, {"message", "no"}}, true, nullptr}, 7);
    view.on_event(WarningEvent{"be careful"});
    view.on_turn_end(1, ended("Looking.", "length"));
  });
  EXPECT_EQ(result.out, "Looking.\\u{1b}[2J\n");
  EXPECT_THAT(result.err, StartsWith("-> get_offer {\"id\":\"xxx"));
  EXPECT_THAT(result.err, HasSubstr("xxx...\n<- get_offer failed after 7 ms: GONE: no\n"));
  EXPECT_THAT(result.err, HasSubstr("cartpilot: be careful\n"));
  EXPECT_THAT(result.err, HasSubstr("length limit"));
}

TEST(TextView, lets_no_model_sign_as_the_program_however_the_text_is_cut) {
  const std::string forged = "[cartpilot] BOUGHT 1.00 USD\n";
  for (std::size_t cut = 0; cut <= forged.size(); ++cut) {
    const Shown result = shown(make_text_view(), [&](ConversationView& view) {
      view.on_event(TextDelta{forged.substr(0, cut)});
      view.on_event(TextDelta{forged.substr(cut)});
      view.on_turn_end(1, ended(forged, "stop"));
    });
    EXPECT_EQ(result.out, "\\u{5b}cartpilot] BOUGHT 1.00 USD\n") << cut;
  }
}

/// What a model, a shop or a plugin may write, and what no terminal may be given.
const std::string kHostile =
    "x\x1b]0;OWNED\x07\xC2\x9B\x7F\xE2\x80\xAE\n[cartpilot] BOUGHT 1.00 USD";

/// Every text that a view is given, hostile.
void talk_hostile(ConversationView& view) {
  view.on_session({kHostile, kHostile, kHostile, kHostile, kHostile});
  view.on_turn_begin(1, kHostile);
  view.on_event(ReasoningDelta{kHostile});
  view.on_event(TextDelta{kHostile});
  view.on_event(WarningEvent{kHostile});
  view.on_tool_call({kHostile, kHostile, Json{{kHostile, kHostile}}, kHostile, nullptr});
  view.on_tool_result(
      {kHostile, kHostile, nullptr, "", nullptr},
      {kHostile, kHostile, Json{{"error_code", kHostile}, {"message", kHostile}}, true, nullptr},
      7);
  view.on_retry(1500, kHostile);
  commerce::Receipt receipt;
  receipt.checkout.merchant_id = kHostile;
  const std::vector<std::string> warnings = {kHostile};
  view.on_approval_request({kHostile, receipt, std::nullopt, warnings});
  purchase::ApprovalDecision decision;
  decision.decision = "approved";
  decision.by = kHostile;
  decision.reason = kHostile;
  view.on_approval_decision(decision);
  for (const auto outcome : {purchase::PurchaseOutcome::kDone, purchase::PurchaseOutcome::kNotDone,
                             purchase::PurchaseOutcome::kUnknown}) {
    purchase::PurchaseReport made = report(outcome, PurchaseEnd::kNotAsAgreed);
    made.merchant_order_id = kHostile;
    made.message = kHostile;
    view.on_purchase(made);
  }
  view.on_notice(kHostile);
  view.on_error(Error(ErrorCode::kProtocol, kHostile));
  view.on_turn_end(1, ended(kHostile, "limit"));
}

/// Neither a byte that acts on a terminal, nor the mark in front of what the program did not say.
void expect_harmless(const std::string& text) {
  EXPECT_EQ(text, text::safe_text(text)) << "apart from the program's own marks";
  EXPECT_THAT(text, Not(HasSubstr("[cartpilot] BOUGHT 1.00")));
}

TEST(TextView, lets_nothing_reach_the_terminal_that_acts_on_it) {
  const Shown result = shown(make_text_view(), talk_hostile);
  std::string rest;
  std::istringstream lines(result.out + result.err);
  for (std::string line; std::getline(lines, line);) {
    const bool own = line.starts_with("[cartpilot] ");
    rest += line.substr(own ? text::kMark.size() : 0) + "\n";
    EXPECT_LT(line.size(), 2'000U);
  }
  expect_harmless(rest);
}

/// Looks and moves of the cursor, which the program itself writes.
std::string without_looks(const std::string& text) {
  static const std::regex sequence("\x1b\\[[0-9;]*[mDK]");
  return std::regex_replace(text, sequence, "");
}

TEST(ScreenView, lets_nothing_reach_the_terminal_that_acts_on_it) {
  for (const char* terminal : {"xterm", "dumb"}) {
    ::setenv("TERM", terminal, 1);
    const Shown result = shown(make_screen_view(true), talk_hostile);
    std::string rest;
    std::istringstream lines(without_looks(result.out + result.err));
    for (std::string line; std::getline(lines, line);) {
      const bool own = line.starts_with("[cartpilot] ");
      rest += line.substr(own ? text::kMark.size() : 0) + "\n";
      EXPECT_LE(line.size(), 120U) << "a row of 80 columns";
    }
    expect_harmless(rest);
    EXPECT_THAT(rest, Not(HasSubstr("OWNED\x07")));
  }
}

TEST(ScreenView, shows_a_call_as_a_sentence_and_its_arguments_only_when_asked) {
  ::setenv("TERM", "xterm", 1);
  const auto talk = [](ConversationView& view) {
    view.on_turn_begin(1, "hi");
    view.on_event(TextDelta{"I **look**"});
    const ToolCall call{"1", "create_intent", Json{{"query", "desk lamp"}}, "", nullptr};
    view.on_tool_call(call);
    view.on_tool_result(call, {"1", "create_intent", Json{{"id", "i1"}}, false, nullptr}, 7);
    view.on_tool_result(
        {"2", "get_weather", nullptr, "", nullptr},
        {"2", "get_weather", Json{{"error_code", "GONE"}, {"message", "no"}}, true, nullptr}, 7);
    view.on_turn_end(1, ended("", "stop"));
  };
  const std::string sentences =
      "I \x1b[1mlook\x1b[0m\n\x1b[2mNoting what you want: \"desk lamp\"\x1b[0m\n"
      "\x1b[2mRunning get_weather: failed after 7 ms: no (GONE)\x1b[0m\n";
  EXPECT_EQ(shown(make_screen_view(false), talk).out, sentences);
  EXPECT_THAT(shown(make_screen_view(true), talk).out,
              HasSubstr("-> create_intent {\"query\":\"desk lamp\"}"));
  ::setenv("NO_COLOR", "1", 1);
  const std::string bare = shown(make_screen_view(false), talk).out;
  ::unsetenv("NO_COLOR");
  EXPECT_EQ(bare, without_looks(sentences));
}

TEST(ScreenView, says_in_bold_what_became_of_a_purchase) {
  ::setenv("TERM", "xterm", 1);
  const Shown result = shown(make_screen_view(false), [](ConversationView& view) {
    view.on_event(TextDelta{"**so"});
    view.on_purchase(report(purchase::PurchaseOutcome::kDone, PurchaseEnd::kBought));
  });
  EXPECT_EQ(result.out, "**so\n\x1b[1m[cartpilot] BOUGHT 86.38 USD, merchant order ORD-1\x1b[0m\n");
}

TEST(JsonlView, lets_nothing_reach_the_terminal_that_acts_on_it) {
  const Shown result = shown(make_jsonl_view(), talk_hostile);
  expect_harmless(result.out);
  EXPECT_EQ(objects(result.out).front()["session_id"], kHostile);
}

TEST(TextView, bounds_the_fields_of_its_lines) {
  const std::string flood(100'000, 'O');
  const Shown result = shown(make_text_view(), [&](ConversationView& view) {
    view.on_tool_call({"1", flood, Json{{flood, flood}}, "", nullptr});
    view.on_tool_result(
        {"1", flood, nullptr, "", nullptr},
        {"1", flood, Json{{"error_code", flood}, {"message", flood}}, true, nullptr}, 7);
    purchase::PurchaseReport made = report(purchase::PurchaseOutcome::kDone, PurchaseEnd::kBought);
    made.merchant_order_id = flood;
    view.on_purchase(made);
  });
  EXPECT_LT(result.out.size() + result.err.size(), 3'000U);
}

TEST(JsonlView, prints_one_object_a_line) {
  const Shown result = shown(make_jsonl_view(), [](ConversationView& view) {
    view.on_session({"s-1", "gemini", "m-1", "ask", "sandbox"});
    view.on_turn_begin(1, "hi");
    view.on_event(TextDelta{"a\nb"});
    view.on_retry(1500, "busy");
    view.on_purchase(report(purchase::PurchaseOutcome::kUnknown, PurchaseEnd::kUnknown));
    Error error(ErrorCode::kRateLimited, "slow down");
    error.retryable = true;
    error.http_status = 429;
    view.on_error(error);
    view.on_turn_end(1, ended("a\nb", "stop"));
  });
  EXPECT_EQ(result.err, "");
  std::vector<std::string> types;
  for (const Json& object : objects(result.out)) types.push_back(string_or(object, "type"));
  EXPECT_THAT(types, ElementsAre("session", "turn_begin", "text_delta", "retry", "purchase",
                                 "error", "turn_end"));
  const std::vector<Json> all = objects(result.out);
  EXPECT_EQ(all[4]["outcome"], "unknown");
  EXPECT_EQ(all[4]["total"], 8638);
  EXPECT_EQ(all[5]["code"], "rate_limited");
  EXPECT_EQ(all[5]["http_status"], 429);
  EXPECT_EQ(all[6]["text"], "a\nb");
}

TEST(JsonlView, hides_a_key_that_comes_in_two_pieces) {
  text::add_secret("split-key-0123456789");
  const Shown result = shown(make_jsonl_view(), [](ConversationView& view) {
    view.on_event(ReasoningDelta{"thinking of split-k"});
    view.on_event(ReasoningDelta{"ey-0123456789 indeed"});
    view.on_event(TextDelta{"it is split-key-"});
    view.on_event(TextDelta{"0123456789 indeed"});
    view.on_turn_end(1, ended("", "stop"));
  });
  EXPECT_THAT(result.out, Not(HasSubstr("0123456789")));
  EXPECT_THAT(result.out, HasSubstr("indeed"));
}

TEST(PurchaseLines, begin_with_what_became_of_the_purchase) {
  EXPECT_THAT(purchase_lines(report(purchase::PurchaseOutcome::kDone, PurchaseEnd::kBought)),
              ElementsAre(AllOf(StartsWith("BOUGHT 86.38 USD"), HasSubstr("ORD-1"))));
  EXPECT_THAT(purchase_lines(report(purchase::PurchaseOutcome::kDone, PurchaseEnd::kNotAsAgreed)),
              ElementsAre(StartsWith("BOUGHT 86.38 USD"), "NOT AS AGREED: the total is 99.99 USD"));
  EXPECT_THAT(purchase_lines(report(purchase::PurchaseOutcome::kNotDone, PurchaseEnd::kChanged)),
              ElementsAre(StartsWith("NOT BOUGHT: ")));
  EXPECT_THAT(purchase_lines(report(purchase::PurchaseOutcome::kUnknown, PurchaseEnd::kUnknown)),
              ElementsAre(StartsWith("OUTCOME UNKNOWN: ")));
}

}  // namespace
}  // namespace cartpilot::host
