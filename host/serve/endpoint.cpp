#include "serve/endpoint.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "http/request_headers.h"
#include "mcp/http_headers.h"
#include "mcp/message.h"
#include "serve/content.h"
#include "serve/request_body.h"
#include "telemetry/span.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxRouteBytes = 200;
constexpr std::chrono::seconds kLookAtReady{1};

/// On every answer. Pictures are loaded only from shops, and only when the person wants them.
HttpHeaders guards(bool pictures) {
  return {{"Content-Security-Policy",
           fmt::format("default-src 'none'; script-src 'self'; style-src 'self'; connect-src "
                       "'self'; img-src {}; base-uri 'none'; form-action 'none'; frame-ancestors "
                       "'none'; require-trusted-types-for 'script'",
                       pictures ? "https:" : "'none'")},
          {"X-Frame-Options", "DENY"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

Json message_body(const std::string& message, const std::string& code) {
  return Json{{"message", message}, {"code", code}};
}

int status_of(const Error& error) {
  if (error.reason == "turn_running") return 409;
  if (error.reason == "too_many") return 429;
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kProtocol: return 400;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kPermission: return 403;
    default: return 503;
  }
}

/// The path in words that are known; what a client chose stands as {id} or {other}.
std::string route_of(const std::string& path) {
  static const std::set<std::string> kKnown = {
      "api",           "pair", "me",   "question",    "shown",  "answer",  "decline",
      "conversations", "stop", "v1",   "messages",    "events", "export",  "tokens",
      "agui",          "mcp",  "chat", "completions", "models", "healthz", "readyz"};
  std::string route;
  bool after_list = false;
  for (const std::string& part : text::words_of(path.substr(0, kMaxRouteBytes), "/")) {
    const bool known = kKnown.contains(part) && !after_list;
    route += known ? "/" + part : after_list ? "/{id}" : "/{other}";
    after_list = known && (part == "conversations" || part == "tokens");
  }
  return route.empty() ? "/" : route;
}

/// "/api/me", and no other spelling of it.
bool is_plain_path(const std::string& path) {
  return path.starts_with("/") && path.find("//") == path.npos &&
         (path.size() == 1 || !path.ends_with("/"));
}

bool is_plain_get(const std::string& method) { return method == "GET" || method == "HEAD"; }

}  // namespace

ServeEndpoint::ServeEndpoint(People& people, Visitors& visitors, ProgramDoor& programs,
                             SiteOptions options)
    : people_(people), visitors_(visitors), programs_(programs), options_(std::move(options)) {}

bool ServeEndpoint::send_file(const mcp::EndpointRequest& request,
                              mcp::EndpointReply& reply) const {
  const ServeFile* const file = request.method == "GET" ? serve_file(request.path) : nullptr;
  if (file == nullptr) return false;
  HttpHeaders headers = guards(query_value(request.query, "pictures") == "1");
  headers.emplace_back("Content-Type", file->content_type);
  reply.send(200, headers, file->text);
  return true;
}

void ServeEndpoint::handle(const mcp::EndpointRequest& request, mcp::EndpointReply& reply) {
  const std::string route = route_of(request.path);
  telemetry::Span span(request.method + " " + route, telemetry::SpanKind::kServer);
  span.set("http.request.method", request.method);
  span.set("url.template", route);
  Answer answered;
  bool streamed = false;
  RelayedRequest from;
  const auto relayed = options_.relay ? options_.relay->relayed(request.headers) : std::nullopt;
  if (relayed) from = *relayed;
  try {
    if (!is_plain_path(request.path)) {
      throw Error(ErrorCode::kNotFound, "there is no such page");
    }
    try {
      if (programs_.handle(request, from, relayed.has_value(), reply)) return;
      if (const auto refused = relayed ? std::nullopt : refusal_of(request)) {
        answered = *refused;
      } else {
        if (send_file(request, reply)) return;
        answered = answer(request, reply, streamed, from, relayed.has_value());
      }
    } catch (const OwnedElsewhere& elsewhere) {
      if (relayed || options_.relay == nullptr) throw;  // it moves just now
      options_.relay->pass(request, from, elsewhere.address, reply);
      return;
    }
  } catch (const Error& error) {
    const std::string code =
        error.reason.empty() ? std::string(error_code_name(error.code)) : error.reason;
    answered = {status_of(error), message_body(error.what(), code)};
  }
  if (streamed) return;
  span.set("http.response.status_code", answered.status);
  HttpHeaders headers = guards(false);
  headers.insert(headers.end(), answered.headers.begin(), answered.headers.end());
  if (answered.status == 429) headers.emplace_back("Retry-After", "2");
  if (answered.text.empty()) headers.emplace_back("Content-Type", "application/json");
  reply.send(answered.status, headers,
             answered.text.empty() ? mcp::wire_text(answered.body) : answered.text);
}

/// Looked at once a second at most, whoever asks.
bool ServeEndpoint::is_ready() {
  const std::lock_guard lock(ready_mutex_);
  const auto now = base::steady_now();
  if (!ready_looked_ || now - *ready_looked_ >= kLookAtReady) {
    ready_ = options_.ready();
    ready_looked_ = now;
  }
  return ready_;
}

/// What does not depend on who asks.
std::optional<ServeEndpoint::Answer> ServeEndpoint::refusal_of(
    const mcp::EndpointRequest& request) {
  if (request.path == "/healthz") return Answer{200, {{"ok", true}}};
  if (request.path == "/readyz") {
    const bool ready = !draining_ && is_ready();
    return Answer{ready ? 200 : 503, {{"ready", ready}}};
  }
  const std::string host = only_value(request.headers, "Host");
  if (host.empty() || (!options_.host.empty() && host != options_.host)) {
    return Answer{403, message_body("the host is another one", "host")};
  }
  if (is_plain_get(request.method)) return std::nullopt;
  const std::string origin = only_value(request.headers, "Origin");
  const bool own =
      origin == "http://" + host || (options_.host.empty() && origin == "https://" + host);
  if (!own) return Answer{403, message_body("the request comes from another page", "origin")};
  if (request.body.size() > kMaxServeBody) {
    return Answer{413,
                  message_body(fmt::format("the body is longer than {} kB", kMaxServeBody / 1024),
                               "too_long")};
  }
  if (!request.body.empty() && !mcp::is_json(only_value(request.headers, "Content-Type"))) {
    return Answer{415, message_body("the body must be application/json", "content_type")};
  }
  return std::nullopt;
}

ServeEndpoint::Answer ServeEndpoint::answer(const mcp::EndpointRequest& request,
                                            mcp::EndpointReply& reply, bool& streamed,
                                            RelayedRequest& from, bool relayed) {
  std::vector<std::string> path = text::words_of(request.path, "/");
  const bool agent = path == std::vector<std::string>{"agui"};
  if (!agent && (path.size() < 2 || path.front() != "api")) {
    return {404, message_body("there is no such page", "not_found")};
  }
  path.erase(path.begin());
  if (request.method == "POST" && path == std::vector<std::string>{"pair"}) {
    const Json body = read_body(request.body, {"code"});
    auto paired = visitors_.pair(string_or(body, "code"));
    if (!paired) return {404, message_body("nobody pairs here", "not_found")};
    return {paired->status, std::move(paired->body), std::move(paired->headers)};
  }
  if (!relayed) {
    const Visitor visitor = visitors_.visitor(request.headers);
    if (visitor.known == Visitor::Known::kRefused) {
      return {visitor.status, message_body(visitor.message, "refused")};
    }
    if (visitor.known == Visitor::Known::kNo) {
      return {401, message_body("this browser is not paired", "not_paired")};
    }
    from.person = visitor.person;
  }
  const auto person = people_.find(from.person);
  const bool asks_for_key = request.method == "GET" && path == std::vector<std::string>{"me"};
  if (!relayed && !visitors_.checks_page_key() && !asks_for_key &&
      !mcp::same_token(only_value(request.headers, kPageKeyHeader), person->page_key())) {
    return {401, message_body("this page is an old one; load it again", "stale_key")};
  }
  if (!relayed && !person->may_ask()) {
    return {429, message_body("these are too many requests; wait a moment", "too_often")};
  }
  const Call call{request, std::move(path), *person};
  if (agent) {
    if (request.method != "POST") return {405, message_body("only POST is answered", "method")};
    run_agent(call, reply);
    streamed = true;
    return {};
  }
  return answer_known(call, reply, streamed);
}

ServeEndpoint::Answer ServeEndpoint::me(const Person& person) const {
  Json body = {{"person", person.name() == kOnlyPerson ? "you" : person.name()},
               {"mode", options_.mode},
               {"cartpilot", options_.cartpilot},
               {"provider", options_.provider},
               {"model", options_.model},
               {"version", CARTPILOT_VERSION}};
  if (!visitors_.checks_page_key()) body["key"] = person.page_key();
  return {200, std::move(body)};
}

ServeEndpoint::Answer ServeEndpoint::answer_known(const Call& call, mcp::EndpointReply& reply,
                                                  bool& streamed) {
  const std::string& what = call.path.front();
  if (what == "me" && call.request.method == "GET") return me(call.person);
  if (what == "question") return about_question(call);
  if (what == "tokens") return about_tokens(call);
  if (what == "conversations") {
    return call.path.size() == 1 ? about_conversations(call)
                                 : about_conversation(call, reply, streamed);
  }
  return {404, message_body("there is no such page", "not_found")};
}

ServeEndpoint::Answer ServeEndpoint::about_question(const Call& call) {
  const std::string step = call.path.size() == 2 ? call.path[1] : "";
  if (call.path.size() == 1 && call.request.method == "GET") {
    return {200, call.person.question()};
  }
  QuestionAnswers::Reply reply{404, message_body("there is no such page", "not_found")};
  if (call.request.method != "POST") return {405, message_body("only POST is answered", "method")};
  if (step == "shown") {
    const Json body = read_body(call.request.body, {"token"});
    reply = call.person.question_code(string_or(body, "token"));
  } else if (step == "answer") {
    const Json body = read_body(call.request.body, {"token", "typed"});
    reply = call.person.question_answer(string_or(body, "token"), string_or(body, "typed"));
  } else if (step == "decline") {
    const Json body = read_body(call.request.body, {"token"});
    reply = call.person.question_decline(string_or(body, "token"));
  }
  return {reply.status, std::move(reply.body)};
}

ServeEndpoint::Answer ServeEndpoint::about_tokens(const Call& call) {
  const std::string& person = call.person.name();
  const std::string& method = call.request.method;
  if (call.path.size() == 1 && method == "GET") return {200, programs_.list(person)};
  if (call.path.size() == 1 && method == "POST") {
    const Json body = read_body(call.request.body, {"name"});
    return {201, programs_.make(person, string_or(body, "name"))};
  }
  if (call.path.size() == 2 && method == "DELETE" && programs_.revoke(person, call.path[1])) {
    return {};
  }
  return {404, message_body("there is no such token", "not_found")};
}

ServeEndpoint::Answer ServeEndpoint::about_conversations(const Call& call) {
  if (call.request.method == "GET") {
    return {200, call.person.conversations(query_value(call.request.query, "search"))};
  }
  if (call.request.method == "POST") {
    read_body(call.request.body, {});
    return {201, {{"id", call.person.begin_conversation()}}};
  }
  return {405, message_body("only GET and POST are answered", "method")};
}

ServeEndpoint::Answer ServeEndpoint::about_conversation(const Call& call, mcp::EndpointReply& reply,
                                                        bool& streamed) {
  const std::string& method = call.request.method;
  const std::string& id = call.path[1];
  const std::string what = call.path.size() == 3 ? call.path[2] : "";
  if (call.path.size() == 2) {
    if (method == "GET") return {200, call.person.conversation(id)};
    if (method == "DELETE") {
      call.person.remove(id);
      return {};
    }
    if (method == "PATCH") {
      call.person.rename(id, string_or(read_body(call.request.body, {"title"}), "title"));
      return {};
    }
    return {405, message_body("only GET, PATCH and DELETE are answered", "method")};
  }
  if (method == "GET" && what == "export") {
    const bool json = query_value(call.request.query, "format") == "json";
    Answer file;
    file.text = call.person.transcript(id, json);
    file.headers = {{"Content-Type", json ? "application/json" : "text/markdown; charset=utf-8"},
                    {"Content-Disposition",
                     fmt::format("attachment; filename=\"{}.{}\"", id, json ? "json" : "md")}};
    return file;
  }
  if (method == "GET" && what == "events") {
    const auto live = call.person.live(id);
    const Person::StreamPlace place(call.person);
    const std::string after = query_value(call.request.query, "after");
    streamed = true;
    stream(call.person, *live, number_or(after, live->events().last()), "", reply);
    return {};
  }
  if (method == "POST" && what == "messages") {
    const Json body = read_body(call.request.body, {"text"});
    const std::string text = string_or(body, "text");
    if (text::trimmed(text).empty()) {
      return {400, message_body("the message is empty", "empty")};
    }
    if (draining_) return {503, message_body("the program is ending; try again soon", "ending")};
    return {202, {{"run", call.person.say(*call.person.live(id), text)}}};
  }
  if (method == "POST" && what == "stop") {
    call.person.live(id)->stop();
    return {};
  }
  return {404, message_body("there is no such page", "not_found")};
}

}  // namespace cartpilot::host
