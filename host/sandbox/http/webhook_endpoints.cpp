#include "sandbox/http/endpoints.h"
#include "sandbox/service/webhooks.h"
#include "sandbox/wire/refusal.h"
#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

Response post_event(const Call& call, WebhookService& webhooks) {
  const Json body = read_body(call.request);
  Fields fields(body, Json::array({"body"}));
  IncomingEvent event;
  event.id = fields.required_text("event_id");
  event.type = fields.required_text("event_type");
  event.merchant_id = fields.required_text("merchant_id");
  fields.required_instant("timestamp");
  event.data = fields.required_object("data");
  fields.text_or("ucp_version", "1.0.0");
  fields.check();
  return json_response(200, webhooks.receive(event, call.request, call.request_id));
}

Response get_event(const Call& call, WebhookService& webhooks) {
  if (!call.query.contains("merchant_id")) {
    throw ValidationRefusal(Json::array({{{"type", "missing"},
                                          {"loc", Json::array({"query", "merchant_id"})},
                                          {"msg", "Field required"},
                                          {"input", nullptr}}}));
  }
  return json_response(200, webhooks.status(string_or(call.query, "merchant_id"), call.ids[0]));
}

}  // namespace

void add_webhook_endpoints(Router& router, WebhookService& webhooks) {
  router.add("POST", "/webhooks/merchant",
             [&webhooks](const Call& call) { return post_event(call, webhooks); });
  router.add("GET", "/webhooks/events/{}",
             [&webhooks](const Call& call) { return get_event(call, webhooks); });
}

}  // namespace cartpilot::sandbox
