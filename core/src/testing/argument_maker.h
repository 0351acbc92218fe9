// ArgumentMaker: arguments that fit a tool's schema, and texts that fit nothing, from a seed.
//
// The same seed gives the same values on every machine. One thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot::testing {

class ArgumentMaker {
 public:
  explicit ArgumentMaker(std::uint64_t seed) : random_(seed) {}

  /// A value the schema allows, as far as type, enum, required, items and bounds go.
  Json fitting(const Json& schema, int depth = 0);
  /// Any JSON value.
  Json any(int depth = 0);
  /// `text` with a few bytes changed, left out or doubled.
  std::string damaged(std::string text);
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::string word();
  std::mt19937_64 random_;
};

}  // namespace cartpilot::testing
