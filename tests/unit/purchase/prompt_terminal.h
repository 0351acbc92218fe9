// PromptTerminal: the real prompt on a pseudo-terminal, with a person who types by script.
//
// A child process whose controlling terminal is the pseudo-terminal asks the question; every byte
// it shows is kept. One run per call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "commerce/receipt.h"
#include "purchase/questions.h"

namespace cartpilot::purchase {

struct PromptScript {
  std::string typed_before{};  ///< typed ahead, before the question is shown
  /// Typed once the question is shown; "CODE" stands for its code. Each line after the first waits
  /// for another question.
  std::vector<std::string> typed{};
  bool hang_up = false;  ///< the terminal goes away instead
  bool waits = false;    ///< nothing is typed; the clock jumps past the limit
  /// What the terminal itself types back when it was shown `screen` so far; "" = nothing.
  std::function<std::string(const std::string& screen)> answer_back{};
};

struct PromptRun {
  QuestionState answer = QuestionState::kDeclined;
  std::string reason;
  std::string screen;
};

PromptRun run_prompt(const ApprovalQuestion& question, const PromptScript& script, int columns = 80,
                     int rows = 24);

/// The question about a receipt.
ApprovalQuestion question_on(const commerce::Receipt& receipt,
                             const std::optional<commerce::Money>& previous = std::nullopt);

/// A receipt over 86.38 USD with one line of that title and SKU.
commerce::Receipt receipt_with(const std::string& title, const std::string& sku = "SKU-1");

/// The first byte that has no place on a terminal, as text; "" = clean. CR and LF pass, for the
/// terminal driver adds the one to the other; so does TAB.
std::string forbidden_byte(const std::string& screen);

}  // namespace cartpilot::purchase
