// OTLP in its JSON form: member names in lowerCamelCase, ids in hexadecimal digits, enums as
// numbers, 64-bit numbers as texts.
//
// Plain functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"
#include "telemetry/span.h"

namespace cartpilot::telemetry {

/// The release of the conventions that names follow, as a schema URL.
inline constexpr const char* kSchemaUrl = "https://opentelemetry.io/schemas/1.45.0";

/// {"key","value":{"stringValue"|"intValue"|"doubleValue"|"boolValue"|"arrayValue"}}
Json otlp_attribute(const std::string& name, const Json& value);

using Resource = std::vector<std::pair<std::string, std::string>>;

/// The body of a POST to /v1/traces.
Json otlp_traces(const Resource& resource, const std::vector<EndedSpan>& spans);
/// The body of a POST to /v1/metrics, of the array that Metrics makes.
Json otlp_metrics(const Resource& resource, Json metrics);

}  // namespace cartpilot::telemetry
