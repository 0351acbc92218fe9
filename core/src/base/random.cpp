#include "base/random.h"

#include <Poco/UUIDGenerator.h>

#include <random>

namespace cartpilot::base {

std::uint64_t random_64() {
  std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

double random_fraction() {
  thread_local std::mt19937_64 engine{random_64()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

std::string random_uuid() {
  return Poco::UUIDGenerator::defaultGenerator().createRandom().toString();
}

}  // namespace cartpilot::base
