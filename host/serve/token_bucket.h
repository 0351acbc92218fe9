// TokenBucket: how often somebody may do something: so many at once, and so many a second.
//
// One thread at a time.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace cartpilot::host {

class TokenBucket {
 public:
  TokenBucket(double at_once, double per_second)
      : at_once_(at_once), per_second_(per_second), tokens_(at_once) {}

  /// False when it is too often.
  bool take() {
    const auto now = base::steady_now();
    const std::chrono::duration<double> passed = now - filled_;
    filled_ = now;
    tokens_ = std::min(at_once_, tokens_ + passed.count() * per_second_);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const double at_once_;
  const double per_second_;
  double tokens_;
  base::SteadyTime filled_ = base::steady_now();
};

}  // namespace cartpilot::host
