// PromptTerminal: the real prompt on a pseudo-terminal, with a person who types by script.
//
// A child process whose controlling terminal is the pseudo-terminal asks the question; every byte
// it shows is kept. 80 columns, 24 lines. One run per call.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "commerce/receipt.h"
#include "purchase/gate.h"

namespace cartpilot::purchase {

struct PromptScript {
  std::string typed_before{};  ///< typed ahead, before the question is shown
  std::string typed{};         ///< typed once the question is shown
  bool hang_up = false;        ///< the terminal goes away instead
  bool waits = false;          ///< nothing is typed; the clock jumps past the limit
  /// What the terminal itself types back when it was shown `screen` so far; "" = nothing.
  std::function<std::string(const std::string& screen)> answer_back{};
};

struct PromptRun {
  ConsentAnswer answer = ConsentAnswer::kDeclined;
  std::string screen;
};

PromptRun run_prompt(const commerce::Receipt& receipt, const PromptScript& script,
                     const std::optional<commerce::Money>& previous = std::nullopt,
                     const std::string& note = "");

/// A receipt over 86.38 USD with one line of that title and SKU.
commerce::Receipt receipt_with(const std::string& title, const std::string& sku = "SKU-1");

/// The first byte that has no place on a terminal, as text; "" = clean. CR and LF pass, for the
/// terminal driver adds the one to the other; so does TAB.
std::string forbidden_byte(const std::string& screen);

}  // namespace cartpilot::purchase
