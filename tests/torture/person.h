// Person: somebody at the terminal, who reads what stands there and types, or does something else.
//
// Sees only the bytes of the pseudo-terminal and answers only there. Keeps a record of every
// question and of what was typed at it: the only consents the harness accepts. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cartpilot::torture {

enum class Behaviour {
  kTypesTotal,        ///< reads total and code and types them
  kTypesTotalSlowly,  ///< the same after 100 s, with blanks around it
  kSaysNo,
  kTypesY,
  kTypesNothing,  ///< just Enter
  kWalksAway,
  kTypesOtherTotal,  ///< the first total that was ever shown, or one cent less
  kTypesEarly,       ///< types the total before the question, then walks away
  kPastes,           ///< several lines at once, the answer is not the first
  kClosesTerminal,
  kInterrupts,  ///< Ctrl-C
  kEndsInput,   ///< Ctrl-D
  kAgreesOnce,  ///< types the total at the first question, no at all others
  kCount
};

const char* name_of(Behaviour behaviour);

/// One question and what came of it.
struct Question {
  std::string screen;  ///< what was shown since the question before
  std::string total;   ///< the amount the question asks to type
  std::string code;    ///< the letters the question asks to type
  bool again = false;  ///< a second chance below the receipt that was on the screen already
  bool agreed = false;
  std::int64_t at_ms = 0;       ///< clock of the page when the answer was typed
  std::size_t said_before = 0;  ///< length of the program's own output at that moment
};

class Person {
 public:
  struct Hands {
    std::function<void(const std::string&)> type;
    std::function<void()> close_terminal;
    std::function<void(std::int64_t seconds)> let_time_pass;
    std::function<std::int64_t()> now_ms;
    std::function<std::size_t()> said;
  };
  Person(Behaviour behaviour, Hands hands) : behaviour_(behaviour), hands_(std::move(hands)) {}

  /// Before anything is shown.
  void sit_down();
  /// More of the screen.
  void see(const std::string& bytes);
  /// The screen has been still for a moment.
  void nothing_happens();

  const std::vector<Question>& questions() const { return questions_; }
  const std::string& screen() const { return screen_; }

 private:
  void answer(Question& question);
  void agree(Question& question, const std::string& typed);

  const Behaviour behaviour_;
  const Hands hands_;
  std::string screen_;
  std::size_t seen_ = 0;
  std::size_t turned_ = 0;  ///< pages of a long receipt
  bool away_ = false;
  std::vector<Question> questions_;
};

}  // namespace cartpilot::torture
