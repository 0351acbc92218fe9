#include "torture/fault_cartpilot.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "cartpilot/error.h"
#include "sandbox/http/router.h"
#include "torture/altered_checkout.h"
#include "torture/request_in_flight.h"

namespace cartpilot::torture {
namespace {

using sandbox::Request;
using sandbox::Response;

constexpr std::int64_t kHangNs = 40'000'000'000;  // more than any call of the program waits
constexpr std::int64_t kDelayNs = 3'000'000'000;
constexpr std::size_t kFloodBytes = 9U << 20;

/// What a proxy, a gateway or a filter on the way answers by itself.
Response intermediary_answer(const Json& detail) {
  const int status = static_cast<int>(integer_or(detail, "status", 403));
  const std::string body = string_or(detail, "body", "page");
  Response response;
  response.status = status;
  response.headers = {{"X-Request-ID", "gateway-1"}};
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 407) response.headers.emplace_back("Proxy-Authenticate", "Basic realm=\"proxy\"");
  if (body == "page") {
    response.content_type = "text/html";
    response.body = fmt::format("<html><body><h1>{}</h1></body></html>", status);
  } else if (body == "json") {
    response.body = R"({"message":"Forbidden","request_id":"gateway-1"})";
  } else if (body == "cartpilot_like") {
    response.body = R"({"error_code":"FORBIDDEN","message":"no","details":[]})";
  } else {
    response.content_type.clear();
  }
  return response;
}

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
std::int64_t FaultCartPilot::page_ms() const { return (now_us() - skew_us_) / 1000; }

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
  alterations_.clear();
  hidden_orders_.clear();
  remembered_.clear();
  shop_ = std::make_unique<sandbox::Application>(":memory:", options_.api_key,
                                                 [this] { return now_us(); });
  if (id_.empty()) id_ = shop_->id();
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
  Json checkout = altered(checkout_id, inner_checkout(checkout_id));
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
  RequestInFlight in_flight;
  in_flight.request = request;
  in_flight.route = route_of(request.method, request.target);
  in_flight.id = id_in(request.target);
  in_flight.request.target = with_inner_names(std::move(in_flight.request.target));
  {
    std::unique_lock lock(mutex_);
    in_flight.faults = due(in_flight.route);
    if (in_flight.route == "confirm") confirms_[in_flight.id].push_back(page_ms());
    if (in_flight.has("twins") != nullptr) meet_twin(in_flight, lock);
    for (const Fault& fault : in_flight.faults) act_before(fault, in_flight);
  }
  if (fails_before(in_flight, line)) return;
  {
    const std::lock_guard lock(mutex_);
    if (!answer_instead(in_flight)) {
      work(in_flight);
      if (in_flight.has("work_twice") != nullptr) work(in_flight);
    }
    if (in_flight.has("lose_memory_after") != nullptr) forget();
  }
  if (in_flight.has("deaf") != nullptr) listener_.go_deaf();
  deliver(in_flight, line);
}

/// Two requests with one key, both under way at the same time: neither finds the other's answer.
void FaultCartPilot::meet_twin(RequestInFlight& in_flight, std::unique_lock<std::mutex>& lock) {
  const std::string key = in_flight.request.header("Idempotency-Key");
  if (key.empty()) return;
  const std::size_t before = keys_in_flight_.count(key);
  keys_in_flight_.insert(key);
  twins_.notify_all();
  if (before == 0) {
    twins_.wait_for(lock, std::chrono::seconds(5), [&] { return keys_in_flight_.count(key) > 1; });
    return;
  }
  std::erase_if(in_flight.request.headers,
                [](const auto& header) { return header.first == "Idempotency-Key"; });
}

