#include "torture/key_holder.h"

#include "cartpilot/error.h"

namespace cartpilot::torture {

Told KeyHolder::send(HttpRequest request, const std::string& key) {
  if (!bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + bearer);
  if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
  request.total_timeout_ms = 2'000;
  request.max_body_bytes = 1U << 20;
  Told told;
  try {
    net::HttpAnswer answer = net::fetch(http_, request, CallContext());
    told.status = answer.head.status;
    told.headers = std::move(answer.head.headers);
    told.json = parse_json(answer.body, "an answer");
  } catch (const Error& error) {
    told.reason = error.reason;
  }
  return told;
}

Told KeyHolder::post(const std::string& target, const Json& body, const std::string& key) {
  HttpRequest request;
  request.url = server_.url() + target;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = dump_json(body);
  return send(std::move(request), key);
}

Told KeyHolder::get(const std::string& target) {
  HttpRequest request;
  request.method = "GET";
  request.url = server_.url() + target;
  return send(std::move(request), "");
}

std::string KeyHolder::create() {
  const std::string intent = post("/intents", {{"query", "headphones"}}).text("id");
  const Json offers = get("/intents/" + intent + "/offers").json;
  const Json& chosen = offers.at("items").at(0);
  offer = string_or(chosen, "id");
  product = string_or(chosen.at("items").at(0), "product_id");
  return post("/checkouts", {{"offer_id", offer}, {"items", items()}}).text("id");
}

std::string KeyHolder::frozen() {
  const std::string id = create();
  quote(id);
  request_approval(id);
  return id;
}

std::string KeyHolder::approved() {
  const std::string id = frozen();
  approve(id);
  return id;
}

}  // namespace cartpilot::torture
