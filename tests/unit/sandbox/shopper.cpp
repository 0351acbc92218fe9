#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

HttpHeaders with_key(const HttpHeaders& more) {
  HttpHeaders headers = {{"Authorization", std::string("Bearer ") + kKey}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

Json one_item(const std::string& product_id, int quantity) {
  return Json::array({{{"product_id", product_id}, {"quantity", quantity}}});
}

}  // namespace

Answer Shopper::get(const std::string& target) { return http_.send("GET", target, with_key({})); }

Answer Shopper::post_text(const std::string& target, const std::string& body,
                          const HttpHeaders& more) {
  HttpHeaders headers = with_key(more);
  headers.emplace_back("Content-Type", "application/json");
  return http_.send("POST", target, headers, body);
}

Answer Shopper::post(const std::string& target, const Json& body, const HttpHeaders& more) {
  return post_text(target, dump_json(body), more);
}

std::string Shopper::intent(const std::string& query) {
  return post("/intents", {{"query", query}}).json().at("id");
}

std::string Shopper::offer(const std::string& merchant_id) {
  const Json page = get("/intents/" + intent("headphones") + "/offers").json();
  for (const Json& offer : page.at("items")) {
    if (offer.at("merchant_id") == merchant_id) return offer.at("id");
  }
  return "";
}

std::string Shopper::checkout(const std::string& merchant_id) {
  return post("/checkouts", {{"offer_id", offer(merchant_id)}, {"items", one_item("any", 1)}})
      .json()
      .at("id");
}

Answer Shopper::quote(const std::string& checkout_id, const std::string& product_id, int quantity) {
  return post("/checkouts/" + checkout_id + "/quote", {{"items", one_item(product_id, quantity)}});
}

Answer Shopper::act(const std::string& checkout_id, const std::string& action) {
  return post("/checkouts/" + checkout_id + "/" + action, Json::object());
}

std::string Shopper::approved(const std::string& merchant_id, const std::string& product_id,
                              int quantity) {
  const std::string id = checkout(merchant_id);
  quote(id, product_id, quantity);
  act(id, "request-approval");
  act(id, "approve");
  return id;
}

std::string Shopper::order(const std::string& merchant_id, const std::string& product_id,
                           int quantity) {
  return act(approved(merchant_id, product_id, quantity), "confirm").json().at("order_id");
}

TimedSandbox::TimedSandbox()
    : server_([this] {
        SandboxServer::Options options;
        options.clock = [this] { return ++now_; };
        return options;
      }()) {}

}  // namespace cartpilot::sandbox
