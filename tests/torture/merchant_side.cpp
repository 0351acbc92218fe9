// The part of FaultCartPilot where money moves: what merchants book, what CartPilot learns of it,
// and how its checkouts look afterwards.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cartpilot/error.h"
#include "torture/disguise.h"
#include "torture/passage.h"

namespace cartpilot::torture {
namespace {

using sandbox::Response;

constexpr std::int64_t kExpiryUs = 25 * sandbox::kHour;
constexpr std::int64_t kOverchargeCents = 777;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// Merchants of another make than the two that are known to recognise their own sessions.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kStrangers = {
    {{"merchant-a", "merchant-x"}, {"merchant-b", "merchant-y"}}};

}  // namespace

Response refusal(int status, const std::string& code, const std::string& message) {
  Response response = sandbox::json_response(status, {{"error_code", code},
                                                      {"message", message},
                                                      {"details", Json::array()},
                                                      {"request_id", "torture"}});
  return response;
}

Json json_of(const Response& response) {
  try {
    return parse_json(response.body, "an answer");
  } catch (const Error&) {
    return nullptr;
  }
}

bool is_checkout(const Json& json) { return json.is_object() && json.contains("frozen_receipt"); }

std::string with_inner_names(std::string text) {
  for (const auto& [inner, outer] : kStrangers) replace_all(text, outer, inner);
  return text;
}

Json FaultCartPilot::disguised(const std::string& checkout_id, Json checkout) const {
  const auto found = disguises_.find(checkout_id);
  if (found == disguises_.end() || checkout.is_null()) return checkout;
  for (const Json& disguise : found->second) wear(checkout, disguise);
  return checkout;
}

/// With "unrecognising" the merchants have other names outside than in the sandbox.
std::string FaultCartPilot::outer_names(std::string text) const {
  if (!plans("unrecognising")) return text;
  for (const auto& [inner, outer] : kStrangers) replace_all(text, inner, outer);
  return text;
}

/// What a checkout in this disguise answers to a confirm, if that is not the sandbox's to say.
std::optional<Response> FaultCartPilot::refusal_of(const std::vector<Json>& disguises) const {
  for (const Json& worn : disguises) {
    const std::string kind = string_or(worn, "kind");
    const std::string id = worn.contains("view") ? string_or(worn.at("view"), "id") : "";
    if (kind == "requoted") {
      return refusal(400, "NOT_APPROVED",
                     "Checkout must be approved before confirmation (current: quoted)");
    }
    if (kind == "expired") {
      return refusal(400, "CHECKOUT_EXPIRED", fmt::format("Checkout {} has expired", id));
    }
  }
  return std::nullopt;
}

/// The confirm is where merchants book.
void FaultCartPilot::confirm(Passage& passage) {
  const Json before = inner_checkout(passage.id);
  auto& disguises = disguises_[passage.id];
  std::erase_if(disguises, [](const Json& worn) { return worn.at("kind") == "unaware"; });
  const Json shown = disguised(passage.id, before);
  if (const auto refused = refusal_of(disguises)) {
    passage.response = *refused;
    keep(passage);
    return;
  }
  passage.response = ask(passage.request);
  const bool replayed = !header_value(passage.response.headers, "X-Idempotent-Replayed").empty();
  if (before.is_null() || replayed) return;
  const Json after = inner_checkout(passage.id);
  const bool was_booked = string_or(before, "status") == "confirmed";
  const bool is_booked = string_or(after, "status") == "confirmed";
  const std::string number = string_or(after, "merchant_order_id");
  const std::int64_t extra = passage.has("overcharge") != nullptr ? kOverchargeCents : 0;
  if (!was_booked && is_booked) {
    book(shown, number, passage.by_program, extra);
  } else if (was_booked && plans("unrecognising") && passage.response.status == 200) {
    book(shown, "", passage.by_program, extra);
  }
  if (passage.has("hide_order") != nullptr && is_booked) {
    hidden_orders_.insert(number);
    Json answer = json_of(passage.response);
    answer["order_id"] = nullptr;
    passage.response.body = dump_json(answer);
  }
  if (is_booked && !was_booked) hide_what_happened(passage, shown, number);
}

