#include "page/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/digest.h"
#include "base/random.h"
#include "mcp/http_headers.h"
#include "mcp/message.h"
#include "page/content.h"
#include "terminal/question_text.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

using purchase::AnswerResult;
using purchase::QuestionState;

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

/// The value of a header that was sent once; "" otherwise.
std::string only_value(const HttpHeaders& headers, const char* name) {
  std::string value;
  int count = 0;
  for (const auto& [known, sent] : headers) {
    if (text::lower_case(known) != text::lower_case(name)) continue;
    value = std::string(text::trimmed(sent));
    ++count;
  }
  return count == 1 ? value : "";
}

/// The cookie `name`; "" when it is missing or there are several.
std::string cookie_in(const HttpHeaders& headers, const std::string& name) {
  std::string found;
  int count = 0;
  for (const std::string& entry : text::words_of(only_value(headers, "Cookie"), ";")) {
    const std::string_view pair = text::trimmed(entry);
    if (!pair.starts_with(name + "=")) continue;
    found = pair.substr(name.size() + 1);
    ++count;
  }
  return count == 1 ? found : "";
}

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

const char* kind_name(QuestionRow::Kind kind) {
  switch (kind) {
    case QuestionRow::Kind::kField: return "field";
    case QuestionRow::Kind::kWarning: return "warning";
    case QuestionRow::Kind::kNote: return "note";
  }
  return "field";
}

Json rows_of_question(const purchase::ApprovalQuestion& question, std::int64_t now_unix_ms) {
  Json rows = Json::array();
  for (const QuestionRow& row : question_rows(question, now_unix_ms)) {
    rows.push_back({{"kind", row.label == "TOTAL" ? "total" : kind_name(row.kind)},
                    {"label", std::string(text::trimmed(row.label))},
                    {"value", row.value}});
  }
  return rows;
}

/// What an answer came to, for the page.
std::pair<const char*, std::string> outcome_of(const AnswerResult& result, bool buys) {
  switch (result.kind) {
    case AnswerResult::Kind::kApproved:
      return {"approved", buys ? "Approved by you. Not bought yet." : "You agreed."};
    case AnswerResult::Kind::kDeclined:
      if (result.message.empty()) return {"declined", "You said no. Nothing was bought."};
      return {"declined", fmt::format("Not bought: {}.", result.message)};
    case AnswerResult::Kind::kRetry: return {"retry", once_more_text(result)};
    case AnswerResult::Kind::kAgain: return {"again", once_more_text(result)};
    case AnswerResult::Kind::kStale: return {"stale", once_more_text(result)};
    case AnswerResult::Kind::kTooLate: break;
  }
  return {"too_late", result.message};
}

}  // namespace

PageEndpoint::PageEndpoint(std::unique_ptr<store::StateDb> db, std::string place,
                           purchase::Questions::UnixClock now_unix_ms)
    : place_(std::move(place)),
      cookie_name_("cartpilot_page_" + place_.substr(place_.rfind(':') + 1)),
      secret_(base::random_hex(kSecretBytes)),
      db_(std::move(db)),
      questions_(*db_, now_unix_ms),
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
  return show_question();
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
  if (request.path == "/shown") return show_code(read_body(request.body, {"token"}));
  if (request.path == "/answer") {
    return take_answer(read_body(request.body, {"token", "typed"}), false);
  }
  if (request.path == "/decline") return take_answer(read_body(request.body, {"token"}), true);
  return {404, message_body("there is no such page")};
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

PageEndpoint::Answer PageEndpoint::show_question() {
  const auto open = questions_.list_open();
  Json body = {{"waiting", open.size()}, {"question", nullptr}};
  if (!open.empty()) {
    const purchase::ApprovalQuestion& question = open.front();
    body["question"] = {{"id", question.id},
                        {"title", question.title},
                        {"buys", question.total.has_value()},
                        {"rows", rows_of_question(question, questions_.now_unix_ms())},
                        {"token", view_token(question.id)}};
  }
  return {200, std::move(body)};
}

/// Tells whom a question was shown to. It answers nothing.
std::string PageEndpoint::view_token(const std::string& question) const {
  return question + "." + base::hmac_sha256_hex(secret_, question);
}

PageEndpoint::Answer PageEndpoint::show_code(const Json& body) {
  const std::string token = string_or(body, "token");
  const std::string id = token.substr(0, token.find('.'));
  if (!mcp::same_token(token, view_token(id))) {
    return {409, message_body("This question was not shown here.")};
  }
  const auto question = questions_.find(id);
  if (!question || question->state != QuestionState::kOpen) {
    return {409, message_body("The question is not open any more.")};
  }
  if (awaited_.size() >= kMaxAwaitedAnswers) awaited_.pop_front();
  const Awaited& awaited =
      awaited_.emplace_back(Awaited{base::random_hex(kSecretBytes), id, question->challenge});
  return {200,
          {{"token", awaited.token},
           {"request", answer_request(*question, question->challenge)},
           {"seconds_left", (question->expires_unix_ms - questions_.now_unix_ms()) / 1000}}};
}

PageEndpoint::Answer PageEndpoint::take_answer(const Json& body, bool says_no) {
  const std::string token = string_or(body, "token");
  const auto found = std::find_if(awaited_.begin(), awaited_.end(), [&](const Awaited& awaited) {
    return mcp::same_token(token, awaited.token);
  });
  if (found == awaited_.end()) {
    return {409, message_body("This answer was given before, or belongs to no question.")};
  }
  const Awaited awaited = *found;
  awaited_.erase(found);  // an answer is given once
  const auto question = questions_.find(awaited.question);
  const bool buys = question && question->total.has_value();
  const AnswerResult result = says_no ? questions_.decline(awaited.question, kSource, "")
                                      : questions_.answer(awaited.question, awaited.challenge,
                                                          string_or(body, "typed"), kSource);
  const auto [outcome, message] = outcome_of(result, buys);
  return {200, {{"outcome", outcome}, {"message", message}}};
}

}  // namespace cartpilot::host
