#include "torture/fault_cartpilot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "cartpilot/error.h"
#include "sandbox/router.h"
#include "torture/disguise.h"

namespace cartpilot::torture {
namespace {

using sandbox::Request;
using sandbox::Response;

constexpr std::int64_t kHangNs = 40'000'000'000;  // more than any call of the program waits
constexpr std::int64_t kDelayNs = 3'000'000'000;
constexpr std::int64_t kExpiryUs = 25 * sandbox::kHour;
constexpr std::int64_t kOverchargeCents = 777;
constexpr std::size_t kFloodBytes = 9U << 20;

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

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// Merchants of another make than the two that are known to recognise their own sessions.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kStrangers = {
    {{"merchant-a", "merchant-x"}, {"merchant-b", "merchant-y"}}};

std::string memory_key(const Request& request) {
  return request.header("Idempotency-Key") + " " + request.target;
}

}  // namespace

std::string route_of(const std::string& method, const std::string& target) {
  const std::string path = sandbox::path_of(target);
  const auto ends_in = [&](std::string_view word) { return path.ends_with(word); };
  if (method == "POST") {
    if (path == "/intents") return "create_intent";
    if (path == "/checkouts") return "create";
    for (const char* word : {"quote", "request-approval", "approve", "confirm"}) {
      if (path.starts_with("/checkouts/") && ends_in(std::string("/") + word)) return word;
    }
    return "";
  }
  if (path.starts_with("/intents/")) return ends_in("/offers") ? "offers" : "";
  if (path.starts_with("/offers/")) return "offer";
  if (path.starts_with("/checkouts/")) return "get";
  if (path == "/orders") return "orders";
  return path.starts_with("/orders/") ? "order" : "";
}

std::string id_in(const std::string& target) {
  const std::string path = sandbox::path_of(target);
  const std::size_t begin = path.find('/', 1);
  if (begin == std::string::npos) return "";
  return path.substr(begin + 1, path.find('/', begin + 1) - begin - 1);
}

struct FaultCartPilot::Passage {
  Request request;
  std::string route;
  std::string id;
  std::vector<Fault> faults;
  bool by_program = true;
  Response response = {};

  const Fault* has(std::string_view kind) const {
    for (const Fault& fault : faults) {
      if (fault.kind == kind) return &fault;
    }
    return nullptr;
  }
};

FaultCartPilot::FaultCartPilot(Options options)
    : options_(std::move(options)),
      listener_([this](const Request& request, Line& line) { serve(request, line); }) {
  begin({});
}

std::int64_t FaultCartPilot::now_us() const {
  const std::int64_t warp = options_.warp ? options_.warp() : 0;
  return sandbox::system_clock_now() + warp / 1000 + skew_us_;
}

/// Without the jumps of this server's own clock.
std::int64_t FaultCartPilot::stage_ms() const { return (now_us() - skew_us_) / 1000; }

void FaultCartPilot::begin(std::vector<Fault> faults) {
  listener_.listen_again();
  {
    const std::lock_guard lock(mutex_);
    bookings_.clear();
    skew_us_ = 0;
    forget();
  }
  plan(std::move(faults));
}

void FaultCartPilot::plan(std::vector<Fault> faults) {
  const std::lock_guard lock(mutex_);
  faults_ = std::move(faults);
  counts_.clear();
  confirms_.clear();
  struck_.clear();
}

void FaultCartPilot::forget() {
  disguises_.clear();
  hidden_orders_.clear();
  remembered_.clear();
  shop_ = std::make_unique<sandbox::Application>(":memory:", options_.api_key,
                                                 [this] { return now_us(); });
}

void FaultCartPilot::heal() {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(faults_, [](const Fault& fault) { return !fault.lasting; });
  }
  listener_.listen_again();
}

std::vector<Booking> FaultCartPilot::bookings() const {
  const std::lock_guard lock(mutex_);
  return bookings_;
}

int FaultCartPilot::count(const std::string& route) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(route);
  return found == counts_.end() ? 0 : found->second;
}

