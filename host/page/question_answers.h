// QuestionAnswers: how a browser is shown a question and answers it, in three steps.
//
// show() gives the oldest open question with a token that proves it was shown. code() takes that
// token, once the end of the receipt has been on the screen, and gives what to type with a token
// for the answer. answer() and decline() take that one. Tokens are made with a secret and say which
// question and which code they are for, so that every program that knows the secret takes them, and
// none of them counts again once the question has another code or is closed. The questions decide
// what an answer counts. Questions are borrowed; one thread at a time.
#pragma once

#include <functional>
#include <string>

#include "cartpilot/json.h"
#include "purchase/questions.h"

namespace cartpilot::host {

class QuestionAnswers {
 public:
  /// What a request came to: 200, or 409 with the reason as "message".
  struct Reply {
    int status = 200;
    Json body;
  };

  /// `source`: who answers, and where.
  QuestionAnswers(purchase::Questions& questions, std::string secret,
                  purchase::AnswerSource source);

  /// {"waiting": how many, "question": null or id, title, buys, rows, token, seconds_left and the
  /// conversation}.
  Json show() const;
  /// {"token", "request", "seconds_left"}.
  Reply code(const std::string& view_token) const;
  /// {"outcome", "message"}.
  Reply answer(const std::string& token, const std::string& typed) const;
  Reply decline(const std::string& token) const;

 private:
  Reply take(
      const std::string& token,
      const std::function<purchase::AnswerResult(const purchase::ApprovalQuestion&)>& give) const;
  std::string view_token(const std::string& question) const;
  std::string answer_token(const std::string& question, const std::string& challenge) const;

  purchase::Questions& questions_;
  const std::string secret_;
  const purchase::AnswerSource source_;
};

/// What became of a closed question, for the page: "approved" and a sentence.
std::pair<std::string, std::string> closed_outcome(const purchase::ApprovalQuestion& question);

}  // namespace cartpilot::host
