// What the driver measures: one row of the table each, and the places the figures need.
//
// Values. Every measure_*() adds its rows; it throws std::runtime_error when the program did not do
// what is being timed, because a fast failure is no figure.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "quantile.h"

namespace cartpilot::bench {

using Clock = std::chrono::steady_clock;

inline double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}
inline double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

struct Figure {
  int number = 0;          ///< 1..10, as in docs/performance.md
  std::string name;        ///< what was measured
  std::string unit;        ///< of the three values
  std::string limit_name;  ///< what the limit is
  double limit = 0;        ///< the unavoidable part, measured in the same run
  double ours = 0;
  double budget = 0;  ///< passes within it ...
  double factor = 0;  ///< ... or within so many times the limit; 0 = only the budget counts
  bool more_is_better = false;

  bool pass() const {
    if (more_is_better) return ours >= budget;
    return ours <= budget || (factor > 0 && ours <= factor * limit);
  }
  /// How far from the limit, 1 = at it.
  double ratio() const {
    if (more_is_better) return ours > 0 ? limit / ours : 0;
    return limit > 0 ? ours / limit : 0;
  }
};
using Figures = std::vector<Figure>;

struct Setup {
  std::filesystem::path program;   ///< the cartpilot executable
  std::filesystem::path plugins;   ///< folder of the shipped plugins
  std::filesystem::path self;      ///< this executable
  std::filesystem::path empty;     ///< a C++ program that does nothing
  std::filesystem::path stuck;     ///< a library whose name lookup never ends, for LD_PRELOAD
  std::filesystem::path fixtures;  ///< tests/fixtures
  std::filesystem::path home;      ///< a folder of our own, gone afterwards
  int runs = 25;                   ///< after one that warms up
};

inline double median(const std::vector<double>& values) { return quantile(values, 0.5); }

void measure_start(const Setup& setup, Figures& figures);       // 1
void measure_first_byte(const Setup& setup, Figures& figures);  // 2
void measure_events(const Setup& setup, Figures& figures);      // 3
void measure_decode(const Setup& setup, Figures& figures);      // 4
void measure_tools(const Setup& setup, Figures& figures);       // 5
void measure_resume(const Setup& setup, Figures& figures);      // 6
void measure_memory(const Setup& setup, Figures& figures);      // 7
void measure_interrupt(const Setup& setup, Figures& figures);   // 8
void measure_mcp(const Setup& setup, Figures& figures);         // 9
void measure_terminal(const Setup& setup, Figures& figures);    // 10

/// Milliseconds that turn n+1 takes on this side of the network, after `turns` of 10 kB, and the
/// size of its request.
struct TurnCost {
  double milliseconds = 0;
  std::size_t request_bytes = 0;
};
TurnCost next_turn(const Setup& setup, const std::string& vendor, int turns, int runs);

/// The curves, as CSV files and one SVG drawing each, into `folder`.
void draw_growth(const Setup& setup, const std::filesystem::path& folder);

/// A mode of this program that measurements run as a child: what an answer costs without us.
int relay_main(int port);

}  // namespace cartpilot::bench
