// What an answer to a confirm proves.
//
// The whole table in two pure functions. Anything that is not on it proves nothing: CartPilot
// refuses with an ordinary 400 in several cases where the merchant has already booked the order.
// Any thread.
#pragma once

#include <string>
#include <string_view>

#include "commerce/client.h"

namespace cartpilot::purchase {

enum class ConfirmVerdict {
  kDone,          ///< bought, as agreed
  kPriceChanged,  ///< not bought: the merchant wants another price
  kNotBought,     ///< this request surely bought nothing
  kNothingSent,   ///< no byte reached CartPilot
  kUnknown,       ///< the answer proves neither
};

/// A 200 that could be read: kDone, or kUnknown when it speaks of another checkout, status or
/// total.
ConfirmVerdict verdict_of(const commerce::Confirmation& answer, const std::string& checkout_id,
                          const commerce::Money& total);

/// Everything else. `http_status` is 0 when no answer came.
ConfirmVerdict verdict_of_failure(int http_status, std::string_view error_code,
                                  bool request_may_have_run);

/// Whether CartPilot keeps this failure under the request's idempotency key and would repeat it.
/// 5xx answers and silence are not kept.
bool failure_is_kept(int http_status);

}  // namespace cartpilot::purchase
