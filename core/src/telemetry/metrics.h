// Metrics: what is counted and how long things took, summed up since the start of the program.
//
// Durations and token counts follow from the spans, by the conventions for generative AI and MCP
// (docs/telemetry.md has the table); the program's own counters are added one by one. Attributes
// have few values, so the number of series is bounded; what comes above the bound is counted in one
// series without attributes. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "telemetry/span.h"

namespace cartpilot::telemetry {

class Metrics {
 public:
  void add(const EndedSpan& span);
  void count(const std::string& name, const std::string& attribute, const std::string& value);

  bool empty() const { return histograms_.empty() && counters_.empty(); }
  /// The "metrics" array of OTLP, cumulative from `begin_ns` to `now_ns`.
  Json to_otlp(std::int64_t begin_ns, std::int64_t now_ns) const;

 private:
  /// Upper bounds in seconds: 0.01 times powers of two.
  static constexpr std::size_t kBounds = 14;
  using Attributes = std::map<std::string, std::string>;
  struct Histogram {
    std::uint64_t count = 0;
    double sum = 0;
    std::array<std::uint64_t, kBounds + 1> buckets{};
  };

  void record(const std::string& name, Attributes attributes, double seconds);
  void add_up(const std::string& name, Attributes attributes, std::int64_t amount);

  std::map<std::string, std::map<Attributes, Histogram>> histograms_;
  std::map<std::string, std::map<Attributes, std::int64_t>> counters_;
};

}  // namespace cartpilot::telemetry
