#include "page/question_answers.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/digest.h"
#include "mcp/http_headers.h"
#include "terminal/question_text.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

using purchase::AnswerResult;
using purchase::QuestionState;

Json message_body(const std::string& message) { return Json{{"message", message}}; }

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

std::pair<std::string, std::string> closed_outcome(const purchase::ApprovalQuestion& question) {
  switch (question.state) {
    case QuestionState::kApproved: return {"approved", "Approved by you. Not bought yet."};
    case QuestionState::kDeclined: {
      const bool said_no = question.reason.empty();
      return {"declined", said_no ? "You said no. Nothing was bought."
                                  : fmt::format("Not bought: {}.", question.reason)};
    }
    case QuestionState::kExpired: return {"expired", "Its time is over. Nothing was bought."};
    default: break;
  }
  return {"void", question.reason.empty() ? "The program asks no longer. Nothing was bought."
                                          : question.reason};
}

QuestionAnswers::QuestionAnswers(purchase::Questions& questions, std::string secret,
                                 purchase::AnswerSource source)
    : questions_(questions), secret_(std::move(secret)), source_(std::move(source)) {}

Json QuestionAnswers::show() const {
  const auto open = questions_.list_open();
  Json body = {{"waiting", open.size()}, {"question", nullptr}};
  if (open.empty()) return body;
  const purchase::ApprovalQuestion& question = open.front();
  const std::int64_t now = questions_.now_unix_ms();
  body["question"] = {{"id", question.id},
                      {"conversation", question.session},
                      {"title", question.title},
                      {"buys", question.total.has_value()},
                      {"rows", rows_of_question(question, now)},
                      {"token", view_token(question.id)},
                      {"seconds_left", (question.expires_unix_ms - now) / 1000}};
  return body;
}

/// Tells whom a question was shown to. It answers nothing.
std::string QuestionAnswers::view_token(const std::string& question) const {
  return question + "." + base::hmac_sha256_hex(secret_, "shown " + question);
}

std::string QuestionAnswers::answer_token(const std::string& question,
                                          const std::string& challenge) const {
  const std::string code = base::hmac_sha256_hex(secret_, "code " + question + " " + challenge);
  return question + "." + code + "." +
         base::hmac_sha256_hex(secret_, "answer " + question + " " + code);
}

QuestionAnswers::Reply QuestionAnswers::code(const std::string& token) const {
  const std::string id = token.substr(0, token.find('.'));
  if (!mcp::same_token(token, view_token(id))) {
    return {409, message_body("This question was not shown here.")};
  }
  const auto question = questions_.find(id);
  if (!question || question->state != QuestionState::kOpen) {
    return {409, message_body("The question is not open any more.")};
  }
  return {200,
          {{"token", answer_token(id, question->challenge)},
           {"request", answer_request(*question, question->challenge)},
           {"seconds_left", (question->expires_unix_ms - questions_.now_unix_ms()) / 1000}}};
}

QuestionAnswers::Reply QuestionAnswers::take(
    const std::string& token,
    const std::function<AnswerResult(const purchase::ApprovalQuestion&)>& give) const {
  const std::size_t end_of_id = token.find('.');
  const std::size_t end_of_code = token.rfind('.');
  const std::string id = token.substr(0, end_of_id);
  const std::string code = end_of_id < end_of_code
                               ? token.substr(end_of_id + 1, end_of_code - end_of_id - 1)
                               : std::string();
  const std::string made =
      id + "." + code + "." + base::hmac_sha256_hex(secret_, "answer " + id + " " + code);
  const auto question = mcp::same_token(token, made) ? questions_.find(id) : std::nullopt;
  if (!question) return {409, message_body("This answer belongs to no question.")};
  AnswerResult result{AnswerResult::Kind::kStale, question->challenge,
                      "Another code counts meanwhile; the answer was not used."};
  if (mcp::same_token(token, answer_token(id, question->challenge))) result = give(*question);
  const auto [outcome, message] = outcome_of(result, question->total.has_value());
  return {200, {{"outcome", outcome}, {"message", message}}};
}

QuestionAnswers::Reply QuestionAnswers::answer(const std::string& token,
                                               const std::string& typed) const {
  return take(token, [&](const purchase::ApprovalQuestion& question) {
    return questions_.answer(question.id, question.challenge, typed, source_);
  });
}

QuestionAnswers::Reply QuestionAnswers::decline(const std::string& token) const {
  return take(token, [&](const purchase::ApprovalQuestion& question) {
    return questions_.decline(question.id, source_, "");
  });
}

}  // namespace cartpilot::host
