#include "gemini/errors.h"

#include <fmt/format.h>

namespace cartpilot::gemini {
namespace {

using vendor::Cause;
using vendor::contains;
using vendor::ErrorBody;
using vendor::lower;
using vendor::Service;

/// A longer wait is no wait but a quota that is used up.
constexpr std::int64_t kMaxWaitMs = 300'000;

/// "limit: 0" as a whole number, not the beginning of "limit: 20" or "limit: 0.5".
bool says_limit_zero(std::string_view text) {
  constexpr std::string_view kLimit = "limit: 0";
  for (std::size_t at = text.find(kLimit); at != std::string_view::npos;
       at = text.find(kLimit, at + 1)) {
    std::string_view rest = text.substr(at + kLimit.size());
    if (!rest.empty() && rest[0] == '.') rest.remove_prefix(1);
    if (rest.empty() || !vendor::is_digit(rest[0])) return true;
  }
  return false;
}

/// What the violations of a QuotaFailure say.
struct Quota {
  bool none = false;   ///< the model is not in the plan
  bool daily = false;  ///< used up until tomorrow
};

Quota quota_of(const ErrorBody& body) {
  Quota quota;
  quota.none = says_limit_zero(body.message);
  if (!body.details.is_array()) return quota;
  for (const Json& detail : body.details) {
    const bool failure = contains(string_or(detail, "@type"), "QuotaFailure");
    if (!failure || !detail.contains("violations") || !detail["violations"].is_array()) continue;
    for (const Json& violation : detail["violations"]) {
      if (contains(string_or(violation, "quotaId"), "PerDay")) quota.daily = true;
      if (string_or(violation, "quotaValue") == "0" ||
          integer_or(violation, "quotaValue", -1) == 0) {
        quota.none = true;
      }
    }
  }
  return quota;
}

std::optional<Error> quota_error(const ErrorBody& body, const Service& service) {
  const Quota quota = quota_of(body);
  if (quota.none) {
    return vendor::make_error(
        ErrorCode::kRateLimited, "quota",
        fmt::format("the plan of this Gemini key does not include {} (limit 0); choose another "
                    "--model or enable billing",
                    service.model));
  }
  if (!quota.daily && body.wait_ms.value_or(0) <= kMaxWaitMs) return std::nullopt;
  return vendor::make_error(
      ErrorCode::kRateLimited, "quota",
      fmt::format("the Gemini quota for {} is used up for now; choose another --model, try again "
                  "tomorrow or raise the quota: {}",
                  service.model, body.message));
}

/// 400 is Google's answer to many things that are not the caller's fault; the text tells which.
std::optional<Error> bad_request(const ErrorBody& body) {
  const std::string text = lower(body.message);
  const auto refused = [&](ErrorCode code, const char* reason, const char* message) {
    return vendor::make_error(code, reason, message + (": " + body.message));
  };
  if (contains(text, "user location is not supported")) {
    return refused(ErrorCode::kPermission, "location",
                   "Gemini is not offered where this request came from; choose another --provider");
  }
  if (vendor::contains_any(text, {"thought_signature", "thought signature"})) {
    return refused(ErrorCode::kInvalidArgument, "signature",
                   "Gemini did not accept a thought signature; start a new conversation");
  }
  if (vendor::contains_any(
          text,
          {"function call turn comes immediately after", "function response turn comes immediately",
           "number of function response parts", "requests ending with a model turn",
           "please use a valid role", "required oneof field"})) {
    return refused(ErrorCode::kInvalidArgument, "turn_order",
                   "Gemini did not accept the order of the conversation; start a new one");
  }
  if (body.code == "FAILED_PRECONDITION") {
    return refused(ErrorCode::kPermission, "precondition",
                   "Gemini cannot serve this key yet; check billing and region");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> gemini_error(int status, int told, const ErrorBody& body,
                                  const Service& service) {
  if (status == 400) return bad_request(body);
  if (status == 429) return quota_error(body, service);
  if (status == 404 && !service.model.empty()) {
    return vendor::error_of_cause(Cause::kNoModel, told, body, service);
  }
  if (status == 403 && contains(lower(body.message), "unregistered callers")) {
    Service without_key = service;
    without_key.has_key = false;
    return vendor::error_of_cause(Cause::kBadKey, told, body, without_key);
  }
  if (status == 409 && body.code == "ALREADY_EXISTS") {
    Error error = vendor::error_of_cause(Cause::kConflict, told, body, service);
    error.retryable = false;
    return error;
  }
  return std::nullopt;
}

void fail_protocol(const std::string& message, const std::string& reason, bool retryable) {
  throw vendor::make_error(ErrorCode::kProtocol, reason, message, retryable);
}

}  // namespace cartpilot::gemini
