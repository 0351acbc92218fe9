#include "sandbox/service/webhooks.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/digest.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/service/webhook_sender.h"
#include "sandbox/wire/python_json.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

constexpr std::array<std::string_view, 13> kKnownTypes = {
    "checkout.created", "checkout.quoted", "checkout.confirmed", "checkout.failed",
    "checkout.expired", "order.created",   "order.confirmed",    "order.shipped",
    "order.delivered",  "order.cancelled", "order.refunded",     "price.changed",
    "stock.changed"};

bool is_known(std::string_view type) {
  return std::find(kKnownTypes.begin(), kKnownTypes.end(), type) != kKnownTypes.end();
}

Json reply(const IncomingEvent& event, bool success, const char* status,
           const std::string& message) {
  return {{"success", success}, {"event_id", event.id}, {"status", status}, {"message", message}};
}

std::string hash_of(const IncomingEvent& event) {
  return base::sha256_hex(python_dumps({{"event_id", event.id},
                                        {"event_type", event.type},
                                        {"merchant_id", event.merchant_id},
                                        {"data", event.data}}));
}

void check_sender(const IncomingEvent& event, const Request& request, const std::string& secret) {
  const std::string sender = request.header("X-Merchant-Id");
  if (!sender.empty() && sender != event.merchant_id) {
    throw Refusal(400, "MERCHANT_ID_MISMATCH",
                  "X-Merchant-Id header does not match payload merchant_id");
  }
  const std::string signature = request.header("X-Merchant-Signature");
  if (!signature.empty() && signature != webhook_signature(secret, request.body)) {
    throw Refusal(401, "INVALID_SIGNATURE", "Webhook signature verification failed");
  }
}

}  // namespace

Json WebhookService::receive(const IncomingEvent& event, const Request& request,
                             const std::string& request_id) {
  check_sender(event, request, secret_);
  if (!is_known(event.type)) {
    return reply(event, true, "ignored", "Unknown event type: " + event.type);
  }
  if (store_.find_event(event.merchant_id, event.id)) {
    return reply(event, true, "duplicate", "Event already processed");
  }
  const Micros received_at = clock_();
  const std::optional<std::string> failure =
      orders_.apply(event.merchant_id, event.type, event.data);
  const auto text_or_null = [](const std::optional<std::string>& text) {
    return text ? Json(*text) : Json();
  };
  store_.add_event(event.merchant_id, event.id,
                   dump_json({{"event_id", event.id},
                              {"merchant_id", event.merchant_id},
                              {"event_type", event.type},
                              {"payload_hash", hash_of(event)},
                              {"payload", event.data},
                              {"received_at", format_instant(received_at)},
                              {"processed_at", format_instant(clock_())},
                              {"status", failure ? "failed" : "processed"},
                              {"error_message", text_or_null(failure)},
                              {"correlation_id", request_id}}));
  if (failure) return reply(event, false, "failed", *failure);
  return reply(event, true, "processed", "Event processed successfully");
}

Json WebhookService::status(const std::string& merchant_id, const std::string& event_id) {
  const std::optional<std::string> document = store_.find_event(merchant_id, event_id);
  if (!document) throw Refusal(404, "EVENT_NOT_FOUND", "Event not found: " + event_id);
  return parse_json(*document, "stored event", kStoredJson);
}

}  // namespace cartpilot::sandbox
