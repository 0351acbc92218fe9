// Errors: an answer other than 2xx, or an error inside a 200 answer, as one cartpilot::Error.
//
//   Error classify_error(const HttpHead& head, std::string_view body) const override {
//     return vendor::error_of_answer(head, body, service(), acme_error);
//   }
//
// The Error says what happened and what the person can do, carries the HTTP status, the request's
// id and every wait the service asks for, and is retryable when the same request may succeed
// later. A vendor adds what only it writes by an ErrorOverride. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "cartpilot/vendor/error_body.h"
#include "cartpilot/vendor/error_cause.h"
#include "cartpilot/vendor/retry_hints.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Who was asked, for the wording.
struct Service {
  std::string title;         ///< "OpenAI", or the host's name
  std::string provider;      ///< "openai", as in --provider
  std::string key_variable;  ///< "OPENAI_API_KEY"
  std::string url_variable;  ///< "OPENAI_BASE_URL"
  std::string key_page;      ///< where keys are made; "" = not told
  std::string base;          ///< base URL without its query
  std::string version_hint;  ///< base URL that is probably meant when there is no such path
  std::string model;
  bool has_key = true;  ///< a key was sent
};

inline Error make_error(ErrorCode code, const std::string& reason, const std::string& message,
                        bool retryable = false) {
  Error error(code, message);
  error.reason = reason;
  error.retryable = retryable;
  return error;
}

/// The Error for `cause`. `status` is said to the person unless it is 0.
inline Error error_of_cause(Cause cause, int status, const ErrorBody& body,
                            const Service& service) {
  const std::string& who = service.title;
  const std::string http = status == 0 ? "" : " (HTTP " + std::to_string(status) + ")";
  std::string_view words = body.message;
  const bool cut = ends_with(words, "...");  // of error_body.h, or the server's own
  while (!cut && ends_with(words, ".")) words.remove_suffix(1);
  const std::string said = http + (words.empty() ? "" : ": " + std::string(words));
  switch (cause) {
    case Cause::kBadKey:
      if (!service.has_key) {
        return make_error(ErrorCode::kUnauthenticated, "api_key_missing",
                          who + " wants an API key" + http + "; set " + service.key_variable);
      }
      // The vendor's own text for a wrong key may quote parts of it.
      return make_error(ErrorCode::kUnauthenticated, "api_key_invalid",
                        who + " refused the API key" + (is_bad_key(body) ? http : said) +
                            "; check " + service.key_variable +
                            (service.key_page.empty() ? "" : "; keys are made at ") +
                            service.key_page);
    case Cause::kPermission:
      return make_error(ErrorCode::kPermission,
                        body.reason.empty() ? "permission" : lower(body.reason),
                        who + " does not permit this" + said + "; check what the key may do");
    case Cause::kNoModel:
      return make_error(ErrorCode::kNotFound, "model",
                        who + " has no model '" + service.model +
                            "' for this key; `cartpilot models --provider " + service.provider +
                            "` lists what it has");
    case Cause::kNoPath:
      return make_error(ErrorCode::kNotFound, "path",
                        "no API found at " + service.base + http + "; check " +
                            service.url_variable + (service.version_hint.empty() ? "" : ", try ") +
                            service.version_hint);
    case Cause::kNotFound:
      return make_error(ErrorCode::kNotFound, "", who + " refused the request" + said);
    case Cause::kQuota:
      return make_error(ErrorCode::kRateLimited, "quota",
                        who + " says the quota or credit is used up" + said +
                            "; trying again will not help, check the account's billing");
    case Cause::kRateLimit:
      return make_error(ErrorCode::kRateLimited, "rate_limit",
                        "rate limit at " + who + said + "; try again shortly", true);
    case Cause::kContextOverflow:
      return make_error(ErrorCode::kInvalidArgument, "context_overflow",
                        "the conversation is too long for " + service.model + said +
                            "; start a new one or use a model with a larger context");
    case Cause::kTooLarge:
      return make_error(
          ErrorCode::kInvalidArgument, "request_too_large",
          who + " takes no request of this size" + said + "; start a new conversation");
    case Cause::kFiltered:
      return make_error(ErrorCode::kInvalidArgument, "content_filter",
                        who + " blocked the request by its content rules" + said + "; rephrase it");
    case Cause::kDeadline:
      return make_error(ErrorCode::kDeadline, "deadline",
                        who + " did not answer in time" + said + "; try again", true);
    case Cause::kConflict:
      return make_error(ErrorCode::kUnavailable, "conflict",
                        who + " reports a conflict" + said + "; try again", true);
    case Cause::kCancelled:
      return make_error(ErrorCode::kUnavailable, "cancelled",
                        who + " cancelled the request" + said + "; try again", true);
    case Cause::kNotOffered:
      return make_error(ErrorCode::kUnsupported, "unimplemented",
                        who + " does not offer that" + said + "; choose another --model");
    case Cause::kUnavailable:
      return make_error(ErrorCode::kUnavailable, "unavailable",
                        "server error at " + who + said + "; try again shortly", true);
    case Cause::kRedirect:
      return make_error(ErrorCode::kProtocol, "redirect",
                        who + " redirects elsewhere" + http +
                            ", which is not followed with a key; put the final address into " +
                            service.url_variable);
    case Cause::kBadRequest: break;
  }
  return make_error(ErrorCode::kInvalidArgument, "bad_request",
                    who + " refused the request" + said + "; check --model and the options");
}

