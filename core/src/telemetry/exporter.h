// Exporter: brings spans and metrics to a collector, by OTLP over HTTP in JSON.
//
// Spans wait in a queue of 2,048; one thread sends them in batches of 512 or every five seconds,
// and the metrics with them. A full queue drops the newest and counts it. A collector that is busy
// (429, 502, 503, 504, no answer) is asked again, up to three times; what it refuses is dropped.
// The destructor sends what is left, for two seconds at most. What was lost is one sentence to
// `notice`, once, at the end. Nothing here changes what the program does: no exception leaves, no
// exit code.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cartpilot/http.h"
#include "telemetry/metrics.h"
#include "telemetry/settings.h"
#include "telemetry/span.h"

namespace cartpilot::telemetry {

class Exporter final : public SpanSink {
 public:
  using Notice = std::function<void(const std::string&)>;

  /// The transport is borrowed, and must not be one whose requests are told as spans.
  Exporter(TelemetrySettings settings, HttpTransport& transport, Notice notice);
  ~Exporter() override;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  void on_span(EndedSpan span) noexcept override;
  void on_count(const std::string& name, const std::string& attribute,
                const std::string& value) noexcept override;
  bool sampled(const std::string& trace_id) const noexcept override;
  bool content() const noexcept override { return settings_.content; }

  /// Spans that found the queue full, or that the collector did not take.
  std::uint64_t lost() const { return lost_; }

 private:
  class Ending;

  void work();
  void send_spans(std::vector<EndedSpan> batch);
  bool post(const std::string& url, const HttpHeaders& headers, const std::string& body);
  bool pause(std::int64_t ms);

  const TelemetrySettings settings_;
  HttpTransport& transport_;
  const Notice notice_;
  const std::unique_ptr<Ending> ending_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<EndedSpan> queue_;
  Metrics metrics_;
  const std::int64_t begin_ns_;
  bool metrics_changed_ = false;
  bool closing_ = false;
  std::atomic<std::uint64_t> lost_{0};
  std::string problem_;  ///< of the exporter's thread
  std::thread thread_;   // last: it uses the others
};

}  // namespace cartpilot::telemetry
