// Cases 9, 10, 35 and 39, and what else the prompt shows: the real prompt on a pseudo-terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "prompt_terminal.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using enum ConsentAnswer;

TEST(PurchaseCase, case_09_what_was_typed_before_the_question_is_no_answer_to_it) {
  const auto receipt = receipt_with("A mug");
  EXPECT_EQ(run_prompt(receipt, {.typed_before = "86.38\n", .typed = "\n"}).answer, kDeclined);
  EXPECT_EQ(run_prompt(receipt, {.typed_before = "yes\n86.38\n86.38\n", .typed = "y\n"}).answer,
            kDeclined);
  EXPECT_EQ(run_prompt(receipt, {.typed_before = "y\n", .typed = "86.38\n"}).answer, kApproved);
}

TEST(PurchaseCase, case_10_only_the_total_is_a_yes) {
  const auto receipt = receipt_with("A mug");
  for (const char* yes : {"86.38\n", "  86.38\t\n"}) {
    EXPECT_EQ(run_prompt(receipt, {.typed = yes}).answer, kApproved) << yes;
  }
  for (const char* no : {"\n", "y\n", "yes\n", "Y\n", "86\n", "86.3\n", "86.380\n", "86.39\n",
                         "8638\n", "86,38\n", "086.38\n", "+86.38\n", "86.38 USD\n", "86.38x\n",
                         "86.38 86.38\n", "\x04", "\x03", "86.38 but not now\n",
                         "                                                        "
                         "                                                86.38\n"}) {
    EXPECT_EQ(run_prompt(receipt, {.typed = no}).answer, kDeclined) << no;
  }
  EXPECT_EQ(run_prompt(receipt, {.waits = true}).answer, kDeclined);
  EXPECT_EQ(run_prompt(receipt, {.hang_up = true}).answer, kDeclined);
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
    const PromptRun run = run_prompt(receipt_with(std::string("Mug ") + query, query),
                                     {.typed = "n\n", .answer_back = reply});
    EXPECT_EQ(forbidden_byte(run.screen), "") << run.screen;
    EXPECT_EQ(run.answer, kDeclined);
  }
}

TEST(PurchaseCase, case_39_padding_pushes_nothing_off_the_screen) {
  for (const char* padding : {"\n", " ", "\r\n", "\t", "\xe2\x80\xa8", "\xc2\xa0", "\v", "\f"}) {
    std::string title = "Mug";
    while (title.size() < 150) title += padding;
    title += "end";
    const PromptRun run = run_prompt(receipt_with(title), {.typed = "n\n"});
    std::vector<std::string> lines;
    std::istringstream in(run.screen);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    const auto titles = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("Mug") != std::string::npos && line.find("end") != std::string::npos;
    });
    EXPECT_EQ(titles, 1) << run.screen;                                    // one field, one line
    EXPECT_EQ(run.screen.find("Mug  "), std::string::npos) << run.screen;  // runs are collapsed
    // What an 80x24 screen still shows when the question waits.
    std::string last;
    std::size_t rows = 0;
    for (auto line = lines.rbegin(); line != lines.rend() && rows < 24; ++line) {
      rows += std::max<std::size_t>(1, (line->size() + 79) / 80);
      last = *line + "\n" + last;
    }
    EXPECT_THAT(last,
                AllOf(HasSubstr("TOTAL       86.38 USD"), HasSubstr("Type the total (86.38)")));
    EXPECT_EQ(forbidden_byte(run.screen), "");
  }
}

TEST(TerminalPrompt, shows_every_field_and_the_total_twice) {
  const PromptRun run =
      run_prompt(receipt_with("Wireless headphones", "SKU-118-BLK"), {.typed = "86.38\n"},
                 std::nullopt, "1 asked for, the receipt has 1\nspent 20.00 of 150.00 USD");
  EXPECT_THAT(run.screen,
              AllOf(HasSubstr("PURCHASE APPROVAL (from the program, not from the assistant)"),
                    HasSubstr("Merchant    merchant-a"), HasSubstr("Checkout    id-0001"),
                    HasSubstr("Pays with   test_card"), HasSubstr("1 x Wireless headphones"),
                    HasSubstr("sku       SKU-118-BLK"), HasSubstr("each      79.99 USD"),
                    HasSubstr("Tax         6.39 USD"), HasSubstr("Shipping    0.00 USD"),
                    HasSubstr("TOTAL       86.38 USD"),
                    HasSubstr("Note        1 asked for, the receipt has 1\r\n"),
                    HasSubstr("Note        spent 20.00 of 150.00 USD\r\n"),
                    HasSubstr("Type the total (86.38) to buy, anything else cancels [120 s]: ")));
  EXPECT_EQ(run.answer, kApproved);
}

TEST(TerminalPrompt, shows_old_and_new_total_side_by_side_with_the_difference) {
  const auto receipt = receipt_with("A mug");
  EXPECT_THAT(
      run_prompt(receipt, {.typed = "n\n"}, commerce::Money{7000, "USD"}).screen,
      HasSubstr("Total was   70.00 USD\r\n TOTAL       86.38 USD  (16.38 more than before)"));
  EXPECT_THAT(
      run_prompt(receipt, {.typed = "n\n"}, commerce::Money{9000, "USD"}).screen,
      HasSubstr("Total was   90.00 USD\r\n TOTAL       86.38 USD  (3.62 less than before)"));
  EXPECT_THAT(run_prompt(receipt, {.typed = "n\n"}, commerce::Money{9000, "EUR"}).screen,
              AllOf(HasSubstr("Total was   90.00 EUR"), Not(HasSubstr("than before"))));
  EXPECT_THAT(run_prompt(receipt, {.typed = "n\n"}).screen, Not(HasSubstr("Total was")));
}

}  // namespace
}  // namespace cartpilot::purchase
