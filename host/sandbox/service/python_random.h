// PythonRandom: the number sequence of CPython's `random.Random(seed)`.
//
// The catalogue is drawn from that sequence so that both services sell the same goods at the same
// prices without either storing a list. A plain value; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace cartpilot::sandbox {

class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t seed);

  /// random.uniform(low, high).
  double uniform(double low, double high);

  /// random.randint(low, high), both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high);

  /// random.choice over a sequence of `count` elements: the index chosen.
  std::size_t choice(std::size_t count) { return below(static_cast<std::uint32_t>(count)); }

  /// random.sample of `wanted` out of `count` elements: the indices in the order drawn. Follows
  /// CPython's way for small populations (count <= 21).
  std::vector<std::size_t> sample(std::size_t count, std::size_t wanted);

 private:
  std::uint32_t below(std::uint32_t limit);

  std::mt19937 engine_;
};

}  // namespace cartpilot::sandbox
