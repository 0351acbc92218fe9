// Program: runs the real cartpilot binary the way a person or script does.
//
// Every run has a state folder of its own (a Home), a clean environment, and no controlling
// terminal unless asked for a pseudo-terminal. The destructor kills what still runs.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::e2e {

/// `texts` as execve() wants them; borrowed, with the null at the end.
std::vector<char*> pointers(std::vector<std::string>& texts);

/// What a person says to buy something, a line a turn.
inline const std::string kThreeLines =
    "I need wireless headphones under $100\nbuy the cheapest\nyes\n";

/// A fresh home folder, removed at the end.
class Home {
 public:
  Home();
  ~Home();
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using Environment = std::map<std::string, std::string>;

struct Result {
  int exit_code = -1;  ///< 128 + signal when killed by one
  std::string out;
  std::string err;
};

class Program {
 public:
  /// Starts it. With `terminal`, standard streams are a pseudo-terminal that is also the
  /// controlling terminal.
  /// `redirections` are for a shell that starts it: ">/dev/full 2>&-".
  Program(const Home& home, const std::vector<std::string>& arguments,
          const Environment& environment = {}, bool terminal = false,
          const std::string& redirections = "");
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void write(const std::string& text);
  void close_input();
  /// Nobody reads standard output any more.
  void close_output();
  void signal(int number);
  /// Gives its terminal another width; the system tells it with SIGWINCH.
  void resize(int columns);
  /// Takes its terminal away; the system tells it with SIGHUP. Returns the exit code.
  int hang_up();
  /// Sends it and waits until the program took it, so that two of them are never one.
  void signal_and_wait(int number);
  /// Waits until `text` was printed (on stdout, or the terminal) after what earlier waits found.
  /// Throws std::runtime_error with the output when it ends or 30 s pass first.
  void wait_for(const std::string& text);
  /// Waits for the prompt and until keys typed at it go to the program one by one, so that the
  /// terminal itself no longer echoes them.
  void wait_for_prompt();
  /// The same for a regular expression; returns what matched. The match must be followed by more
  /// output.
  std::string wait_for_match(const std::string& expression);
  /// Closes input, waits for the end.
  Result finish();

 private:
  bool pump(std::chrono::milliseconds limit);
  void wait_until(const std::function<bool()>& found, const std::string& what);

  pid_t child_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  bool terminal_ = false;
  std::size_t found_ = 0;
  Result result_;
};

/// Runs to the end with `input` on standard input.
Result run(const Home& home, const std::vector<std::string>& arguments,
           const std::string& input = "", const Environment& environment = {},
           const std::string& redirections = "");

/// The JSON objects on the lines of `text`.
std::vector<Json> json_lines(const std::string& text);

/// Those whose "type" is `type`.
std::vector<Json> of_type(const std::vector<Json>& lines, const std::string& type);

}  // namespace cartpilot::e2e
