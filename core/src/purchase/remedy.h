// Remedy: what a person can do about something, in the words of the front end they sit at.
//
// The core says what is the matter. How to change it depends on the front end: a command line names
// flags and commands, a page its buttons. A front end gives one function; without it nothing is
// said. Any thread.
#pragma once

#include <functional>
#include <string>

namespace cartpilot::purchase {

enum class Remedy {
  kAllowPurchases,     ///< nothing may be bought, or nobody can be asked
  kBeAsked,            ///< nobody can be asked, and only a person's yes will do
  kAnswerQuestion,     ///< that nobody waits for; `about` is its id
  kAllowRepeat,        ///< a standing permission buys a basket once
  kRecordOutcome,      ///< of an unknown purchase; `about` is its attempt
  kNewRecord,          ///< the record of purchases was altered
  kLookedAtOrders,     ///< what was bought is not all on record, and a person knows by now
  kReachCartPilot,     ///< `about` is the text of its CartPilotIdentity, or its URL
  kReachOtherSandbox,  ///< one that is not the sandbox in use
  kUseOtherAccount,    ///< at the same CartPilot
  kAllowPlugin         ///< to spend money; `about` is its id
};

/// Returns the end of a sentence, without its full stop.
using Remedies = std::function<std::string(Remedy remedy, const std::string& about)>;

/// `link` and what can be done, "" when there is nothing to say: `remedy_text(remedies,
/// Remedy::kNewRecord, ", or ")`.
inline std::string remedy_text(const Remedies& remedies, Remedy remedy, const std::string& link,
                               const std::string& about = "") {
  const std::string text = remedies ? remedies(remedy, about) : "";
  return text.empty() ? "" : link + text;
}

}  // namespace cartpilot::purchase