std::vector<std::int64_t> FaultCartPilot::confirms_of(const std::string& checkout_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = confirms_.find(checkout_id);
  return found == confirms_.end() ? std::vector<std::int64_t>() : found->second;
}

std::vector<std::string> FaultCartPilot::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

Json FaultCartPilot::shown(const std::string& checkout_id) {
  const std::lock_guard lock(mutex_);
  Json checkout = disguised(checkout_id, inner_checkout(checkout_id));
  if (checkout.is_object()) {
    checkout["merchant_id"] = outer_names(string_or(checkout, "merchant_id"));
  }
  return checkout;
}

/// The faults that strike this request. Called once for each that arrives.
std::vector<Fault> FaultCartPilot::due(const std::string& route) {
  const int here = ++counts_[route];
  const int anywhere = ++counts_[""];
  std::vector<Fault> due;
  for (const Fault& fault : faults_) {
    if (!fault.route.empty() && fault.route != route) continue;
    const int nth = fault.route.empty() ? anywhere : here;
    if (fault.nth != 0 && fault.nth != nth) continue;
    due.push_back(fault);
    struck_.push_back(fault.kind);
  }
  return due;
}

void FaultCartPilot::serve(const Request& request, Line& line) {
  Passage passage;
  passage.request = request;
  passage.route = route_of(request.method, request.target);
  passage.id = id_in(request.target);
  for (const auto& [inner, outer] : kStrangers) replace_all(passage.request.target, outer, inner);
  {
    std::unique_lock lock(mutex_);
    passage.faults = due(passage.route);
    if (passage.route == "confirm") confirms_[passage.id].push_back(stage_ms());
    if (passage.has("twins") != nullptr) meet_twin(passage, lock);
    for (const Fault& fault : passage.faults) act_before(fault, passage);
  }
  if (fails_before(passage, line)) return;
  {
    const std::lock_guard lock(mutex_);
    if (!answer_instead(passage)) {
      work(passage);
      if (passage.has("work_twice") != nullptr) work(passage);
    }
    if (passage.has("lose_memory_after") != nullptr) forget();
  }
  if (passage.has("deaf") != nullptr) listener_.go_deaf();
  deliver(passage, line);
}

/// Two requests with one key, both under way at the same time: neither finds the other's answer.
void FaultCartPilot::meet_twin(Passage& passage, std::unique_lock<std::mutex>& lock) {
  const std::string key = passage.request.header("Idempotency-Key");
  if (key.empty()) return;
  const std::size_t before = keys_in_flight_.count(key);
  keys_in_flight_.insert(key);
  twins_.notify_all();
  if (before == 0) {
    twins_.wait_for(lock, std::chrono::seconds(5), [&] { return keys_in_flight_.count(key) > 1; });
    return;
  }
  std::erase_if(passage.request.headers,
                [](const auto& header) { return header.first == "Idempotency-Key"; });
}

/// What others do, and what happens in the world, before the request is looked at.
void FaultCartPilot::act_before(const Fault& fault, const Passage& passage) {
  const std::string& id = passage.id;
  if (fault.kind == "lose_memory") return forget();
  const Json checkout = inner_checkout(id);
  if (checkout.is_null()) return;
  if (fault.kind == "price_change" || fault.kind == "stock_out" || fault.kind == "requote_other") {
    change_merchant(fault, checkout);
  } else if (fault.kind == "requote_same") {
    ask(as_key_holder("POST", passage.request.target, id, "/quote", items_to_quote(checkout)));
  } else if (fault.kind == "other_confirms") {
    Passage other{as_key_holder("POST", "", id, "/confirm", Json::object()), "confirm", id, {}};
    other.by_program = false;
    work(other);
  } else if (is_disguise(fault.kind)) {
    disguises_[id].push_back({{"kind", fault.kind}, {"session", fresh_session_id(++numbers_)}});
  }
}

