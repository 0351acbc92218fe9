#include "terminal/json_log.h"

#include <Poco/DateTimeFormatter.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "cartpilot/json.h"
#include "terminal/output.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

/// Attributes that are logged, by the name of their field.
constexpr std::array<std::pair<std::string_view, const char*>, 12> kFields = {{
    {"error.type", "error"},
    {"http.request.method", "method"},
    {"url.template", "route"},
    {"http.response.status_code", "status"},
    {"cartpilot.request.id", "request_id"},
    {"cartpilot.response.request_id", "server_request_id"},
    {"gen_ai.conversation.id", "conversation"},
    {"gen_ai.provider.name", "provider"},
    {"gen_ai.request.model", "model"},
    {"gen_ai.response.id", "response_id"},
    {"gen_ai.tool.name", "function"},
    {"mcp.method.name", "mcp_method"},
}};

std::string log_time(std::int64_t unix_ms) {
  const Poco::Timestamp at(unix_ms * 1'000);
  return Poco::DateTimeFormatter::format(at, "%Y-%m-%dT%H:%M:%s").substr(0, 23) + "Z";
}

std::string json_log_line(const Json& fields) {
  return text::safe_json(dump_json(text::redacted(fields))) + "\n";
}

}  // namespace

std::string log_line(const std::string& level, const std::string& message) {
  return json_log_line(
      {{"time", log_time(base::unix_ms_now())}, {"level", level}, {"message", message}});
}

std::string log_line(const telemetry::EndedSpan& span) {
  Json fields = {{"time", log_time(span.end_ns / 1'000'000)},
                 {"level", "info"},
                 {"event", span.name},
                 {"ms", (span.end_ns - span.begin_ns) / 1'000'000},
                 {"trace_id", span.context.trace_id},
                 {"span_id", span.context.span_id}};
  for (const auto& attribute : span.attributes) {
    const auto* const field = std::find_if(kFields.begin(), kFields.end(), [&](const auto& known) {
      return known.first == attribute.first;
    });
    if (field != kFields.end()) fields[field->second] = attribute.second;
  }
  return json_log_line(fields);
}

void JsonLog::on_span(telemetry::EndedSpan span) noexcept {
  try {
    err_log(log_line(span));
  } catch (const std::exception&) {  // NOLINT: a line is lost
  }
}

}  // namespace cartpilot::host
