// Receipt: everything a person agrees to, in one value, and its digest.
//
// Built from a checkout with a frozen receipt. The digest is SHA-256 over length-prefixed fields
// (so no two receipts serialise alike) including the merchant's session id, which changes with
// every re-quote: that is what catches a swap CartPilot's own total comparison misses. Plain
// functions and values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commerce/types.h"

namespace cartpilot::commerce {

struct Receipt {
  std::string api_origin;
  std::string payment_method;
  Checkout checkout;        ///< as fetched
  FrozenReceipt frozen;     ///< checked to agree with `checkout`
  std::string digest;       ///< 64 lower-case hex
  std::string cartpilot{};  ///< CartPilotIdentity::shown(); no part of the digest

  Money total() const { return {frozen.total_cents, frozen.currency}; }
};

constexpr std::size_t kMaxReceiptLines = 50;
constexpr std::size_t kMaxIdentityBytes = 200;
constexpr std::int64_t kMaxQuantity = 999;

/// Builds and checks: frozen receipt and merchant session present; frozen items and totals equal
/// the live ones; lines, subtotal and total add up without overflow; one currency; quantities
/// 1..999; no negative amount; total > 0; at most 50 lines; no identity field empty or over 200
/// bytes. Throws Error{kInvalidArgument, reason "receipt"} naming what does not hold. The
/// checkout's status and expiry are the caller's to judge.
Receipt make_receipt(const std::string& api_origin, const std::string& payment_method,
                     const Checkout& checkout);

/// Whether CartPilot's own 16-hex hash fits the frozen lines. It covers neither tax, shipping nor
/// the merchant's session, so a match proves little; a mismatch is worth a word to the person.
bool frozen_hash_fits(const FrozenReceipt& frozen);

/// "5:hello," — joined netstrings read back in only one way.
std::string netstring(std::string_view field);

}  // namespace cartpilot::commerce