/// What others do, and what happens in the world, before the request is looked at.
void FaultCartPilot::act_before(const Fault& fault, const RequestInFlight& in_flight) {
  const std::string& id = in_flight.id;
  if (fault.kind == "lose_memory") return forget();
  const Json checkout = inner_checkout(id);
  if (checkout.is_null()) return;
  if (fault.kind == "price_change" || fault.kind == "stock_out" || fault.kind == "requote_other") {
    change_merchant(fault, checkout);
  } else if (fault.kind == "requote_same") {
    ask(as_key_holder("POST", in_flight.request.target, id, "/quote", items_to_quote(checkout)));
  } else if (fault.kind == "other_confirms") {
    RequestInFlight other{
        as_key_holder("POST", "", id, "/confirm", Json::object()), "confirm", id, {}};
    other.by_program = false;
    work(other);
  } else if (is_alteration(fault.kind)) {
    alterations_[id].push_back({{"kind", fault.kind}, {"session", fresh_session_id(++numbers_)}});
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
    shop_->change_price(merchant, product,
                        std::max<std::int64_t>(1, price * (100 + percent) / 100));
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

Response FaultCartPilot::ask(const Request& request) {
  Response response = shop_->handle(request);
  // A service that lost its memory is the same service.
  for (auto& [name, value] : response.headers) {
    if (value == shop_->id()) value = id_;
  }
  return response;
}

Json FaultCartPilot::inner_checkout(const std::string& checkout_id) {
  if (checkout_id.empty()) return nullptr;
  const Response response = ask(as_key_holder("GET", "", checkout_id, "", nullptr));
  const Json checkout = json_of(response);
  return is_checkout(checkout) ? checkout : Json();
}

/// Answers that are given without any work. False when the work is to be done.
bool FaultCartPilot::answer_instead(RequestInFlight& in_flight) {
  if (const Fault* fault = in_flight.has("status_before")) {
    in_flight.response =
        refusal(static_cast<int>(integer_or(fault->detail, "status", 503)),
                string_or(fault->detail, "error_code", "SERVICE_UNAVAILABLE"), "no");
    keep(in_flight);
    return true;
  }
  if (const Fault* fault = in_flight.has("intermediary_before")) {
    in_flight.response = intermediary_answer(fault->detail);
    return true;
  }
  if (const Fault* fault = in_flight.has("redirect")) {
    in_flight.response.status = static_cast<int>(integer_or(fault->detail, "status", 307));
    in_flight.response.headers = {
        {"Location",
         string_or(fault->detail, "to", "http://127.0.0.1:9") + in_flight.request.target}};
    return true;
  }
  if (in_flight.has("bad_key") != nullptr) {
    for (auto& [name, value] : in_flight.request.headers) {
      if (name == "Authorization") value = "Bearer some-other-key";
    }
  }
  return false;
}

/// Remembers an answer of ours under the request's key, as the service does with any below 500.
void FaultCartPilot::keep(const RequestInFlight& in_flight) {
  if (in_flight.request.header("Idempotency-Key").empty() || in_flight.response.status >= 500)
    return;
  remembered_[memory_key(in_flight.request)] = in_flight.response;
}

void FaultCartPilot::work(RequestInFlight& in_flight) {
  const auto kept = remembered_.find(memory_key(in_flight.request));
  if (!in_flight.request.header("Idempotency-Key").empty() && kept != remembered_.end()) {
    in_flight.response = kept->second;
    in_flight.response.headers.emplace_back("X-Idempotent-Replayed", "true");
    return;
  }
  if (in_flight.route == "confirm") {
    confirm(in_flight);
  } else {
    in_flight.response = ask(in_flight.request);
  }
  alter_answer(in_flight);
}

bool FaultCartPilot::plans(std::string_view kind) const {
  return std::any_of(faults_.begin(), faults_.end(),
                     [&](const Fault& fault) { return fault.kind == kind; });
}

/// Faults on the way there. True when the request never reaches CartPilot.
bool FaultCartPilot::fails_before(RequestInFlight& in_flight, Line& line) {
  if (in_flight.has("delay") != nullptr && options_.wait) options_.wait(kDelayNs);
  if (in_flight.has("reset_before") != nullptr) {
    line.reset();
    return true;
  }
  if (in_flight.has("hang_before") != nullptr) {
    if (options_.wait) options_.wait(kHangNs);
    line.wait_for_hang_up();
    return true;
  }
  return false;
}

/// Faults on the way back.
void FaultCartPilot::deliver(RequestInFlight& in_flight, Line& line) {
  Response& response = in_flight.response;
  if (in_flight.has("reset_after") != nullptr) return line.reset();
  if (in_flight.has("close_after") != nullptr) return line.close();
  if (in_flight.has("hang_after") != nullptr) {
    if (options_.wait) options_.wait(kHangNs);
    return line.wait_for_hang_up();
  }
  if (const Fault* fault = in_flight.has("status_after")) {
    response = refusal(static_cast<int>(integer_or(fault->detail, "status", 502)),
                       string_or(fault->detail, "error_code", "BAD_GATEWAY"), "no");
    if (fault->detail.contains("retry_after")) {
      response.headers.emplace_back("Retry-After", string_or(fault->detail, "retry_after"));
    }
    const std::lock_guard lock(mutex_);
    keep(in_flight);
  }
  if (const Fault* fault = in_flight.has("intermediary_after")) {
    response = intermediary_answer(fault->detail);
  }
  if (in_flight.has("wrong_type") != nullptr) {
    response.content_type = "text/html";
    response.body = "<html><body>200 OK</body></html>";
  }
  if (in_flight.has("garbage") != nullptr) response.body = "{\"checkout_id\": \"" + in_flight.id;
  if (in_flight.has("flood") != nullptr) response.body = std::string(kFloodBytes, ' ');
  if (const Fault* fault = in_flight.has("mutate")) {
    Json answer = json_of(response);
    for (const auto& [pointer, value] : fault->detail.items()) {
      const Json::json_pointer place(pointer);
      if (answer.contains(place)) answer[place] = value;
    }
    response.body = dump_json(answer);
  }
  const std::string bytes = answer_bytes(response);
  if (in_flight.has("truncate") != nullptr) {
    line.send(std::string_view(bytes).substr(0, bytes.size() - response.body.size() / 2));
    return line.close();
  }
  line.send(bytes);
  if (in_flight.has("answer_twice") != nullptr) line.send(bytes);
}

Response FaultCartPilot::as_other(const std::string& method, const std::string& target,
                                  const Json& body) {
  const std::lock_guard lock(mutex_);
  RequestInFlight in_flight{
      as_key_holder(method, target, "", "", body), route_of(method, target), id_in(target), {}};
  in_flight.by_program = false;
  work(in_flight);
  return in_flight.response;
}

std::string FaultCartPilot::foreign_checkout() {
  const auto post = [this](const std::string& target, const Json& body) {
    return json_of(as_other("POST", target, body));
  };
  const std::string intent = string_or(post("/intents", {{"query", "headphones"}}), "id");
  const Json offers = json_of(as_other("GET", "/intents/" + intent + "/offers"));
  const Json& offer = offers.at("items").at(0);
  const Json items =
      Json::array({{{"product_id", offer.at("items").at(0).at("product_id")}, {"quantity", 1}}});
  const std::string id =
      string_or(post("/checkouts", {{"offer_id", offer.at("id")}, {"items", items}}), "id");
  post("/checkouts/" + id + "/quote", {{"items", items}});
  post("/checkouts/" + id + "/request-approval", Json::object());
  post("/checkouts/" + id + "/approve", Json::object());
  return id;
}

}  // namespace cartpilot::torture
