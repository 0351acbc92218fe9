// Cause: why a service refused or failed, worked out from status, codes and words.
//
// Codes come first, then the status, then short pieces of text, because services change their
// sentences without notice. The lists hold what all known services write, not one vendor's wording.
// Pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/vendor/error_body.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

enum class Cause {
  kBadRequest,       ///< the request as such; see quirks.h for what can be learned from it
  kBadKey,           ///< the key, or none where one is wanted
  kPermission,       ///< the key is good but not for this
  kNoModel,          ///< the model is not offered to this key
  kNoPath,           ///< the address has no such API
  kNotFound,         ///< something that the request speaks of
  kQuota,            ///< quota or credit used up; waiting does not help
  kRateLimit,        ///< too many requests; waiting helps
  kContextOverflow,  ///< the conversation is too long for the model
  kTooLarge,         ///< the request has too many bytes or tokens at once
  kFiltered,         ///< blocked by content rules
  kDeadline,         ///< no answer in time
  kConflict,         ///< 409
  kCancelled,        ///< the service gave up
  kNotOffered,       ///< 501
  kUnavailable,      ///< 5xx
  kRedirect,         ///< 3xx
};

/// True when the code, the type or the finer reason is one of `codes`.
template <std::size_t Count>
bool has_code(const ErrorBody& body, const std::array<std::string_view, Count>& codes) {
  return std::any_of(codes.begin(), codes.end(), [&body](std::string_view code) {
    return body.code == code || body.type == code || body.reason == code;
  });
}

inline bool is_quota(const ErrorBody& body) {
  constexpr std::array<std::string_view, 9> kCodes = {"insufficient_quota",
                                                      "credit_balance_exhausted",
                                                      "organization_spend_limit_exceeded",
                                                      "project_spend_limit_exceeded",
                                                      "organization_usage_limit_exceeded",
                                                      "billing_hard_limit_reached",
                                                      "billing_error",
                                                      "enforced_spend_limit_reached",
                                                      "contract_spend_limit_reached"};
  return has_code(body, kCodes) || contains(lower(body.message), "credit balance is too low");
}

inline bool is_bad_key(const ErrorBody& body) {
  constexpr std::array<std::string_view, 2> kCodes = {"invalid_api_key", "API_KEY_INVALID"};
  return has_code(body, kCodes) ||
         contains_any(lower(body.message), {"api key not valid", "api_key_invalid",
                                            "api key expired", "invalid x-api-key"});
}

inline bool is_context_overflow(const ErrorBody& body) {
  constexpr std::array<std::string_view, 2> kCodes = {"context_length_exceeded",
                                                      "exceed_context_size_error"};
  return has_code(body, kCodes) ||
         contains_any(
             lower(body.message),
             {"maximum context length", "context window", "context size", "context length",
              "context is too long", "prompt is too long", "exceeds the maximum number of tokens"});
}

inline bool is_filtered(const ErrorBody& body) {
  constexpr std::array<std::string_view, 4> kCodes = {"content_filter", "invalid_prompt",
                                                      "bio_policy", "content_policy_violation"};
  return has_code(body, kCodes);
}

inline bool is_unknown_model(const ErrorBody& body) {
  const std::string text = lower(body.message);
  return body.code == "model_not_found" ||
         (contains(text, "model") &&
          contains_any(text, {"does not exist", "not found", "is not a valid model"}));
}

/// An HTTP status for errors that come without one; 500 when no word is known.
inline int status_of_words(const ErrorBody& body) {
  constexpr std::pair<std::string_view, int> kWords[] = {
      {"rate_limit", 429},    {"slow_down", 429},        {"resource_exhausted", 429},
      {"billing", 402},       {"too_large", 413},        {"invalid_request", 400},
      {"badrequest", 400},    {"invalid_argument", 400}, {"out_of_range", 400},
      {"precondition", 400},  {"authentication", 401},   {"unauthenticated", 401},
      {"permission", 403},    {"not_found", 404},        {"conflict", 409},
      {"aborted", 409},       {"already_exists", 409},   {"cancelled", 499},
      {"unimplemented", 501}, {"overloaded", 503},       {"unavailable", 503},
      {"deadline", 504},      {"timeout", 504}};
  if (body.http_status != 0) return body.http_status;
  if (is_quota(body)) return 429;
  if (is_filtered(body) || is_context_overflow(body)) return 400;
  if (is_bad_key(body)) return 401;
  const std::string words = lower(body.type + " " + body.code);
  for (const auto& [word, status] : kWords) {
    if (contains(words, word)) return status;
  }
  return 500;
}

/// What `status` and `body` mean together. `status` is that of the answer, or status_of_words().
inline Cause cause_of(int status, const ErrorBody& body) {
  if (status >= 300 && status < 400) return Cause::kRedirect;
  // Some services tell what is wrong with the request under other statuses.
  const bool request = (status >= 400 && status < 500) || status == 500;
  if (request && status != 429 && is_context_overflow(body)) return Cause::kContextOverflow;
  switch (status) {
    case 401: return Cause::kBadKey;
    case 402: return Cause::kQuota;
    case 403: return Cause::kPermission;
    case 404:
      if (is_unknown_model(body)) return Cause::kNoModel;
      // With a word about the request the address itself is right.
      return body.param.empty() && !contains(body.message, "with id ") ? Cause::kNoPath
                                                                       : Cause::kNotFound;
    case 408:
    case 504: return Cause::kDeadline;
    case 409: return Cause::kConflict;
    case 413: return Cause::kTooLarge;
    case 429:
      if (is_quota(body)) return Cause::kQuota;
      return contains(body.message, "Request too large") ? Cause::kTooLarge : Cause::kRateLimit;
    case 499: return Cause::kCancelled;
    case 501: return Cause::kNotOffered;
    default: break;
  }
  if (status >= 500) return Cause::kUnavailable;
  if (is_bad_key(body)) return Cause::kBadKey;
  if (is_quota(body)) return Cause::kQuota;
  if (is_filtered(body)) return Cause::kFiltered;
  return is_unknown_model(body) ? Cause::kNoModel : Cause::kBadRequest;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
