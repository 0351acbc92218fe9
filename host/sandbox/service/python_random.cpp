#include "sandbox/service/python_random.h"

#include <array>
#include <bit>
#include <numeric>

namespace cartpilot::sandbox {
namespace {

constexpr std::size_t kStateWords = 624;

// The Mersenne Twister's init_by_array for a key of one word, in the shape that lets a standard
// engine take the result as its state word by word.
class InitByArray {
 public:
  using result_type = std::uint32_t;

  explicit InitByArray(std::uint32_t key) {
    state_[0] = 19650218U;
    for (std::uint32_t i = 1; i < kStateWords; ++i) {
      state_[i] = 1812433253U * mixed(i - 1) + i;
    }
    std::size_t i = 1;
    for (std::size_t round = 0; round < kStateWords; ++round) {
      state_[i] = (state_[i] ^ (mixed(i - 1) * 1664525U)) + key;
      advance(i);
    }
    for (std::size_t round = 0; round < kStateWords - 1; ++round) {
      state_[i] = (state_[i] ^ (mixed(i - 1) * 1566083941U)) - static_cast<std::uint32_t>(i);
      advance(i);
    }
    state_[0] = 0x80000000U;
  }

  template <typename Iterator>
  void generate(Iterator begin, Iterator end) {
    std::size_t i = 0;
    for (Iterator word = begin; word != end; ++word) *word = state_[i++ % kStateWords];
  }

 private:
  std::uint32_t mixed(std::size_t i) const { return state_[i] ^ (state_[i] >> 30); }

  void advance(std::size_t& i) {
    if (++i < kStateWords) return;
    state_[0] = state_[kStateWords - 1];
    i = 1;
  }

  std::array<std::uint32_t, kStateWords> state_{};
};

std::mt19937 seeded_engine(std::uint32_t seed) {
  InitByArray state(seed);
  return std::mt19937(state);
}

}  // namespace

PythonRandom::PythonRandom(std::uint32_t seed) : engine_(seeded_engine(seed)) {}

double PythonRandom::uniform(double low, double high) {
  const std::uint32_t upper = static_cast<std::uint32_t>(engine_()) >> 5;
  const std::uint32_t lower = static_cast<std::uint32_t>(engine_()) >> 6;
  const double unit = (upper * 67108864.0 + lower) / 9007199254740992.0;
  return low + (high - low) * unit;
}

std::int64_t PythonRandom::between(std::int64_t low, std::int64_t high) {
  return low + below(static_cast<std::uint32_t>(high - low + 1));
}

std::uint32_t PythonRandom::below(std::uint32_t limit) {
  const int bits = std::bit_width(limit);
  for (;;) {
    const std::uint32_t drawn = static_cast<std::uint32_t>(engine_()) >> (32 - bits);
    if (drawn < limit) return drawn;
  }
}

std::vector<std::size_t> PythonRandom::sample(std::size_t count, std::size_t wanted) {
  std::vector<std::size_t> pool(count);
  std::iota(pool.begin(), pool.end(), std::size_t{0});
  std::vector<std::size_t> drawn;
  drawn.reserve(wanted);
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t j = below(static_cast<std::uint32_t>(count - i));
    drawn.push_back(pool[j]);
    pool[j] = pool[count - i - 1];
  }
  return drawn;
}

}  // namespace cartpilot::sandbox
