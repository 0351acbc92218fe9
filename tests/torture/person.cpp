#include "torture/person.h"

#include <array>

namespace cartpilot::torture {
namespace {

// At the start of a line: titles may hold the same words, but never a line break.
constexpr const char* kAsk = "\n Type the total (";
constexpr const char* kCode = "and the code (";
constexpr std::size_t kCodeLength = 4;
constexpr const char* kTitle = "==== PURCHASE APPROVAL";
constexpr const char* kNextPage = "Enter shows more, n says no: ";
constexpr const char* kEndOfQuestion = "s]: ";
constexpr std::int64_t kLongerThanTheQuestionWaits = 130;
constexpr std::int64_t kAlmostAsLong = 100;

constexpr std::array<const char*, static_cast<std::size_t>(Behaviour::kCount)> kNames = {
    "types_total", "types_total_slowly", "says_no",     "types_y", "types_nothing",
    "walks_away",  "types_other_total",  "types_early", "pastes",  "closes_terminal",
    "interrupts",  "ends_input",         "agrees_once"};

}  // namespace

const char* name_of(Behaviour behaviour) { return kNames.at(static_cast<std::size_t>(behaviour)); }

void Person::sit_down() {
  // 7999 at 8 % is what the first headphones cost; a good guess must not count as an answer.
  if (behaviour_ == Behaviour::kTypesEarly) hands_.type("86.38\ny\n144.70\n");
}

void Person::see(const std::string& bytes) {
  away_ = false;
  screen_ += bytes;
  for (;;) {
    const std::size_t ask = screen_.find(kAsk, seen_);
    const std::size_t page = screen_.find(kNextPage, turned_);
    if (page != std::string::npos && page < ask) {
      turned_ = page + 1;
      hands_.type("\n");
      continue;
    }
    if (ask == std::string::npos) return;
    const std::size_t end = screen_.find(kEndOfQuestion, ask);
    if (end == std::string::npos) return;  // the rest is still coming
    Question question;
    question.screen = screen_.substr(seen_, end - seen_);
    // A wrong answer may be given again once, below the receipt that is on the screen already.
    if (question.screen.find(kTitle) == std::string::npos && !questions_.empty()) {
      question.screen.insert(0, questions_.back().screen);
      question.again = true;
    }
    const std::size_t amount = ask + std::string(kAsk).size();
    question.total = screen_.substr(amount, screen_.find(')', amount) - amount);
    const std::size_t code = screen_.find(kCode, amount);
    question.code = screen_.substr(code + std::string(kCode).size(), kCodeLength);
    question.said_before = hands_.said();
    seen_ = end;
    answer(question);
    questions_.push_back(std::move(question));
  }
}

void Person::nothing_happens() {
  // The question may only just have begun to wait, so this goes on until it gives up.
  if (away_) hands_.let_time_pass(kLongerThanTheQuestionWaits);
}

void Person::agree(Question& question, const std::string& typed) {
  question.agreed = true;
  question.at_ms = hands_.now_ms();
  hands_.type(typed);
}

void Person::answer(Question& question) {
  switch (behaviour_) {
    case Behaviour::kTypesTotal:
      return agree(question, question.total + " " + question.code + "\n");
    case Behaviour::kTypesTotalSlowly:
      hands_.let_time_pass(kAlmostAsLong);
      return agree(question, "  " + question.code + "  " + question.total + " \n");
    case Behaviour::kAgreesOnce:
      if (questions_.empty()) return agree(question, question.total + " " + question.code + "\n");
      return hands_.type("no\n");
    case Behaviour::kSaysNo: return hands_.type("no\n");
    case Behaviour::kTypesY: return hands_.type("y\n");
    case Behaviour::kTypesNothing: return hands_.type("\n");
    case Behaviour::kTypesEarly:
    case Behaviour::kWalksAway: away_ = true; return;
    case Behaviour::kTypesOtherTotal: {
      std::string other = questions_.empty() ? question.total : questions_.front().total;
      if (other == question.total) other.back() = other.back() == '0' ? '1' : '0';
      return hands_.type(other + " " + question.code + "\n");
    }
    case Behaviour::kPastes:
      return hands_.type("yes\n" + question.total + "\n" + question.total + " " + question.code +
                         "\n");
    case Behaviour::kClosesTerminal: return hands_.close_terminal();
    case Behaviour::kInterrupts: return hands_.type("\x03");
    case Behaviour::kEndsInput: return hands_.type("\x04");
    case Behaviour::kCount: break;
  }
}

}  // namespace cartpilot::torture
