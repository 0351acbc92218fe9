// What an answer to a confirm proves.
//
// The whole table in two pure functions. Not bought is only what CartPilot itself refuses in a way
// that its contract documents, by status, body and error code: a proxy, a firewall or a gateway can
// answer anything after the order was made, and CartPilot refuses with an ordinary 400 in several
// cases where the merchant has already booked the order. Any thread.
#pragma once

#include <string>

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

/// Everything else.
ConfirmVerdict verdict_of_failure(const commerce::CartPilotError& error);

/// Whether CartPilot keeps this failure under the request's idempotency key and would repeat it.
/// 5xx answers and silence are not kept.
bool failure_is_kept(int http_status);

}  // namespace cartpilot::purchase
