#include "purchase/questions.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "record/tape.h"

namespace cartpilot::purchase {
namespace {

constexpr std::size_t kIdBytes = 4;
constexpr std::int64_t kKeptMs = 24LL * 60 * 60 * 1000;

constexpr const char* kQuestionTables[] = {
    "CREATE TABLE IF NOT EXISTS questions (id TEXT PRIMARY KEY, state TEXT NOT NULL, owner TEXT "
    "NOT NULL, expires_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, question TEXT NOT NULL) "
    "WITHOUT ROWID",
};
constexpr store::TableSet kQuestionTableSet{"questions", 1, kQuestionTables};

QuestionState state_from(std::string_view name) {
  for (const QuestionState state : {QuestionState::kOpen, QuestionState::kApproved,
                                    QuestionState::kDeclined, QuestionState::kExpired}) {
    if (name == question_state_name(state)) return state;
  }
  return QuestionState::kVoid;
}

std::optional<commerce::Money> money_from(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_object()) return std::nullopt;
  return commerce::Money{integer_or(*found, "minor"), string_or(*found, "currency")};
}

std::vector<std::string> texts_from(const Json& json, const char* name) {
  std::vector<std::string> texts;
  const auto found = json.find(name);
  if (found == json.end()) return texts;
  for (const Json& text : *found) texts.push_back(text.get<std::string>());
  return texts;
}

std::string text_of(const ApprovalQuestion& question) {
  Json json = question_to_json(question, true);
  json["wrong_answers"] = question.wrong_answers;
  json["channel"] = question.channel;
  json["answered_by"] = question.answered_by;
  json["answered_unix_ms"] = question.answered_unix_ms;
  json["reason"] = question.reason;
  return dump_json(json);
}

ApprovalQuestion question_from(const std::string& state, const std::string& owner,
                               const std::string& text) {
  const Json json = parse_json(text, "a stored question");
  ApprovalQuestion question;
  question.id = string_or(json, "id");
  question.attempt = string_or(json, "attempt");
  question.session = string_or(json, "session");
  question.title = string_or(json, "title");
  question.subject = string_or(json, "subject");
  for (const Json& field : json.at("fields")) {
    question.fields.push_back({string_or(field, "label"), string_or(field, "value")});
  }
  question.total = money_from(json, "total");
  question.previous_total = money_from(json, "previous_total");
  question.warnings = texts_from(json, "warnings");
  question.notes = texts_from(json, "notes");
  question.detail = json.at("detail");
  question.rounds = static_cast<int>(integer_or(json, "rounds", 1));
  question.created_unix_ms = integer_or(json, "created_unix_ms");
  question.expires_unix_ms = integer_or(json, "expires_unix_ms");
  question.state = state_from(state);
  question.round = static_cast<int>(integer_or(json, "round", 1));
  question.wrong_answers = static_cast<int>(integer_or(json, "wrong_answers"));
  question.challenge = string_or(json, "challenge");
  question.owner = owner;
  question.channel = string_or(json, "channel");
  question.answered_by = string_or(json, "answered_by");
  question.answered_unix_ms = integer_or(json, "answered_unix_ms");
  question.reason = string_or(json, "reason");
  return question;
}

std::string too_late(const ApprovalQuestion& question) {
  switch (question.state) {
    case QuestionState::kApproved:
      return fmt::format("It was approved already, by {} ({}).", question.answered_by,
                         question.channel);
    case QuestionState::kDeclined:
      return fmt::format("It was declined already, by {} ({}).", question.answered_by,
                         question.channel);
    case QuestionState::kExpired: return "Its time is over. Nothing was bought.";
    default:
      return question.reason.empty() ? "The program asks no longer. Nothing was bought."
                                     : question.reason;
  }
}

}  // namespace

Questions::Questions(store::StateDb& db, UnixClock now_unix_ms)
    : db_(db), now_(std::move(now_unix_ms)) {
  if (!now_) {
    now_ = base::unix_ms_now;
  }
  db_.create_tables(kQuestionTableSet);
}

