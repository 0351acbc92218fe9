#include "anthropic/errors.h"

namespace cartpilot::anthropic {
namespace {

using vendor::Cause;
using vendor::contains;
using vendor::contains_any;
using vendor::ErrorBody;
using vendor::Service;

/// Thinking that was made elsewhere, for another conversation, or changed on the way. What a model
/// says about the *request* to think is not meant.
bool refuses_signed_thinking(const std::string& text) {
  if (contains(text, "must start with a thinking block")) return false;
  if (contains(text, "signature")) return true;
  return contains(text, "thinking") &&
         contains_any(text, {"bound to", "binding", "cannot be modified", "different conversation",
                             "thinking block", "thinking` block"});
}

std::optional<Error> bad_request(const ErrorBody& body, const Service& service) {
  const std::string text = vendor::lower(body.message);
  const auto refused = [&](ErrorCode code, const std::string& reason, const std::string& what) {
    return vendor::make_error(code, reason, service.title + " " + what + ": " + body.message);
  };
  if (body.reason == "organization_on_hold") {
    return refused(ErrorCode::kPermission, body.reason,
                   "has put the organization of this key on hold; see the account's console");
  }
  if (body.reason == "tool_name_conflict" || body.reason == "available_tools_limit_exceeded") {
    return refused(ErrorCode::kInvalidArgument, body.reason,
                   "refused the list of functions; load fewer plugins");
  }
  if (refuses_signed_thinking(text)) {
    return refused(ErrorCode::kInvalidArgument, "signature",
                   "did not accept the thinking of earlier answers; start a new conversation");
  }
  if (contains_any(text, {"assistant message prefill", "tool_result", "roles must alternate",
                          "must be unique"})) {
    return refused(ErrorCode::kInvalidArgument, "turn_order",
                   "did not accept the order of the conversation; start a new one");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> anthropic_error(int status, int told, const ErrorBody& body,
                                     const Service& service) {
  if (status == 400) return bad_request(body, service);
  if (status == 404 && body.type == "not_found_error" && !service.model.empty() &&
      contains(vendor::lower(body.message), "model")) {
    return vendor::error_of_cause(Cause::kNoModel, told, body, service);
  }
  return std::nullopt;
}

}  // namespace cartpilot::anthropic
