// KeptSpans: a sink that keeps what it is told, and is the process's sink as long as it lives.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "telemetry/span.h"

namespace cartpilot::telemetry {

class KeptSpans final : public SpanSink {
 public:
  explicit KeptSpans(bool sampled = true, bool content = false)
      : sampled_(sampled), content_(content) {
    set_sink(this);
  }
  ~KeptSpans() override { set_sink(nullptr); }

  void on_span(EndedSpan span) noexcept override {
    const std::lock_guard lock(mutex_);
    spans.push_back(std::move(span));
  }
  void on_count(const std::string& name, const std::string& attribute,
                const std::string& value) noexcept override {
    counts.push_back(name + " " + attribute + "=" + value);
  }
  bool sampled(const std::string&) const noexcept override { return sampled_; }
  bool content() const noexcept override { return content_; }

  std::vector<EndedSpan> spans;
  std::vector<std::string> counts;

 private:
  const bool sampled_;
  const bool content_;
  std::mutex mutex_;
};

}  // namespace cartpilot::telemetry
