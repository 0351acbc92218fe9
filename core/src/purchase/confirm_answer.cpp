#include "purchase/confirm_answer.h"

namespace cartpilot::purchase {

ConfirmVerdict verdict_of(const commerce::Confirmation& answer, const std::string& checkout_id,
                          const commerce::Money& total) {
  const bool as_agreed =
      answer.checkout_id == checkout_id && answer.status == "confirmed" && answer.total == total;
  return as_agreed ? ConfirmVerdict::kDone : ConfirmVerdict::kUnknown;
}

ConfirmVerdict verdict_of_failure(int http_status, std::string_view error_code,
                                  bool request_may_have_run) {
  if (http_status == 0) {
    return request_may_have_run ? ConfirmVerdict::kUnknown : ConfirmVerdict::kNothingSent;
  }
  if (http_status == 409 && error_code == "REAPPROVAL_REQUIRED") {
    return ConfirmVerdict::kPriceChanged;
  }
  if (http_status == 400 && (error_code == "NOT_APPROVED" || error_code == "QUOTE_REQUIRED" ||
                             error_code == "MERCHANT_NOT_FOUND")) {
    return ConfirmVerdict::kNotBought;
  }
  if (http_status == 401 || http_status == 403) return ConfirmVerdict::kNotBought;
  return ConfirmVerdict::kUnknown;
}

bool failure_is_kept(int http_status) { return http_status >= 300 && http_status < 500; }

}  // namespace cartpilot::purchase
