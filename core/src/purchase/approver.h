// Approver: one surface on which a person can be asked.
//
// A surface shows a question and takes what the person does to the Questions, which alone decide
// what counts. A front end gives the gate one: the terminal of the conversation, a program that
// embeds the tools, or one that only waits because the answer comes from `cartpilot approve`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cartpilot/http.h"
#include "purchase/questions.h"

namespace cartpilot::purchase {

/// How long a question stays open where the only surface is a prompt in front of the person, and
/// where others may answer. Never beyond the checkout minus 60 s.
constexpr std::chrono::seconds kPromptLifetime{120};
constexpr std::chrono::minutes kSharedLifetime{10};

/// The right to ask, while several programs share one terminal.
class ApproverTurn {
 public:
  virtual ~ApproverTurn() = default;
};

class Approver {
 public:
  virtual ~Approver() = default;

  /// Why nobody can be asked here; nullopt when somebody can.
  virtual std::optional<std::string> unavailable() = 0;

  virtual std::chrono::milliseconds lifetime() const = 0;

  /// False: ask() only shows the question. The gate keeps it and looks for its answer later, see
  /// PurchaseGate::settle_pending().
  virtual bool waits() const { return true; }

  /// Waits until no other program asks on this surface; held while ours is open. Null where a
  /// surface is nobody else's. Ends early, with null, when the call is cancelled.
  virtual std::unique_ptr<ApproverTurn> wait_for_turn(const CallContext& context) {
    (void)context;
    return nullptr;
  }

  /// Shows `question` and, unless waits() is false, waits, on the calling thread, until it is not
  /// open any more, the person has left, or the call is cancelled. The result is what `questions`
  /// says about it afterwards.
  virtual void ask(const ApprovalQuestion& question, Questions& questions,
                   const CallContext& context) = 0;
};

/// Asks a person: waits for the surface, opens the question for as long as the surface allows and
/// at most `longest` from now, shows it, and closes it when nobody else did. Returns the question
/// as it is then, never open; only kApproved is a yes. Throws Error as Questions::open() does.
ApprovalQuestion ask_person(Approver& approver, Questions& questions, ApprovalQuestion question,
                            const CallContext& context,
                            std::chrono::milliseconds longest = std::chrono::milliseconds::max());

}  // namespace cartpilot::purchase
