// TerminalProgram: any command on a pseudo-terminal of 80 by 24, as a person has it.
//
// Keeps every byte shown, tells the process id and the resources used, and can hang up. The
// destructor kills what still runs. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "e2e/program.h"

namespace cartpilot::e2e {

class TerminalProgram {
 public:
  /// `words[0]` is a path; "cartpilot" stands for the program under test.
  TerminalProgram(const Home& home, std::vector<std::string> words,
                  const Environment& environment = {});
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  pid_t id() const { return child_; }
  const std::string& screen() const { return screen_; }
  void type(const std::string& text);
  /// Types as much of a long text as the terminal takes; returns how many bytes. Reads what is
  /// shown meanwhile: a terminal that nobody reads takes no more input.
  std::size_t paste(const std::string& text);
  void signal(int number) const;
  /// Waits until `text` is on the screen after what earlier waits found. Throws
  /// std::runtime_error when it ends or 60 s pass first.
  void wait_for(const std::string& text);
  /// Waits for the end of the question about `total`; returns the answer that is a yes.
  std::string wait_for_question(const std::string& total);
  /// The same for a question without a total.
  std::string wait_for_code();
  void hang_up();
  /// Waits for the end; 128 + signal when killed by one.
  int finish();
  bool dumped_core() const { return dumped_core_; }
  long peak_kilobytes() const { return peak_kilobytes_; }  ///< after finish()

 private:
  bool look();

  pid_t child_ = -1;
  int terminal_ = -1;
  std::string screen_;
  std::size_t found_ = 0;
  bool dumped_core_ = false;
  long peak_kilobytes_ = 0;
};

/// The shell's word for the program under test, with arguments quoted.
std::string shell_command(const std::vector<std::string>& arguments);

}  // namespace cartpilot::e2e
