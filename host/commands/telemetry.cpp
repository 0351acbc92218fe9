#include "commands/telemetry.h"

#include <string>
#include <utility>

#include "record/tape.h"
#include "terminal/output.h"

namespace cartpilot::host {

ProcessTelemetry::ProcessTelemetry(const Arguments& arguments, const Settings& settings) {
  telemetry::TelemetrySettings wanted =
      telemetry::telemetry_settings(settings.environment, CARTPILOT_VERSION);
  wanted.content = arguments.otel_content;
  const bool lines = arguments.log_format == "json" &&
                     (arguments.log_level == "info" || arguments.log_level == "debug");
  if (!wanted.on() && !lines) return;
  if (record::process_tape() != nullptr) {
    err_line("cartpilot: telemetry is off while a conversation is recorded or replayed");
    return;
  }
  if (lines) log_ = std::make_unique<JsonLog>();
  if (wanted.on()) {
    net::HttpClientOptions options;
    options.user_agent = std::string("cartpilot/") + CARTPILOT_VERSION;
    http_ = std::make_unique<net::HttpClient>(options);
    exporter_ = std::make_unique<telemetry::Exporter>(
        std::move(wanted), *http_,
        [](const std::string& sentence) { err_line("cartpilot: " + sentence); });
  }
  telemetry::set_sink(this);
}

ProcessTelemetry::~ProcessTelemetry() {
  if (telemetry::sink() == this) telemetry::set_sink(nullptr);
}

void ProcessTelemetry::on_span(telemetry::EndedSpan span) noexcept {
  if (log_ != nullptr) log_->on_span(span);
  if (exporter_ != nullptr) exporter_->on_span(std::move(span));
}

void ProcessTelemetry::on_count(const std::string& name, const std::string& attribute,
                                const std::string& value) noexcept {
  if (exporter_ != nullptr) exporter_->on_count(name, attribute, value);
}

bool ProcessTelemetry::sampled(const std::string& trace_id) const noexcept {
  return log_ != nullptr || exporter_ == nullptr || exporter_->sampled(trace_id);
}

bool ProcessTelemetry::content() const noexcept {
  return exporter_ != nullptr && exporter_->content();
}

}  // namespace cartpilot::host