/// CartPilot never learns, or learns something else, of what the merchant has just booked.
void FaultCartPilot::hide_what_happened(Passage& passage, const Json& shown,
                                        const std::string& number) {
  auto& disguises = disguises_[passage.id];
  const std::string merchant = string_or(shown, "merchant_id");
  if (passage.has("lost_merchant_answer") != nullptr) {
    passage.response =
        refusal(400, "MERCHANT_ERROR", fmt::format("[{}] Confirm request failed: ", merchant));
    disguises.push_back({{"kind", "unaware"}, {"view", shown}});
  } else if (passage.has("requote_in_flight") != nullptr) {
    passage.response =
        refusal(400, "CONFIRM_FAILED",
                fmt::format("Cannot transition Checkout({}) from 'quoted' to 'confirmed'. Allowed "
                            "transitions: ['awaiting_approval', 'cancelled']",
                            passage.id));
    disguises.push_back(
        {{"kind", "requoted"}, {"view", shown}, {"session", fresh_session_id(++numbers_)}});
    hidden_orders_.insert(number);
  } else if (passage.has("expire") != nullptr) {
    skew_us_ += kExpiryUs;
    passage.response =
        refusal(400, "CHECKOUT_EXPIRED", fmt::format("Checkout {} has expired", passage.id));
    disguises.push_back({{"kind", "expired"}, {"view", shown}});
    hidden_orders_.insert(number);
  } else if (passage.has("lost_race") != nullptr) {
    passage.response =
        refusal(400, "CONFIRM_FAILED",
                fmt::format("Checkout {} is already confirmed with order {}", passage.id, number));
  } else {
    return;
  }
  keep(passage);
}

void FaultCartPilot::book(const Json& checkout, const std::string& number, bool by_program,
                          std::int64_t extra_charge) {
  Booking booking;
  booking.merchant_order_id = number.empty() ? fmt::format("ORD-AGAIN-{}", ++numbers_) : number;
  booking.checkout_id = string_or(checkout, "id");
  booking.session_id = string_or(checkout, "merchant_checkout_id");
  booking.merchant_id = outer_names(string_or(checkout, "merchant_id"));
  for (const Json& item : checkout.at("items")) {
    booking.lines.push_back({string_or(item, "product_id"), string_or(item, "variant_id"),
                             integer_or(item, "quantity", 0),
                             integer_or(item.at("unit_price"), "amount", 0)});
  }
  booking.total = integer_or(checkout.at("total"), "amount", 0);
  booking.currency = string_or(checkout.at("total"), "currency");
  booking.charged = booking.total + extra_charge;
  booking.by_program = by_program;
  booking.unix_ms = stage_ms();
  bookings_.push_back(std::move(booking));
}

/// Makes the answer say what CartPilot would say, were the world as it is pretended to be.
void FaultCartPilot::disguise_answer(Passage& passage) {
  Json answer = json_of(passage.response);
  if (!answer.is_object()) return;
  if (is_checkout(answer)) {
    const std::string id = string_or(answer, "id");
    answer = disguised(id, std::move(answer));
  } else if (passage.route == "confirm" && passage.response.status == 200) {
    const Json shown = disguised(passage.id, inner_checkout(passage.id));
    if (!shown.is_null() && shown.at("total").is_object()) answer["total"] = shown.at("total");
  } else if (passage.route == "orders") {
    auto& items = answer["items"];
    for (auto item = items.begin(); item != items.end();) {
      const bool hidden = hidden_orders_.contains(string_or(*item, "merchant_order_id"));
      item = hidden ? items.erase(item) : item + 1;
    }
  } else if (passage.route == "order" &&
             hidden_orders_.contains(string_or(answer, "merchant_order_id"))) {
    passage.response = refusal(404, "ORDER_NOT_FOUND", "Order not found: " + passage.id);
    return;
  }
  if (const auto injected = injected_text(faults_)) add_to_titles(answer, *injected);
  passage.response.body = outer_names(dump_json(answer));
}

}  // namespace cartpilot::torture
