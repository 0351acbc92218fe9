#include "purchase/confirm_answer.h"

namespace cartpilot::purchase {

ConfirmVerdict verdict_of(const commerce::Confirmation& answer, const std::string& checkout_id,
                          const commerce::Money& total) {
  const bool as_agreed =
      answer.checkout_id == checkout_id && answer.status == "confirmed" && answer.total == total;
  return as_agreed ? ConfirmVerdict::kDone : ConfirmVerdict::kUnknown;
}

ConfirmVerdict verdict_of_failure(const commerce::CartPilotError& error) {
  if (error.http_status == 0) {
    return error.request_may_have_run ? ConfirmVerdict::kUnknown : ConfirmVerdict::kNothingSent;
  }
  // Something in between may have answered, and only after CartPilot did what it was asked for.
  if (!error.own_refusal) return ConfirmVerdict::kUnknown;
  if (error.http_status == 409 && error.error_code == "REAPPROVAL_REQUIRED") {
    return ConfirmVerdict::kPriceChanged;
  }
  // CartPilot finds these before it talks to the merchant.
  const bool before_the_merchant = error.error_code == "NOT_APPROVED" ||
                                   error.error_code == "QUOTE_REQUIRED" ||
                                   error.error_code == "MERCHANT_NOT_FOUND";
  if (error.http_status == 400 && before_the_merchant) return ConfirmVerdict::kNotBought;
  return ConfirmVerdict::kUnknown;
}

bool failure_is_kept(int http_status) { return http_status >= 300 && http_status < 500; }

}  // namespace cartpilot::purchase
