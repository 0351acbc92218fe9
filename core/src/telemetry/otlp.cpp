#include "telemetry/otlp.h"

namespace cartpilot::telemetry {

namespace {

Json value_of(const Json& value) {
  if (value.is_boolean()) return {{"boolValue", value}};
  if (value.is_number_integer()) return {{"intValue", std::to_string(value.get<std::int64_t>())}};
  if (value.is_number()) return {{"doubleValue", value}};
  if (value.is_array()) {
    Json values = Json::array();
    for (const Json& one : value) values.push_back(value_of(one));
    return {{"arrayValue", {{"values", values}}}};
  }
  return {{"stringValue", value.is_string() ? value.get<std::string>() : dump_json(value)}};
}

Json resource_of(const Resource& resource) {
  Json attributes = Json::array();
  for (const auto& [name, value] : resource) attributes.push_back(otlp_attribute(name, value));
  return {{"attributes", attributes}};
}

Json span_json(const EndedSpan& span) {
  Json attributes = Json::array();
  for (const auto& [name, value] : span.attributes) {
    attributes.push_back(otlp_attribute(name, value));
  }
  Json json = {{"traceId", span.context.trace_id},
               {"spanId", span.context.span_id},
               {"name", span.name},
               {"kind", static_cast<int>(span.kind)},
               {"startTimeUnixNano", std::to_string(span.begin_ns)},
               {"endTimeUnixNano", std::to_string(span.end_ns)},
               {"attributes", attributes},
               {"status", span.failed ? Json{{"code", 2}} : Json::object()}};
  if (!span.parent_id.empty()) json["parentSpanId"] = span.parent_id;
  return json;
}

}  // namespace

Json otlp_attribute(const std::string& name, const Json& value) {
  return {{"key", name}, {"value", value_of(value)}};
}

Json otlp_traces(const Resource& resource, const std::vector<EndedSpan>& spans) {
  Json list = Json::array();
  for (const EndedSpan& span : spans) list.push_back(span_json(span));
  const Json scope = {
      {"scope", {{"name", "cartpilot"}}}, {"spans", list}, {"schemaUrl", kSchemaUrl}};
  return {{"resourceSpans", Json::array({Json{{"resource", resource_of(resource)},
                                              {"scopeSpans", Json::array({scope})}}})}};
}

Json otlp_metrics(const Resource& resource, Json metrics) {
  const Json scope = {{"scope", {{"name", "cartpilot"}}},
                      {"metrics", std::move(metrics)},
                      {"schemaUrl", kSchemaUrl}};
  return {{"resourceMetrics", Json::array({Json{{"resource", resource_of(resource)},
                                                {"scopeMetrics", Json::array({scope})}}})}};
}

}  // namespace cartpilot::telemetry
