// ProcessTelemetry: what the process tells of itself, as its environment and flags say: to a
// collector (OTEL_EXPORTER_OTLP_ENDPOINT), as lines of JSON (--log-format json).
//
// Made before the first session and destroyed after the last; its end takes two seconds at most. A
// conversation that is recorded or replayed tells nothing, so that both are the same.
#pragma once

#include <memory>

#include "cli/arguments.h"
#include "cli/settings.h"
#include "net/http_client.h"
#include "telemetry/exporter.h"
#include "terminal/json_log.h"

namespace cartpilot::host {

class ProcessTelemetry final : public telemetry::SpanSink {
 public:
  /// Throws Error{kInvalidArgument} for a variable that cannot be.
  ProcessTelemetry(const Arguments& arguments, const Settings& settings);
  ~ProcessTelemetry() override;
  ProcessTelemetry(const ProcessTelemetry&) = delete;
  ProcessTelemetry& operator=(const ProcessTelemetry&) = delete;

  void on_span(telemetry::EndedSpan span) noexcept override;
  void on_count(const std::string& name, const std::string& attribute,
                const std::string& value) noexcept override;
  bool sampled(const std::string& trace_id) const noexcept override;
  bool content() const noexcept override;

 private:
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<telemetry::Exporter> exporter_;
  std::unique_ptr<JsonLog> log_;
};

}  // namespace cartpilot::host
