#include "app/model_spending.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "cartpilot/detail/wire.h"
#include "cost/day.h"

namespace cartpilot::app {

namespace {

thread_local ModelSpending* spending_under_way = nullptr;

bool is_among(const std::string& reason, std::initializer_list<const char*> reasons) {
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

/// After `sends` requests of the answer went out. A refusal is not charged, and neither is what
/// never reached the vendor. Whatever else failed may be, and so may an earlier request.
bool surely_not_charged(const chat::RequestResult& result, int sends) {
  constexpr int kFirstErrorStatus = 400;
  const Error& error = *result.error;
  if (!(result.usage == Usage()) || result.first_ms) return false;
  if (is_among(error.reason, {"request_limit", cost::kCostLimitReason})) return sends == 0;
  return sends <= 1 &&
         (error.http_status >= kFirstErrorStatus ||
          is_among(error.reason, {"dns", "connect", "tls", "connect_timeout", "url"}));
}

[[noreturn]] void refuse_spending(const std::string& why) {
  Error error(ErrorCode::kPermission, why);
  error.reason = cost::kCostLimitReason;
  throw error;
}

}  // namespace

ModelSpending::ModelSpending(store::StateDb& state, std::string session,
                             const cost::PriceTable& prices, std::vector<cost::SpendLimit> limits)
    : ledger_(state), session_(std::move(session)), prices_(prices), limits_(std::move(limits)) {}

ModelSpending::~ModelSpending() {
  if (spending_under_way == this) spending_under_way = nullptr;
}

ModelSpending* ModelSpending::under_way() { return spending_under_way; }

void ModelSpending::begin_turn() { request_.turn = base::random_hex(8); }

void ModelSpending::before(const std::string& provider, const GenerateRequest& request,
                           int attempt) {
  begun_unix_ms_ = base::unix_ms_now();
  request_.session = session_;
  request_.provider = provider;
  request_.model = request.model;
  request_.attempt = attempt;
  if (!limits_.empty()) reserve(request);
}

void ModelSpending::reserve(const GenerateRequest& request) {
  const cost::Price* price = price_of(request.model);
  if (price == nullptr) {
    refuse_spending(fmt::format("no price of {}/{} is known, so a limit of model costs cannot hold",
                                request_.provider, request_.model));
  }
  if (!request.max_output_tokens) {
    refuse_spending("a limit of model costs needs a limit of the output");
  }
  max_output_tokens_ = *request.max_output_tokens;
  const auto bytes = static_cast<std::int64_t>(dump_json(request_to_json(request)).size());
  reserved_ = cost::worst_case(*price, bytes, max_output_tokens_);
  sent_ = {0, reserved_.currency};
  sends_ = 0;
  number_ = ledger_.reserve(request_, reserved_, limits_, begun_unix_ms_);
  spending_under_way = this;
}

void ModelSpending::before_sending(const std::string& body) {
  // A server that refuses the limit of the output has the plugin leave it out.
  if (body.find(std::to_string(max_output_tokens_)) == std::string::npos) {
    refuse_spending(
        fmt::format("the request to {} does not carry the limit of its output, {} tokens, so a "
                    "limit of model costs cannot hold",
                    request_.provider, max_output_tokens_));
  }
  const cost::Price* price = price_of(request_.model);
  const cost::Amount worst =
      cost::worst_case(*price, static_cast<std::int64_t>(body.size()), max_output_tokens_);
  const std::int64_t all = cost::sum(sent_.nanos, worst.nanos);
  if (all > reserved_.nanos) {
    ledger_.reserve_more(number_, request_, {all - reserved_.nanos, worst.currency}, limits_,
                         begun_unix_ms_);
    reserved_.nanos = all;
  }
  sent_.nanos = all;
  ++sends_;
}

/// On the day of the request.
const cost::Price* ModelSpending::price_of(const std::string& model) const {
  return prices_.find(request_.provider, model, cost::day_of(begun_unix_ms_));
}

cost::RequestOutcome ModelSpending::outcome_of(const chat::RequestResult& result) const {
  cost::RequestOutcome outcome;
  outcome.answered = result.error == nullptr;
  outcome.first_ms = result.first_ms;
  outcome.usage = result.usage;
  const cost::Price* price = result.model.empty() ? nullptr : price_of(result.model);
  if (price == nullptr) price = price_of(request_.model);
  if (price == nullptr) return outcome;
  // Only a model that takes nothing can answer without tokens.
  const bool free = price->rates == cost::Rates();
  const bool known =
      outcome.answered ? free || !(result.usage == Usage()) : surely_not_charged(result, sends_);
  if (known) outcome.cost = cost::cost_of(*price, result.usage);
  return outcome;
}

void ModelSpending::after(const chat::RequestResult& result) noexcept {
  spending_under_way = nullptr;
  try {
    if (limits_.empty()) {
      ledger_.record(request_, outcome_of(result), begun_unix_ms_);
    } else {
      ledger_.settle(number_, outcome_of(result));
    }
  } catch (const Error&) {  // NOLINT: the answer is worth more; a reservation goes on counting
  }
}

void SpendingGate::send(const HttpRequest& request, HttpSink& sink, const CallContext& context) {
  ModelSpending* const spending = ModelSpending::under_way();
  if (spending != nullptr && request.method != "GET") spending->before_sending(request.body);
  transport_.send(request, sink, context);
}

}  // namespace cartpilot::app
