// TerminalApprover: asks on the controlling terminal.
//
// Shows the whole question, page by page when it is longer than the screen, throws away what was
// typed meanwhile, and only then shows the code of the question: nothing that was typed or pasted
// before can hold it. Looks every 250 ms whether the question was answered elsewhere. Programs that
// share a terminal take turns. One thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "purchase/approver.h"
#include "terminal/tty.h"

namespace cartpilot::host {

class TerminalApprover final : public purchase::Approver {
 public:
  using BootClock = std::function<std::chrono::nanoseconds()>;

  /// `locks` is the folder of the file that programs on one terminal take turns by. `channel` goes
  /// into the record. `since_boot` replaces the boot clock in tests.
  explicit TerminalApprover(std::filesystem::path locks, std::string channel = "terminal",
                            BootClock since_boot = {});

  std::optional<std::string> unavailable() override;
  std::chrono::milliseconds lifetime() const override { return purchase::kPromptLifetime; }
  std::unique_ptr<purchase::ApproverTurn> wait_for_turn(const CallContext& context) override;
  void ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
           const CallContext& context) override;

 private:
  const std::filesystem::path locks_;
  const purchase::AnswerSource source_;
  const BootClock since_boot_;
};

/// True when there is a controlling terminal to ask on.
bool has_terminal();

}  // namespace cartpilot::host
