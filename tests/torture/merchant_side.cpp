// The part of FaultCartPilot where money moves: what merchants book, what CartPilot learns of it,
// and how its checkouts look afterwards.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cartpilot/error.h"
#include "torture/altered_checkout.h"
#include "torture/request_in_flight.h"

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

Json FaultCartPilot::altered(const std::string& checkout_id, Json checkout) const {
  const auto found = alterations_.find(checkout_id);
  if (found == alterations_.end() || checkout.is_null()) return checkout;
  for (const Json& alteration : found->second) wear(checkout, alteration);
  return checkout;
}

/// With "unrecognising" the merchants have other names outside than in the sandbox.
std::string FaultCartPilot::outer_names(std::string text) const {
  if (!plans("unrecognising")) return text;
  for (const auto& [inner, outer] : kStrangers) replace_all(text, inner, outer);
  return text;
}

/// What a checkout in this alteration answers to a confirm, if that is not the sandbox's to say.
std::optional<Response> FaultCartPilot::refusal_of(const std::vector<Json>& alterations) const {
  for (const Json& worn : alterations) {
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
void FaultCartPilot::confirm(RequestInFlight& in_flight) {
  const Json before = inner_checkout(in_flight.id);
  auto& alterations = alterations_[in_flight.id];
  std::erase_if(alterations, [](const Json& worn) { return worn.at("kind") == "unaware"; });
  const Json shown = altered(in_flight.id, before);
  if (const auto refused = refusal_of(alterations)) {
    in_flight.response = *refused;
    keep(in_flight);
    return;
  }
  in_flight.response = ask(in_flight.request);
  const bool replayed = !header_value(in_flight.response.headers, "X-Idempotent-Replayed").empty();
  if (before.is_null() || replayed) return;
  const Json after = inner_checkout(in_flight.id);
  const bool was_booked = string_or(before, "status") == "confirmed";
  const bool is_booked = string_or(after, "status") == "confirmed";
  const std::string number = string_or(after, "merchant_order_id");
  const std::int64_t extra = in_flight.has("overcharge") != nullptr ? kOverchargeCents : 0;
  if (!was_booked && is_booked) {
    book(shown, number, in_flight.by_program, extra);
  } else if (was_booked && plans("unrecognising") && in_flight.response.status == 200) {
    book(shown, "", in_flight.by_program, extra);
  }
  if (in_flight.has("hide_order") != nullptr && is_booked) {
    hidden_orders_.insert(number);
    Json answer = json_of(in_flight.response);
    answer["order_id"] = nullptr;
    in_flight.response.body = dump_json(answer);
  }
  if (is_booked && !was_booked) hide_what_happened(in_flight, shown, number);
}

/// CartPilot never learns, or learns something else, of what the merchant has just booked.
void FaultCartPilot::hide_what_happened(RequestInFlight& in_flight, const Json& shown,
                                        const std::string& number) {
  auto& alterations = alterations_[in_flight.id];
  const std::string merchant = string_or(shown, "merchant_id");
  if (in_flight.has("lost_merchant_answer") != nullptr) {
    in_flight.response =
        refusal(400, "MERCHANT_ERROR", fmt::format("[{}] Confirm request failed: ", merchant));
    alterations.push_back({{"kind", "unaware"}, {"view", shown}});
  } else if (in_flight.has("requote_in_flight") != nullptr) {
    in_flight.response =
        refusal(400, "CONFIRM_FAILED",
                fmt::format("Cannot transition Checkout({}) from 'quoted' to 'confirmed'. Allowed "
                            "transitions: ['awaiting_approval', 'cancelled']",
                            in_flight.id));
    alterations.push_back(
        {{"kind", "requoted"}, {"view", shown}, {"session", fresh_session_id(++numbers_)}});
    hidden_orders_.insert(number);
  } else if (in_flight.has("expire") != nullptr) {
    skew_us_ += kExpiryUs;
    in_flight.response =
        refusal(400, "CHECKOUT_EXPIRED", fmt::format("Checkout {} has expired", in_flight.id));
    alterations.push_back({{"kind", "expired"}, {"view", shown}});
    hidden_orders_.insert(number);
  } else if (in_flight.has("lost_race") != nullptr) {
    in_flight.response = refusal(
        400, "CONFIRM_FAILED",
        fmt::format("Checkout {} is already confirmed with order {}", in_flight.id, number));
  } else {
    return;
  }
  keep(in_flight);
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
  booking.unix_ms = page_ms();
  bookings_.push_back(std::move(booking));
}

/// Makes the answer say what CartPilot would say, were the world as it is pretended to be.
void FaultCartPilot::alter_answer(RequestInFlight& in_flight) {
  Json answer = json_of(in_flight.response);
  if (!answer.is_object()) return;
  if (is_checkout(answer)) {
    const std::string id = string_or(answer, "id");
    answer = altered(id, std::move(answer));
  } else if (in_flight.route == "confirm" && in_flight.response.status == 200) {
    const Json shown = altered(in_flight.id, inner_checkout(in_flight.id));
    if (!shown.is_null() && shown.at("total").is_object()) answer["total"] = shown.at("total");
  } else if (in_flight.route == "orders") {
    auto& items = answer["items"];
    for (auto item = items.begin(); item != items.end();) {
      const bool hidden = hidden_orders_.contains(string_or(*item, "merchant_order_id"));
      item = hidden ? items.erase(item) : item + 1;
    }
  } else if (in_flight.route == "order" &&
             hidden_orders_.contains(string_or(answer, "merchant_order_id"))) {
    in_flight.response = refusal(404, "ORDER_NOT_FOUND", "Order not found: " + in_flight.id);
    return;
  }
  if (const auto injected = injected_text(faults_)) add_to_titles(answer, *injected);
  in_flight.response.body = outer_names(dump_json(answer));
}

}  // namespace cartpilot::torture
