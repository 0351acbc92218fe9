// Cases 9, 10, 35 and 39, and what else the prompt shows: the real prompt on a pseudo-terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "prompt_terminal.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using enum QuestionState;

constexpr const char* kThrownAway = "What was typed before this question was thrown away.";

ApprovalQuestion mug() { return question_on(receipt_with("A mug")); }

TEST(PurchaseCase, case_09_what_was_typed_before_the_question_is_no_answer_to_it) {
  for (const std::string& before : {std::string("86.38\n"), std::string("yes\n86.38\n86.38 aaaa\n"),
                                    std::string("86.38 without its end")}) {
    const PromptRun run = run_prompt(mug(), {.typed_before = before, .typed = {"\n"}});
    EXPECT_EQ(run.answer, kDeclined) << before;
    EXPECT_THAT(run.screen, HasSubstr(kThrownAway)) << before;
  }
  const PromptRun yes = run_prompt(mug(), {.typed_before = "y\n", .typed = {"86.38 CODE\n"}});
  EXPECT_EQ(yes.answer, kApproved);
  EXPECT_THAT(yes.screen, HasSubstr(kThrownAway));
  EXPECT_THAT(run_prompt(mug(), {.typed = {"\n"}}).screen, Not(HasSubstr(kThrownAway)));
}

TEST(TerminalApprover, throws_a_long_paste_before_the_question_away_whole) {
  std::string block;
  // Every amount and many codes, more than a terminal's queue holds.
  for (int i = 0; i < 4000; ++i) block += "86.38 abcd\n";
  // The terminal takes what fits; the rest would wait for its reader.
  const PromptRun run = run_prompt(mug(), {.typed_before = block.substr(0, 4000), .typed = {"\n"}});
  EXPECT_EQ(run.answer, kDeclined);
  EXPECT_THAT(run.screen, HasSubstr(kThrownAway));
}

TEST(PurchaseCase, case_10_only_total_and_code_are_a_yes) {
  for (const char* yes :
       {"86.38 CODE\n", "  CODE   86,38\t\n", "86.38 USD CODE\n", "usd 86.38 CODE\n"}) {
    EXPECT_EQ(run_prompt(mug(), {.typed = {yes}}).answer, kApproved) << yes;
  }
  for (const char* no : {"\n", "no\n", "N\n", "cancel\n"}) {
    EXPECT_EQ(run_prompt(mug(), {.typed = {no}}).answer, kDeclined) << no;
  }
  EXPECT_EQ(run_prompt(mug(), {.waits = true}).reason, "nobody answered in time");
  EXPECT_NE(run_prompt(mug(), {.hang_up = true}).answer, kApproved);
  EXPECT_EQ(run_prompt(mug(), {.typed = {"\x04"}}).answer, kDeclined);
  EXPECT_NE(run_prompt(mug(), {.typed = {"\x03"}}).answer, kApproved);
}

TEST(TerminalApprover, explains_one_wrong_answer_which_may_be_given_again_once) {
  const PromptRun second = run_prompt(mug(), {.typed = {"86.38\n", "86.38 CODE\n"}});
  EXPECT_EQ(second.answer, kApproved);
  EXPECT_THAT(second.screen, HasSubstr("Not bought: you typed 86.38, the code is missing. You may "
                                       "answer once more, with a new code."));
  const PromptRun twice = run_prompt(mug(), {.typed = {"y\n", "86.39 CODE\n"}});
  EXPECT_EQ(twice.answer, kDeclined);
  EXPECT_THAT(twice.reason, HasSubstr("the total is 86.38 USD"));
}

TEST(PurchaseCase, case_35_a_terminal_that_types_back_is_never_given_a_reason_to) {
  // Title report, cursor position, device attributes, status string: each makes a terminal type.
  for (const char* query : {"\x1b[21t", "\x1b[6n", "\x1b[c", "\x1bP$qm\x1b\\",
                            "\x9b"
                            "6n",
                            "\xc2\x9b"
                            "6n",
                            "\x05"}) {
    const auto reply = [](const std::string& screen) {
      return forbidden_byte(screen).empty() ? "" : "86.38\r";
    };
    const PromptRun run = run_prompt(question_on(receipt_with(std::string("Mug ") + query, query)),
                                     {.typed = {"n\n"}, .answer_back = reply});
    EXPECT_EQ(forbidden_byte(run.screen), "") << run.screen;
    EXPECT_EQ(run.answer, kDeclined);
  }
}

