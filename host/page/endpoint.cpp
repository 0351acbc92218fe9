#include "page/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/random.h"
#include "http/request_headers.h"
#include "mcp/http_headers.h"
#include "mcp/message.h"
#include "page/content.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr const char* kKeyHeader = "X-Page-Key";
const purchase::AnswerSource kSource{"page", "you"};

/// On every answer.
const HttpHeaders kGuards = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri "
     "'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"},
    {"X-Frame-Options", "DENY"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"}};

Json message_body(const std::string& message) { return Json{{"message", message}}; }

/// The string members of a body, which must be exactly `names`. Throws Error.
Json read_body(const std::string& text, const std::set<std::string>& names) {
  Json body = parse_json(text, "the body");
  bool fits = body.is_object() && body.size() == names.size();
  for (const std::string& name : names) {
    fits = fits && body.contains(name) && body.at(name).is_string();
  }
  if (!fits) throw Error(ErrorCode::kInvalidArgument, "the body has other members");
  return body;
}

}  // namespace

PageEndpoint::PageEndpoint(std::unique_ptr<store::StateDb> db, std::string place,
                           purchase::Questions::UnixClock now_unix_ms)
    : place_(std::move(place)),
      cookie_name_("cartpilot_page_" + place_.substr(place_.rfind(':') + 1)),
      db_(std::move(db)),
      questions_(*db_, now_unix_ms),
      answers_(questions_, base::random_hex(kSecretBytes), kSource),
      pairings_(*db_, now_unix_ms) {}

void PageEndpoint::handle(const mcp::EndpointRequest& request, mcp::EndpointReply& reply) {
  HttpHeaders headers = kGuards;
  const PageFile* const file = request.method == "GET" ? page_file(request.path) : nullptr;
  if (file != nullptr && only_value(request.headers, "Host") == place_) {
    headers.emplace_back("Content-Type", file->content_type);
    reply.send(200, headers, file->text);
    return;
  }
  Answer answered;
  try {
    answered = answer(request);
  } catch (const Error& error) {
    const bool state = error.code == ErrorCode::kUnavailable;
    answered = {state ? 503 : 400, message_body(error.what())};
  }
  headers.insert(headers.end(), answered.headers.begin(), answered.headers.end());
  headers.emplace_back("Content-Type", "application/json");
  reply.send(answered.status, headers, mcp::wire_text(answered.body));
}

PageEndpoint::Answer PageEndpoint::answer(const mcp::EndpointRequest& request) {
  if (only_value(request.headers, "Host") != place_) {
    return {403, message_body("the host is another one")};
  }
  const std::lock_guard lock(mutex_);
  if (request.method == "POST") return answer_post(request);
  if (request.method != "GET") {
    return {405, message_body("only GET and POST are answered"), {{"Allow", "GET, POST"}}};
  }
  if (request.path != "/question") return {404, message_body("there is no such page")};
  if (!is_paired(request.headers)) return {401, message_body("this browser is not paired")};
  return {200, answers_.show()};
}

PageEndpoint::Answer PageEndpoint::answer_post(const mcp::EndpointRequest& request) {
  if (only_value(request.headers, "Origin") != "http://" + place_) {
    return {403, message_body("the request comes from another page")};
  }
  if (!mcp::is_json(only_value(request.headers, "Content-Type"))) {
    return {415, message_body("the body must be application/json")};
  }
  if (request.body.size() > kMaxPageBody) return {413, message_body("the body is too long")};
  if (request.path == "/pair") return pair(read_body(request.body, {"code"}));
  if (!is_paired(request.headers)) return {401, message_body("this browser is not paired")};
  QuestionAnswers::Reply reply{404, message_body("there is no such page")};
  if (request.path == "/shown") {
    reply = answers_.code(string_or(read_body(request.body, {"token"}), "token"));
  } else if (request.path == "/answer") {
    const Json body = read_body(request.body, {"token", "typed"});
    reply = answers_.answer(string_or(body, "token"), string_or(body, "typed"));
  } else if (request.path == "/decline") {
    reply = answers_.decline(string_or(read_body(request.body, {"token"}), "token"));
  }
  return {reply.status, std::move(reply.body)};
}

bool PageEndpoint::is_paired(const HttpHeaders& headers) const {
  const std::string cookie = cookie_in(headers, cookie_name_);
  const std::string key = only_value(headers, kKeyHeader);
  return std::any_of(browsers_.begin(), browsers_.end(), [&](const Browser& browser) {
    return mcp::same_token(cookie, browser.cookie) && mcp::same_token(key, browser.key);
  });
}

PageEndpoint::Answer PageEndpoint::pair(const Json& body) {
  switch (pairings_.redeem(string_or(body, "code"))) {
    case Pairings::Redeemed::kWrong:
      return {403, message_body("That is not the code. After five tries it counts no more.")};
    case Pairings::Redeemed::kNoCode:
      return {403, message_body("No code is open. Run 'cartpilot pair' on a terminal.")};
    case Pairings::Redeemed::kPaired: break;
  }
  if (browsers_.size() >= kMaxBrowsers) browsers_.pop_front();
  const Browser& browser = browsers_.emplace_back(
      Browser{base::random_hex(kSecretBytes), base::random_hex(kSecretBytes)});
  return {200,
          {{"key", browser.key}},
          {{"Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", cookie_name_,
                                      browser.cookie)}}};
}

}  // namespace cartpilot::host
