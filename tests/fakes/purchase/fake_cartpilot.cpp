#include "fake_cartpilot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "cartpilot/error.h"
#include "commerce/receipt.h"

namespace cartpilot::purchase {
namespace {

const char* merchant_of(const std::string& offer) {
  return offer == "offer-b" ? "merchant-b" : "merchant-a";
}

FakeCartPilot::Reply ok(const Json& body, int status = 200) {
  return {status, dump_json(body), "application/json", {}};
}

void deliver(const FakeCartPilot::Reply& reply, const std::string& date, const std::string& sandbox,
             HttpSink& sink) {
  HttpHead head{reply.status, reply.headers};
  head.headers.emplace_back("Content-Type", reply.content_type);
  if (!date.empty()) head.headers.emplace_back("Date", date);
  if (!sandbox.empty()) head.headers.emplace_back("X-CartPilot-Sandbox", sandbox);
  sink.on_head(head);
  sink.on_event({HttpEvent::Kind::kBody, "", reply.body});
}

[[noreturn]] void break_connection(const std::string& reason) {
  Error error(ErrorCode::kUnavailable, "scripted: " + reason);
  error.reason = reason;
  error.retryable = true;
  throw error;
}

}  // namespace

FakeCartPilot::Reply FakeCartPilot::error(int status, const std::string& code,
                                          const std::string& message) {
  return ok(Json{{"error_code", code},
                 {"message", message},
                 {"details", Json::array()},
                 {"request_id", "r-1"}},
            status);
}

void FakeCartPilot::fault(const std::string& route, int nth, Fault kind, Reply reply) {
  plans_.push_back({route, nth, kind, std::move(reply), {}});
}

void FakeCartPilot::fault(const std::string& route, int nth, Fault kind) {
  fault(route, nth, kind, Reply{});
}

void FakeCartPilot::before(const std::string& route, int nth, std::function<void()> change) {
  plans_.push_back({route, nth, std::nullopt, {}, std::move(change)});
}

int FakeCartPilot::count(const std::string& route) const {
  return static_cast<int>(std::count_if(requests_.begin(), requests_.end(),
                                        [&](const Seen& seen) { return seen.route == route; }));
}

std::vector<FakeCartPilot::Seen> FakeCartPilot::seen(const std::string& route) const {
  std::vector<Seen> found;
  for (const Seen& seen : requests_) {
    if (seen.route == route) found.push_back(seen);
  }
  return found;
}

void FakeCartPilot::lose_memory() {
  checkouts_.clear();
  cache_.clear();
  created_.clear();
}

void FakeCartPilot::send(const HttpRequest& request, HttpSink& sink, const CallContext& context) {
  const std::lock_guard lock(one_at_a_time_);
  // Asked at the start of a program, before anything that is counted; of any server.
  if (request.url.ends_with("/health")) {
    deliver(ok({{"status", "healthy"}, {"service", "cartpilot-api"}, {"version", "0.1.0"}}), date,
            sandbox, sink);
    return;
  }
  const std::string base = "http://127.0.0.1:8000";
  if (request.url.rfind(base, 0) != 0) break_connection("wrong server");
  std::string path = request.url.substr(base.size());
  path.resize(std::min(path.find('?'), path.size()));
  std::vector<std::string> parts;
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  Seen seen{"", path, request.headers, request.body.empty() ? Json() : parse_json(request.body)};
  const std::string id = parts.size() > 1 ? parts[1] : "";
  if (parts[0] == "offers") {
    seen.route = "offer";
  } else if (parts[0] == "orders") {
    seen.route = parts.size() > 1 ? "order" : "orders";
  } else if (request.method == "GET") {
    seen.route = "get";
  } else {
    seen.route = parts.size() > 2 ? parts[2] : "create";
  }
  requests_.push_back(seen);

  const int nth = count(seen.route);
  std::vector<Planned> plans;
  for (const Planned& plan : plans_) {
    if (plan.route == seen.route && (plan.nth == 0 || plan.nth == nth)) plans.push_back(plan);
  }
  for (const Planned& plan : plans) {
    if (plan.change) plan.change();
  }
  if (heeds_cancel && seen.route == "confirm" && context.cancelled()) {
    answer_with_cache(seen, id);
    throw Error(ErrorCode::kCancelled, "scripted: the caller went away");
  }
  for (const Planned& plan : plans) {
    if (!plan.kind) continue;
    switch (*plan.kind) {
      case Fault::kRefuseConnection: break_connection("connect");
      case Fault::kResetBefore: break_connection("reset");
      case Fault::kLoseAnswer: answer_with_cache(seen, id); break_connection("reset");
      case Fault::kReplaceAnswer:
        answer_with_cache(seen, id);
        deliver(plan.reply, date, sandbox, sink);
        return;
      case Fault::kAnswerInstead: {
        const std::string key = header_value(seen.headers, "Idempotency-Key");
        if (!key.empty() && plan.reply.status < 500) cache_[key + path] = plan.reply;
        deliver(plan.reply, date, sandbox, sink);
        return;
      }
    }
  }
  deliver(answer_with_cache(seen, id), date, sandbox, sink);
}

FakeCartPilot::Reply FakeCartPilot::answer_with_cache(const Seen& seen, const std::string& id) {
  const std::string key = header_value(seen.headers, "Idempotency-Key");
  if (key.empty()) return handle(seen, id);
  const std::string slot = key + seen.path;
  const auto found = cache_.find(slot);
  if (found != cache_.end()) return found->second;
  Reply reply = handle(seen, id);
  if (reply.status < 500) cache_[slot] = reply;
  return reply;
}

FakeCartPilot::Reply FakeCartPilot::handle(const Seen& seen, const std::string& id) {
  if (seen.route == "create") return create(seen.body);
  if (seen.route == "offer") return offer(id);
  if (seen.route == "orders") {
    Json items = Json::array();
    if (!hide_orders) {
      for (const Json& order : orders_) {
        items.push_back(Json{{"id", order["id"]},
                             {"merchant_id", order["merchant_id"]},
                             {"merchant_order_id", order["merchant_order_id"]},
                             {"status", order["status"]},
                             {"total", order["total"]},
                             {"item_count", 1},
                             {"customer_email", "customer@example.com"},
                             {"created_at", order["created_at"]}});
      }
    }
    const auto total = items.size();
    return ok(Json{{"total", total},
                   {"page", 1},
                   {"page_size", 100},
                   {"has_more", false},
                   {"items", std::move(items)}});
  }
  if (seen.route == "order") {
    for (const Json& order : orders_) {
      if (order["id"] == id) return ok(order);
    }
    return error(404, "ORDER_NOT_FOUND");
  }
  const auto found = checkouts_.find(id);
  if (found == checkouts_.end()) return error(404, "CHECKOUT_NOT_FOUND");
  Json& checkout = found->second;
  if (seen.route == "get") return ok(checkout);
  if (seen.route == "quote") return quote(checkout, seen.body);
  if (seen.route == "request-approval") return request_approval(checkout);
  if (seen.route == "approve") return approve(checkout, seen.body);
  if (seen.route == "confirm") return confirm(checkout);
  return error(404, "HTTP_404");
}

std::string FakeCartPilot::fresh_id() { return fmt::format("id-{:04}", ++ids_); }

FakeCartPilot::Reply FakeCartPilot::offer(const std::string& id) const {
  Json items = Json::array();
  for (const auto& [product, price] : prices_) {
    const auto category = categories.find(product);
    items.push_back(
        Json{{"product_id", product},
             {"variant_id", nullptr},
             {"sku", nullptr},
             {"title", "A fine " + product},
             {"description", nullptr},
             {"brand", nullptr},
             {"category_path", category == categories.end() ? Json() : Json(category->second)},
             {"price", price_of(price.get<std::int64_t>())},
             {"quantity_available", 5},
             {"image_url", nullptr},
             {"rating", nullptr},
             {"review_count", nullptr}});
  }
  return ok(Json{{"id", id},
                 {"intent_id", "intent"},
                 {"merchant_id", offers_of.empty() ? merchant_of(id) : offers_of},
                 {"items", std::move(items)},
                 {"lowest_price", nullptr},
                 {"highest_price", nullptr},
                 {"expires_at", nullptr},
                 {"is_expired", false},
                 {"metadata", Json::object()},
                 {"created_at", "2026-11-23T00:49:28.023316Z"}});
}

FakeCartPilot::Reply FakeCartPilot::create(const Json& body) {
  const std::string key = string_or(body, "idempotency_key");
  if (const auto known = created_.find(key); !key.empty() && known != created_.end()) {
    return ok(checkouts_.at(known->second), 201);
  }
  const std::string id = fresh_id();
  const std::string offer = string_or(body, "offer_id");
  checkouts_[id] = Json{{"id", id},
                        {"offer_id", offer},
                        {"merchant_id", merchant_of(offer)},
                        {"status", "created"},
                        {"items", Json::array()},
                        {"subtotal", nullptr},
                        {"tax", nullptr},
                        {"shipping", nullptr},
                        {"total", nullptr},
                        {"merchant_checkout_id", nullptr},
                        {"receipt_hash", nullptr},
                        {"frozen_receipt", nullptr},
                        {"merchant_order_id", nullptr},
                        {"approved_by", nullptr},
                        {"approved_at", nullptr},
                        {"confirmed_at", nullptr},
                        {"expires_at", "2026-11-24T00:49:28.023294Z"},
                        {"failure_reason", nullptr},
                        {"audit_trail", Json::array()},
                        {"created_at", "2026-11-23T00:49:28.023316Z"},
                        {"updated_at", "2026-11-23T00:49:28.023318Z"}};
  if (!key.empty()) created_[key] = id;
  return ok(checkouts_[id], 201);
}

FakeCartPilot::Reply FakeCartPilot::quote(Json& checkout, const Json& body) {
  Json items = Json::array();
  std::int64_t subtotal = 0;
  for (const Json& item : body["items"]) {
    const std::string product = string_or(item, "product_id");
    const std::int64_t unit = prices_[product].get<std::int64_t>();
    const std::int64_t quantity = integer_or(item, "quantity");
    items.push_back(Json{{"product_id", product},
                         {"variant_id", item.value("variant_id", Json())},
                         {"sku", "SKU-" + product},
                         {"title", title.empty() ? "A fine " + product : title},
                         {"unit_price", price_of(unit)},
                         {"quantity", quantity},
                         {"line_total", price_of(unit * quantity)}});
    subtotal += unit * quantity;
  }
  const std::int64_t tax = subtotal * 8 / 100;
  const std::int64_t shipping = subtotal >= 5000 ? 0 : 999;
  const Json total = price_of(subtotal + tax + shipping);
  const bool same_total = !checkout["frozen_receipt"].is_null() && checkout["total"] == total;
  checkout["items"] = items;
  checkout["subtotal"] = price_of(subtotal);
  checkout["tax"] = price_of(tax);
  checkout["shipping"] = price_of(shipping);
  checkout["total"] = total;
  checkout["merchant_checkout_id"] = fresh_id();
  checkout["receipt_hash"] = fmt::format("{:016x}", ids_);
  if (!same_total) {
    checkout["status"] = "quoted";
    checkout["frozen_receipt"] = nullptr;
  }
  return ok(checkout);
}

FakeCartPilot::Reply FakeCartPilot::request_approval(Json& checkout) {
  if (checkout["status"] != "quoted") return error(400, "APPROVAL_REQUEST_FAILED");
  Json items = Json::array();
  std::string text = fmt::format("{}|USD|", checkout["total"]["amount"].get<std::int64_t>());
  for (const Json& item : checkout["items"]) {
    items.push_back(Json{{"product_id", item["product_id"]},
                         {"variant_id", item["variant_id"]},
                         {"sku", item["sku"]},
                         {"title", item["title"]},
                         {"unit_price_cents", item["unit_price"]["amount"]},
                         {"quantity", item["quantity"]},
                         {"currency", item["unit_price"]["currency"]}});
    text +=
        fmt::format("{}{}:{}:{}:{}", items.size() == 1 ? "" : "|", string_or(item, "product_id"),
                    string_or(item, "variant_id"), integer_or(item, "quantity"),
                    item["unit_price"]["amount"].get<std::int64_t>());
  }
  checkout["frozen_receipt"] = Json{{"hash", base::sha256_hex(text).substr(0, 16)},
                                    {"items", items},
                                    {"subtotal_cents", checkout["subtotal"]["amount"]},
                                    {"tax_cents", checkout["tax"]["amount"]},
                                    {"shipping_cents", checkout["shipping"]["amount"]},
                                    {"total_cents", checkout["total"]["amount"]},
                                    {"currency", "USD"},
                                    {"frozen_at", "2026-11-23T00:49:28.542064+00:00"}};
  checkout["status"] = "awaiting_approval";
  return ok(checkout);
}

FakeCartPilot::Reply FakeCartPilot::approve(Json& checkout, const Json& body) {
  if (checkout["status"] != "awaiting_approval") return error(400, "APPROVAL_FAILED");
  checkout["status"] = "approved";
  checkout["approved_by"] = body["approved_by"];
  return ok(checkout);
}

FakeCartPilot::Reply FakeCartPilot::confirm(Json& checkout) {
  const auto answer = [&](const Json& order_id) {
    return ok(Json{{"checkout_id", checkout["id"]},
                   {"merchant_order_id", checkout["merchant_order_id"]},
                   {"order_id", order_id},
                   {"status", "confirmed"},
                   {"total", checkout["total"]},
                   {"confirmed_at", "2026-11-23T00:49:28.708055Z"}});
  };
  if (checkout["status"] == "confirmed") return answer(nullptr);
  if (checkout["status"] != "approved") return error(400, "NOT_APPROVED");
  const std::string number = fmt::format("ORD-{}", orders_.size() + 1);
  checkout["status"] = "confirmed";
  checkout["merchant_order_id"] = number;
  checkout["confirmed_at"] = "2026-11-23T00:49:28.708055Z";
  Json items = Json::array();
  for (const Json& item : checkout["items"]) {
    items.push_back(Json{{"product_id", item["product_id"]},
                         {"variant_id", item["variant_id"]},
                         {"sku", item["sku"]},
                         {"title", item["title"]},
                         {"quantity", item["quantity"]},
                         {"unit_price", item["unit_price"]},
                         {"line_total", item["line_total"]}});
  }
  orders_.push_back(Json{{"id", "order-" + number},
                         {"checkout_id", checkout["id"]},
                         {"merchant_id", checkout["merchant_id"]},
                         {"merchant_order_id", number},
                         {"status", "pending"},
                         {"items", items},
                         {"subtotal", checkout["subtotal"]},
                         {"tax", checkout["tax"]},
                         {"shipping", checkout["shipping"]},
                         {"total", checkout["total"]},
                         {"tracking_number", nullptr},
                         {"carrier", nullptr},
                         {"cancelled_reason", nullptr},
                         {"refund_amount", nullptr},
                         {"created_at", "2026-11-23T00:49:28.708327Z"},
                         {"updated_at", "2026-11-23T00:49:28.708327Z"}});
  return answer(orders_.back()["id"]);
}

}  // namespace cartpilot::purchase
