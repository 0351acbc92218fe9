// run_cli(): runs the real cartpilot program with a plugin, the way a user does.
//
// The program is $CARTPILOT_PROGRAM, else the macro CARTPILOT_PROGRAM of the compile, else
// "cartpilot" on the PATH. It sees a home folder of its own and none of the caller's environment
// but PATH. Blocks until the program ends. Any thread.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace cartpilot::testing {

struct CliResult {
  int exit_code = -1;  ///< 128 + signal when a signal ended it; 127 when it could not be started
  std::string out;
  std::string err;
};

/// `environment` is added to the clean one. Throws Error{kUnavailable} when files or processes
/// cannot be made.
CliResult run_cli(const std::string& program, const std::vector<std::string>& arguments,
                  const std::string& input = "",
                  const std::map<std::string, std::string>& environment = {});

/// The program this test is meant for.
inline std::string cartpilot_program() {
  const char* named = std::getenv("CARTPILOT_PROGRAM");
  if (named != nullptr && *named != '\0') return named;
#ifdef CARTPILOT_PROGRAM
  return CARTPILOT_PROGRAM;
#else
  return "cartpilot";
#endif
}

inline CliResult run_cli(const std::vector<std::string>& arguments, const std::string& input = "",
                         const std::map<std::string, std::string>& environment = {}) {
  return run_cli(cartpilot_program(), arguments, input, environment);
}

}  // namespace cartpilot::testing
