#include "purchase/confirm_report.h"

#include "cartpilot/error.h"

namespace cartpilot::purchase {
namespace {

const char* outcome_word(PurchaseOutcome outcome) {
  switch (outcome) {
    case PurchaseOutcome::kDone: return "done";
    case PurchaseOutcome::kNotDone: return "not_done";
    case PurchaseOutcome::kUnknown: break;
  }
  return "unknown";
}

PurchaseOutcome outcome_from(const std::string& word) {
  if (word == "done") return PurchaseOutcome::kDone;
  return word == "not_done" ? PurchaseOutcome::kNotDone : PurchaseOutcome::kUnknown;
}

}  // namespace

std::string to_text(const ConfirmReport& told) {
  const PurchaseReport& report = told.report;
  return dump_json({{"attempt", report.attempt},
                    {"outcome", outcome_word(report.outcome)},
                    {"end", static_cast<int>(report.end)},
                    {"checkout_id", report.checkout_id},
                    {"order_id", report.order_id},
                    {"merchant_order_id", report.merchant_order_id},
                    {"total", {{"minor", report.total.minor}, {"currency", report.total.currency}}},
                    {"message", report.message},
                    {"ok", told.outcome.ok},
                    {"content", told.outcome.content}});
}

std::optional<ConfirmReport> confirm_report_from(const std::string& text) {
  ConfirmReport told;
  try {
    const Json json = parse_json(text, "a report");
    PurchaseReport& report = told.report;
    report.attempt = json.at("attempt").get<std::string>();
    report.outcome = outcome_from(json.at("outcome").get<std::string>());
    const int end = json.at("end").get<int>();
    if (end < 0 || end > static_cast<int>(PurchaseEnd::kDryRun)) return std::nullopt;
    report.end = static_cast<PurchaseEnd>(end);
    report.checkout_id = json.at("checkout_id").get<std::string>();
    report.order_id = json.at("order_id").get<std::string>();
    report.merchant_order_id = json.at("merchant_order_id").get<std::string>();
    report.total = {json.at("total").at("minor").get<std::int64_t>(),
                    json.at("total").at("currency").get<std::string>()};
    report.message = json.at("message").get<std::string>();
    told.outcome = {json.at("ok").get<bool>(), json.at("content")};
  } catch (const Error&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return told;
}

}  // namespace cartpilot::purchase
