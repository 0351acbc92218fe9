// Receipt: everything a person agrees to, in one value, and its digest.
//
// Built from a checkout with a frozen receipt. The digest is SHA-256 over length-prefixed fields
// (so no two receipts serialise alike) including the merchant's session id, which changes with
// every re-quote: that is what catches a swap CartPilot's own total comparison misses.
#pragma once

#include <string>
#include <vector>

#include "commerce/cartpilot_types.h"

namespace cartpilot::commerce {

struct Receipt {
  std::string api_origin;
  std::string payment_method;
  Checkout checkout;     ///< as fetched
  FrozenReceipt frozen;  ///< checked to agree with `checkout`
  std::string digest;    ///< 64 lower-case hex

  Money total() const { return {frozen.total_cents, frozen.currency}; }
};

/// Builds and checks: frozen receipt present; frozen items and totals equal the live ones; lines,
/// subtotal and total add up without overflow; one currency; quantities 1..999; total > 0; at most
/// 50 lines; no identity field over 200 bytes. Throws Error{kInvalidArgument, reason} naming what
/// does not hold.
Receipt make_receipt(const std::string& api_origin, const std::string& payment_method,
                     const Checkout& checkout);

}  // namespace cartpilot::commerce
