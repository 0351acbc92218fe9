// Runs a program to its end and says how long it took, from fork to exit. One at a time.
#pragma once

#include <string>
#include <vector>

namespace cartpilot::bench {

struct Timing {
  double milliseconds = 0;
  int exit_code = -1;
  std::string out;
};

/// `input` goes to standard input, standard error is discarded. `environment` replaces ours. Throws
/// std::runtime_error when the program cannot be started.
Timing time_process(const std::vector<std::string>& words, const std::string& input,
                    const std::vector<std::string>& environment);

/// The middle of an odd or even number of values.
double median(std::vector<double> values);

}  // namespace cartpilot::bench
