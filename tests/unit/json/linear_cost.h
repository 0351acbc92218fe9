// How the cost of a piece of work grows with the members of one object.
//
// Ten thousand members are handed over once as one object and once as a hundred objects of a
// hundred. Work that looks each name up in its object costs a hundred times as much for the one;
// work that is linear costs the same. What is measured is the CPU time of this thread, the least of
// several tries, so neither a busy machine nor a pause changes the answer.
#pragma once

#include <algorithm>
#include <ctime>
#include <functional>
#include <limits>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot {

/// An array of `objects` objects, each with `members` members whose value is `value`.
inline std::string many_members(std::size_t objects, std::size_t members,
                                const std::string& value) {
  std::string text = "[";
  for (std::size_t i = 0; i < objects; ++i) {
    text += i == 0 ? "{" : ",{";
    for (std::size_t j = 0; j < members; ++j) {
      text += (j == 0 ? "\"member-" : ",\"member-") + std::to_string(10'000 + j) + "\":" + value;
    }
    text += "}";
  }
  return text + "]";
}

inline double cpu_seconds(const std::function<void(const std::string&)>& work,
                          const std::string& text) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 3; ++i) {
    const double begin = now();
    work(text);
    least = std::min(least, now() - begin);
  }
  return least;
}

/// What one large object costs, in times of what the same members in small objects cost.
inline double cost_of_one_large_object(const std::function<void(const std::string&)>& work,
                                       const std::string& value = "\"x\"") {
  return cpu_seconds(work, many_members(1, 10'000, value)) /
         cpu_seconds(work, many_members(100, 100, value));
}

/// Far above 1, which is linear, and far below 100, which is quadratic.
constexpr double kStillLinear = 10;

}  // namespace cartpilot
