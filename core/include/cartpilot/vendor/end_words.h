// Words for the end of an answer, of which services have dozens.
//
// Gateways pass the word of the service behind them beside one of their own ("stop" and
// "MALFORMED_FUNCTION_CALL"); a failure behind a good word is a failure. Pure functions; any
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/second_try.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

enum class EndWord {
  kOther,      ///< a good end, a limit, or unknown
  kMalformed,  ///< the model wrote something its host could not read; the next sample may be good
  kFailed,     ///< the host failed or gave up
  kFiltered,   ///< stopped by content rules
};

/// What `word` means, whatever its case and however its parts are joined.
inline EndWord end_word(std::string_view word) {
  constexpr std::array<std::string_view, 8> kMalformed = {
      "malformedfunctioncall", "malformedtoolcall",   "malformedresponse", "unexpectedtoolcall",
      "invalidtoolcall",       "invalidfunctioncall", "tooluseerror",      "toolusefailed"};
  constexpr std::array<std::string_view, 17> kFailed = {"error",
                                                        "failed",
                                                        "failure",
                                                        "networkerror",
                                                        "servererror",
                                                        "internalerror",
                                                        "internalservererror",
                                                        "upstreamerror",
                                                        "providererror",
                                                        "modelerror",
                                                        "enginedead",
                                                        "insufficientsystemresource",
                                                        "abort",
                                                        "aborted",
                                                        "cancelled",
                                                        "canceled",
                                                        "timeout"};
  constexpr std::array<std::string_view, 16> kFiltered = {
      "contentfilter",   "contentfiltered",   "safety",
      "sensitive",       "recitation",        "language",
      "blocklist",       "prohibitedcontent", "spii",
      "modelarmor",      "imagesafety",       "imageprohibitedcontent",
      "imagerecitation", "jailbreak",         "guardrailintervened",
      "guardrail"};
  const std::string plain = plain_spelling(word);
  const auto is_one_of = [&plain](const auto& words) {
    return std::find(words.begin(), words.end(), plain) != words.end();
  };
  if (is_one_of(kMalformed)) return EndWord::kMalformed;
  if (is_one_of(kFailed)) return EndWord::kFailed;
  return is_one_of(kFiltered) ? EndWord::kFiltered : EndWord::kOther;
}

/// The Error for a call that the model's host could not read, which it told by `word`. Once, the
/// request is worth another try.
inline Error unreadable_call(const Service& service, std::string_view word, SecondTry* second_try) {
  const bool again = second_try != nullptr && second_try->take();
  return make_error(
      ErrorCode::kProtocol, lower(word),
      "the model wrote a function call that " + service.title + " cannot read (" +
          one_line(word, 60) + ")" +
          (again ? "; try again or rephrase" : "; rephrase, or choose another --model"),
      again);
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