TEST(PurchaseCase, case_39_padding_pushes_nothing_off_the_screen) {
  int asked = 0;
  for (const char* padding : {"\n", " ", "\r\n", "\t", "\xe2\x80\xa8", "\xc2\xa0", "\v", "\f"}) {
    std::string title = "Mug";
    while (title.size() < 150) title += padding;
    title += "end";
    const PromptRun run = run_prompt(question_on(receipt_with(title)), {.typed = {"n\n"}});
    if (run.screen.empty()) {  // escaped it takes more than three rows, so nothing is asked
      EXPECT_THAT(run.reason, HasSubstr("too narrow"));
      continue;
    }
    ++asked;
    std::vector<std::string> lines;
    std::istringstream in(run.screen);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    const auto titles = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("Mug") != std::string::npos && line.find("end") != std::string::npos;
    });
    EXPECT_EQ(titles, 1) << run.screen;                                    // one field, one line
    EXPECT_EQ(run.screen.find("Mug  "), std::string::npos) << run.screen;  // runs are collapsed
    EXPECT_THAT(run.screen, AllOf(HasSubstr("TOTAL       86.38 USD"),
                                  HasSubstr("Type the total (86.38) and the code (")));
    EXPECT_EQ(forbidden_byte(run.screen), "");
  }
  EXPECT_GT(asked, 0);
}

TEST(TerminalApprover, shows_a_long_receipt_page_by_page_before_the_code) {
  ApprovalQuestion question = mug();
  for (int i = 0; i < 60; ++i) question.notes.push_back("line " + std::to_string(i));
  const PromptRun run = run_prompt(question, {.typed = {"86.38 CODE\n"}});
  EXPECT_EQ(run.answer, kApproved) << run.screen;
  EXPECT_THAT(run.screen, HasSubstr("lines; Enter shows more, n says no: "));
  EXPECT_LT(run.screen.rfind("Enter shows more"), run.screen.find("the code ("));
}

TEST(TerminalApprover, asks_nothing_on_a_terminal_too_narrow_to_show_everything) {
  const PromptRun run =
      run_prompt(question_on(receipt_with(std::string(190, 'M'))), {.typed = {"\n"}}, 40);
  EXPECT_EQ(run.answer, kDeclined);
  EXPECT_THAT(run.reason, HasSubstr("too narrow"));
  EXPECT_THAT(run.screen, Not(HasSubstr("the code (")));
}

TEST(TerminalApprover, shows_every_field_and_says_what_to_type) {
  ApprovalQuestion question = question_on(receipt_with("Wireless headphones", "SKU-118-BLK"));
  question.warnings = {"NOT what was asked for: 2 asked for, the receipt has 1"};
  question.notes = {"spent 20.00 of 150.00 USD"};
  const PromptRun run = run_prompt(question, {.typed = {"86.38 CODE\n"}}, 80, 50);
  EXPECT_THAT(
      run.screen,
      AllOf(HasSubstr("PURCHASE APPROVAL (from the program, not from the assistant)"),
            HasSubstr("Merchant    merchant-a"), HasSubstr("Checkout    id-0001"),
            HasSubstr("Pays with   test_card"), HasSubstr("1 x Wireless headphones"),
            HasSubstr("  sku       SKU-118-BLK"), HasSubstr("  each      79.99 USD"),
            HasSubstr("Tax         6.39 USD"), HasSubstr("Shipping    0.00 USD"),
            HasSubstr("TOTAL       86.38 USD"), HasSubstr("WARNING     NOT what was asked for"),
            HasSubstr("Note        spent 20.00 of 150.00 USD\r\n"),
            HasSubstr("to buy, Enter alone says no [120 s]: ")));
  EXPECT_EQ(run.answer, kApproved);
}

TEST(TerminalApprover, shows_old_and_new_total_side_by_side_with_the_difference) {
  const auto receipt = receipt_with("A mug");
  const auto screen = [&](const commerce::Money& previous) {
    return run_prompt(question_on(receipt, previous), {.typed = {"n\n"}}).screen;
  };
  EXPECT_THAT(
      screen({7000, "USD"}),
      HasSubstr("Total was   70.00 USD\r\n TOTAL       86.38 USD (16.38 more than before)"));
  EXPECT_THAT(screen({9000, "USD"}),
              HasSubstr("Total was   90.00 USD\r\n TOTAL       86.38 USD (3.62 less than before)"));
  EXPECT_THAT(screen({9000, "EUR"}),
              AllOf(HasSubstr("Total was   90.00 EUR"), Not(HasSubstr("than before"))));
  EXPECT_THAT(run_prompt(mug(), {.typed = {"n\n"}}).screen, Not(HasSubstr("Total was")));
}

}  // namespace
}  // namespace cartpilot::purchase