/// What one vendor knows better: its Error, usually by error_of_cause() or make_error(), or
/// nullopt for the rules above. `told` is 0 for errors inside a 200 answer, whose `status` was
/// guessed. Status, request id and wait are filled in afterwards.
using ErrorOverride = std::optional<Error> (*)(int status, int told, const ErrorBody& body,
                                               const Service& service);

inline Error error_of(int status, int told, const ErrorBody& body, const Service& service,
                      ErrorOverride override) {
  std::optional<Error> error;
  if (override != nullptr) error = override(status, told, body, service);
  if (!error) error = error_of_cause(cause_of(status, body), told, body, service);
  error->http_status = status;
  error->request_id = body.request_id;
  if (error->retryable) error->retry_after_ms = body.wait_ms;
  return *std::move(error);
}

/// The Error for an answer with a status other than 2xx.
inline Error error_of_answer(const HttpHead& head, std::string_view text, const Service& service,
                             ErrorOverride override = nullptr, std::int64_t now = now_unix_ms()) {
  const ErrorBody body = read_error_body(text);
  Error error = error_of(head.status, head.status, body, service, override);
  for (const char* name : {"request-id", "x-request-id", "x-generation-id"}) {
    if (error.request_id.empty()) error.request_id = header_value(head.headers, name);
  }
  // The header knows more than the status, but nothing makes a spent quota come back.
  if (error.reason != "quota")
    error.retryable = should_retry(head.headers).value_or(error.retryable);
  error.retry_after_ms.reset();
  if (error.retryable) {
    error.retry_after_ms = longer_wait(body.wait_ms, wait_in_headers(head.headers, now));
  }
  return error;
}

/// The Error for an error inside an answer whose status was 200.
inline Error error_inside_answer(const ErrorBody& body, const Service& service,
                                 ErrorOverride override = nullptr) {
  return error_of(status_of_words(body), 0, body, service, override);
}

/// The Error for an answer that ended too early. `said` is what else came, words of a gateway.
inline Error stream_cut(const Service& service, std::string_view said = {}) {
  const std::string words = one_line(said, 120);
  return make_error(ErrorCode::kUnavailable, "stream_cut",
                    "the answer of " + service.title + " broke off before its end; try again" +
                        (words.empty() ? "" : " (the server also sent: " + words + ")"),
                    true);
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
