// TerminalPrompt: shows a receipt on the controlling terminal and waits for the total to be typed.
//
// Works on /dev/tty, never on standard input, so neither a pipe nor the model can answer. What was
// typed before the question is thrown away. Everything shown is ASCII; every field is on a line of
// its own and nothing is cut.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "purchase/gate.h"

namespace cartpilot::host {

class TerminalPrompt final : public purchase::ConsentPrompt {
 public:
  using Clock = std::function<std::chrono::nanoseconds()>;

  /// `since_boot` replaces the boot clock in tests.
  explicit TerminalPrompt(Clock since_boot = {});

  purchase::ConsentAnswer ask(const commerce::Receipt& receipt,
                              const std::optional<commerce::Money>& previous_total,
                              const std::string& note) override;

 private:
  Clock since_boot_;
};

/// The receipt as the person sees it.
std::string receipt_text(const commerce::Receipt& receipt,
                         const std::optional<commerce::Money>& previous_total,
                         const std::string& note);

/// Shows `question` on the controlling terminal; true when "yes" was typed after it. False without
/// a terminal.
bool confirmed_on_terminal(std::string_view question);

/// True when there is a controlling terminal to ask on.
bool has_terminal();

}  // namespace cartpilot::host