void FaultCartPilot::change_merchant(const Fault& fault, const Json& checkout) {
  const std::string merchant = string_or(checkout, "merchant_id");
  for (const Json& item : checkout.at("items")) {
    const std::string product = string_or(item, "product_id");
    if (fault.kind == "stock_out") {
      shop_->empty_stock(merchant, product);
      continue;
    }
    const std::int64_t price = item.at("unit_price").at("amount").get<std::int64_t>();
    const std::int64_t percent = integer_or(fault.detail, "percent", 15);
    shop_->change_price(merchant, product, std::max<std::int64_t>(1, price * (100 + percent) / 100));
  }
  if (fault.kind != "requote_other") return;
  ask(as_key_holder("POST", "", string_or(checkout, "id"), "/quote", items_to_quote(checkout)));
}

Request FaultCartPilot::as_key_holder(const std::string& method, const std::string& target,
                                      const std::string& id, const std::string& action,
                                      const Json& body) const {
  Request request;
  request.method = method;
  request.target = id.empty() ? target : "/checkouts/" + id + action;
  request.headers = {{"Host", "127.0.0.1"},
                     {"Authorization", "Bearer " + options_.api_key},
                     {"Content-Type", "application/json"}};
  if (!body.is_null()) request.body = dump_json(body);
  return request;
}

Response FaultCartPilot::ask(const Request& request) { return shop_->handle(request); }

Json FaultCartPilot::inner_checkout(const std::string& checkout_id) {
  if (checkout_id.empty()) return nullptr;
  const Response response = ask(as_key_holder("GET", "", checkout_id, "", nullptr));
  const Json checkout = json_of(response);
  return is_checkout(checkout) ? checkout : Json();
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

/// Answers that are given without any work. False when the work is to be done.
bool FaultCartPilot::answer_instead(Passage& passage) {
  if (const Fault* fault = passage.has("status_before")) {
    passage.response = refusal(static_cast<int>(integer_or(fault->detail, "status", 503)),
                               string_or(fault->detail, "error_code", "SERVICE_UNAVAILABLE"), "no");
    keep(passage);
    return true;
  }
  if (const Fault* fault = passage.has("redirect")) {
    passage.response.status = static_cast<int>(integer_or(fault->detail, "status", 307));
    passage.response.headers = {
        {"Location", string_or(fault->detail, "to", "http://127.0.0.1:9") + passage.request.target}};
    return true;
  }
  if (passage.has("bad_key") != nullptr) {
    for (auto& [name, value] : passage.request.headers) {
      if (name == "Authorization") value = "Bearer some-other-key";
    }
  }
  return false;
}

/// Remembers an answer of ours under the request's key, as the service does with any below 500.
void FaultCartPilot::keep(const Passage& passage) {
  if (passage.request.header("Idempotency-Key").empty() || passage.response.status >= 500) return;
  remembered_[memory_key(passage.request)] = passage.response;
}

void FaultCartPilot::work(Passage& passage) {
  const auto kept = remembered_.find(memory_key(passage.request));
  if (!passage.request.header("Idempotency-Key").empty() && kept != remembered_.end()) {
    passage.response = kept->second;
    passage.response.headers.emplace_back("X-Idempotent-Replayed", "true");
    return;
  }
  if (passage.route == "confirm") {
    confirm(passage);
  } else {
    passage.response = ask(passage.request);
  }
  disguise_answer(passage);
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
    passage.response = refusal(
        400, "CONFIRM_FAILED",
        fmt::format("Cannot transition Checkout({}) from 'quoted' to 'confirmed'. Allowed "
                    "transitions: ['awaiting_approval', 'cancelled']",
                    passage.id));
    disguises.push_back({{"kind", "requoted"},
                         {"view", shown},
                         {"session", fresh_session_id(++numbers_)}});
    hidden_orders_.insert(number);
  } else if (passage.has("expire") != nullptr) {
    skew_us_ += kExpiryUs;
    passage.response =
        refusal(400, "CHECKOUT_EXPIRED", fmt::format("Checkout {} has expired", passage.id));
    disguises.push_back({{"kind", "expired"}, {"view", shown}});
    hidden_orders_.insert(number);
  } else if (passage.has("lost_race") != nullptr) {
    passage.response = refusal(
        400, "CONFIRM_FAILED",
        fmt::format("Checkout {} is already confirmed with order {}", passage.id, number));
  } else {
    return;
  }
  keep(passage);
}

