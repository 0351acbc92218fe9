// Exit codes of the program. Scripts depend on them; docs/cli.md lists them.
#pragma once

namespace cartpilot::host {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kConfiguration = 3,   ///< a setting, key or plugin is missing
  kProviderFailed = 4,  ///< the model vendor
  kCartPilotFailed = 5,
  kDeclined = 10,
  kRefusedByPolicy = 11,
  kPriceChanged = 12,
  kOutcomeUnknown = 13,
  kNotAsAgreed = 14,
  kInterrupted = 130,
  kReaderGone = 141  ///< nobody reads standard output; as a shell tells of SIGPIPE
};

}  // namespace cartpilot::host
