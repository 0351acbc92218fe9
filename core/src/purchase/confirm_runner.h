// ConfirmRunner: carries out a confirm away from the process that decided on it.
//
// For programs that may be killed at any moment: what is on its way to CartPilot must not end with
// them. The gate records the send first and asks the record afterwards.
#pragma once

#include <string>

#include "purchase/journal.h"

namespace cartpilot::purchase {

class ConfirmRunner {
 public:
  struct Result {
    enum class Kind {
      kNotSent,  ///< surely: nothing left this machine, and nothing will
      kEnded,    ///< `report` says what came of it, or nothing when it is ""
      kLeft      ///< it goes on without us
    };
    Kind kind = Kind::kEnded;
    std::string report;  ///< see confirm_report.h
    std::string why;     ///< of kNotSent
  };

  virtual ~ConfirmRunner() = default;

  /// `attempt` as begin_send() returned it. Waits for the end. Does not throw.
  virtual Result run(const Attempt& attempt) = 0;
};

}  // namespace cartpilot::purchase