void Questions::open(ApprovalQuestion& question, std::int64_t lifetime_ms) {
  if (const auto why = cannot_be_shown(question)) {
    Error error(ErrorCode::kInvalidArgument, "the question cannot be asked: " + *why);
    error.reason = "receipt";
    throw error;
  }
  question.id = base::random_hex(kIdBytes);
  question.owner = db_.owner();
  question.challenge = draw_challenge();
  question.created_unix_ms = now_();
  question.expires_unix_ms = question.created_unix_ms + lifetime_ms;
  question.state = QuestionState::kOpen;
  question.round = 1;
  question.wrong_answers = 0;
  db_.transaction([&] {
    const auto forget = db_.prepared("DELETE FROM questions WHERE created_ms < ?");
    forget->bind(1, question.created_unix_ms - kKeptMs);
    forget->exec();
    save(question);
  });
}

std::optional<ApprovalQuestion> Questions::find(const std::string& id) {
  std::optional<ApprovalQuestion> found;
  db_.checked([&] { found = read(id); });
  return found;
}

std::vector<ApprovalQuestion> Questions::list_open(const std::string& prefix) {
  std::vector<ApprovalQuestion> open;
  db_.checked([&] {
    const auto select = db_.prepared(
        "SELECT state, owner, question FROM questions WHERE state = 'open' ORDER BY created_ms, "
        "id");
    while (select->step()) {
      ApprovalQuestion question = question_from(select->text(0), select->text(1), select->text(2));
      close_if_over(question);
      if (question.state != QuestionState::kOpen) continue;
      if (question.id.compare(0, prefix.size(), prefix) == 0) open.push_back(std::move(question));
    }
  });
  return open;
}

AnswerResult Questions::answer(const std::string& id, const std::string& challenge,
                               std::string_view typed, const AnswerSource& source) {
  AnswerResult result;
  db_.durable([&] {
    // One moment for both: an answer that found the question open came before its end.
    const std::int64_t now = now_();
    ApprovalQuestion question = load(id);
    if (question.state != QuestionState::kOpen) {
      result = {AnswerResult::Kind::kTooLate, "", too_late(question)};
      return;
    }
    result = judged(question, challenge, typed, source);
    if (question.state != QuestionState::kOpen) question.answered_unix_ms = now;
    save(question);
  });
  db_.announce();
  return result;
}

AnswerResult Questions::judged(ApprovalQuestion& question, const std::string& challenge,
                               std::string_view typed, const AnswerSource& source) {
  if (challenge != question.challenge) {
    return {AnswerResult::Kind::kStale, question.challenge,
            "Another code counts meanwhile; the answer was not used."};
  }
  const auto close = [&](QuestionState state, const std::string& reason) {
    question.state = state;
    question.channel = source.channel;
    question.answered_by = source.by;
    question.reason = reason;
  };
  const TypedAnswer judged = judge_answer(question, typed);
  switch (judged.kind) {
    case TypedAnswer::Kind::kNo:
      close(QuestionState::kDeclined, "");
      return {AnswerResult::Kind::kDeclined, "", ""};
    case TypedAnswer::Kind::kWrong:
      if (question.wrong_answers > 0) {
        close(QuestionState::kDeclined, judged.problem);
        return {AnswerResult::Kind::kDeclined, "", judged.problem};
      }
      ++question.wrong_answers;
      question.challenge = draw_challenge();
      return {AnswerResult::Kind::kRetry, question.challenge, judged.problem};
    case TypedAnswer::Kind::kYes: break;
  }
  if (question.round < question.rounds) {
    ++question.round;
    question.wrong_answers = 0;
    question.challenge = draw_challenge();
    return {AnswerResult::Kind::kAgain, question.challenge, ""};
  }
  close(QuestionState::kApproved, "");
  return {AnswerResult::Kind::kApproved, "", ""};
}

