// JsonLog: standard error as one JSON object a line, for programs that collect logs (--log-format
// json).
//
// A span becomes a line with the fields of a fixed list: no arguments, results, titles or ids of
// checkouts, but the request ids of both sides. Any thread.
#pragma once

#include <string>

#include "telemetry/span.h"

namespace cartpilot::host {

/// {"time","level","message"}; the text is cleaned as for a terminal, keys are taken out.
std::string log_line(const std::string& level, const std::string& message);

/// {"time","level","event","ms", ...} of a span.
std::string log_line(const telemetry::EndedSpan& span);

class JsonLog final : public telemetry::SpanSink {
 public:
  void on_span(telemetry::EndedSpan span) noexcept override;
  void on_count(const std::string&, const std::string&, const std::string&) noexcept override {}
  bool sampled(const std::string&) const noexcept override { return true; }
};

}  // namespace cartpilot::host