bool FaultCartPilot::plans(std::string_view kind) const {
  return std::any_of(faults_.begin(), faults_.end(),
                     [&](const Fault& fault) { return fault.kind == kind; });
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

/// Faults on the way there. True when the request never reaches CartPilot.
bool FaultCartPilot::fails_before(Passage& passage, Line& line) {
  if (passage.has("delay") != nullptr && options_.wait) options_.wait(kDelayNs);
  if (passage.has("reset_before") != nullptr) {
    line.reset();
    return true;
  }
  if (passage.has("hang_before") != nullptr) {
    if (options_.wait) options_.wait(kHangNs);
    line.wait_for_hang_up();
    return true;
  }
  return false;
}

/// Faults on the way back.
void FaultCartPilot::deliver(Passage& passage, Line& line) {
  Response& response = passage.response;
  if (passage.has("reset_after") != nullptr) return line.reset();
  if (passage.has("close_after") != nullptr) return line.close();
  if (passage.has("hang_after") != nullptr) {
    if (options_.wait) options_.wait(kHangNs);
    return line.wait_for_hang_up();
  }
  if (const Fault* fault = passage.has("status_after")) {
    response = refusal(static_cast<int>(integer_or(fault->detail, "status", 502)),
                       string_or(fault->detail, "error_code", "BAD_GATEWAY"), "no");
    if (fault->detail.contains("retry_after")) {
      response.headers.emplace_back("Retry-After", string_or(fault->detail, "retry_after"));
    }
    const std::lock_guard lock(mutex_);
    keep(passage);
  }
  if (passage.has("wrong_type") != nullptr) {
    response.content_type = "text/html";
    response.body = "<html><body>200 OK</body></html>";
  }
  if (passage.has("garbage") != nullptr) response.body = "{\"checkout_id\": \"" + passage.id;
  if (passage.has("flood") != nullptr) response.body = std::string(kFloodBytes, ' ');
  if (const Fault* fault = passage.has("mutate")) {
    Json answer = json_of(response);
    for (const auto& [pointer, value] : fault->detail.items()) {
      const Json::json_pointer place(pointer);
      if (answer.contains(place)) answer[place] = value;
    }
    response.body = dump_json(answer);
  }
  const std::string bytes = answer_bytes(response);
  if (passage.has("truncate") != nullptr) {
    line.send(std::string_view(bytes).substr(0, bytes.size() - response.body.size() / 2));
    return line.close();
  }
  line.send(bytes);
  if (passage.has("answer_twice") != nullptr) line.send(bytes);
}

Response FaultCartPilot::as_other(const std::string& method, const std::string& target,
                                  const Json& body) {
  const std::lock_guard lock(mutex_);
  Passage passage{as_key_holder(method, target, "", "", body), route_of(method, target),
                  id_in(target), {}};
  passage.by_program = false;
  work(passage);
  return passage.response;
}

std::string FaultCartPilot::foreign_checkout() {
  const auto post = [this](const std::string& target, const Json& body) {
    return json_of(as_other("POST", target, body));
  };
  const std::string intent = string_or(post("/intents", {{"query", "headphones"}}), "id");
  const Json offers = json_of(as_other("GET", "/intents/" + intent + "/offers"));
  const Json& offer = offers.at("items").at(0);
  const Json items = Json::array(
      {{{"product_id", offer.at("items").at(0).at("product_id")}, {"quantity", 1}}});
  const std::string id = string_or(
      post("/checkouts", {{"offer_id", offer.at("id")}, {"items", items}}), "id");
  post("/checkouts/" + id + "/quote", {{"items", items}});
  post("/checkouts/" + id + "/request-approval", Json::object());
  post("/checkouts/" + id + "/approve", Json::object());
  return id;
}

}  // namespace cartpilot::torture