AnswerResult Questions::decline(const std::string& id, const AnswerSource& source,
                                const std::string& reason) {
  AnswerResult result;
  db_.durable([&] {
    const std::int64_t now = now_();
    ApprovalQuestion question = load(id);
    if (question.state != QuestionState::kOpen) {
      result = {AnswerResult::Kind::kTooLate, "", too_late(question)};
      return;
    }
    question.state = QuestionState::kDeclined;
    question.channel = source.channel;
    question.answered_by = source.by;
    question.answered_unix_ms = now;
    question.reason = reason;
    save(question);
    result = {AnswerResult::Kind::kDeclined, "", ""};
  });
  db_.announce();
  return result;
}

void Questions::withdraw(const std::string& id, const std::string& reason) {
  db_.transaction([&] {
    ApprovalQuestion question = load(id);
    if (question.state != QuestionState::kOpen) return;
    question.state = QuestionState::kVoid;
    question.reason = reason;
    save(question);
  });
  db_.announce();
}

std::size_t Questions::opened_lately(std::int64_t span_ms) const {
  std::size_t count = 0;
  db_.checked([&] {
    const auto select =
        db_.prepared("SELECT count(*) FROM questions WHERE owner = ? AND created_ms > ?");
    select->bind(1, db_.owner());
    select->bind(2, now_() - span_ms);
    if (select->step()) count = static_cast<std::size_t>(select->integer(0));
  });
  return count;
}

/// Another program may have answered it meanwhile: in a recorded run that is something that came in
/// from outside, and a replay, whose state nobody else has, writes it into the row.
std::optional<ApprovalQuestion> Questions::read(const std::string& id) {
  Json row;
  std::string owner;
  {
    const auto select = db_.prepared("SELECT state, owner, question FROM questions WHERE id = ?");
    select->bind(1, id);
    if (!select->step()) return std::nullopt;
    row = Json::array({select->text(0), select->text(2)});
    owner = select->text(1);
  }
  if (record::Tape* const tape = record::tape()) {
    const Json now = tape->reread("question", known_[id] == row ? Json() : row);
    if (!now.is_null()) {
      row = now;
      const auto update = db_.prepared("UPDATE questions SET state = ?, question = ? WHERE id = ?");
      update->bind(1, row.at(0).get<std::string>());
      update->bind(2, row.at(1).get<std::string>());
      update->bind(3, id);
      update->exec();
    }
    known_[id] = row;
  }
  ApprovalQuestion question =
      question_from(row.at(0).get<std::string>(), owner, row.at(1).get<std::string>());
  close_if_over(question);
  return question;
}

/// Inside a transaction. A question that does not exist is void.
ApprovalQuestion Questions::load(const std::string& id) {
  if (auto found = read(id)) return *std::move(found);
  ApprovalQuestion question;
  question.id = id;
  question.state = QuestionState::kVoid;
  question.reason = "There is no such question.";
  return question;
}

void Questions::save(const ApprovalQuestion& question) {
  const std::string text = text_of(question);
  const auto insert = db_.prepared(
      "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = "
      "excluded.state, owner = excluded.owner, expires_ms = excluded.expires_ms, created_ms = "
      "excluded.created_ms, question = excluded.question");
  insert->bind(1, question.id);
  insert->bind(2, std::string(question_state_name(question.state)));
  insert->bind(3, question.owner);
  insert->bind(4, question.expires_unix_ms);
  insert->bind(5, question.created_unix_ms);
  insert->bind(6, text);
  insert->exec();
  if (record::tape() == nullptr) return;
  known_[question.id] = Json::array({question_state_name(question.state), text});
}

/// Nobody has to write that a question is over: every reader sees it.
void Questions::close_if_over(ApprovalQuestion& question) {
  if (question.state != QuestionState::kOpen) return;
  if (now_() >= question.expires_unix_ms) {
    question.state = QuestionState::kExpired;
  } else if (!db_.owner_is_alive(question.owner)) {
    question.state = QuestionState::kVoid;
    question.reason = "The program that asked is gone. Nothing was bought.";
  }
}

}  // namespace cartpilot::purchase
