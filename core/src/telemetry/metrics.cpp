#include "telemetry/metrics.h"

#include <cmath>

#include "telemetry/otlp.h"

namespace cartpilot::telemetry {

namespace {

constexpr std::size_t kMaxSeries = 200;  // of one metric

const Json* attribute_of(const EndedSpan& span, std::string_view name) {
  for (const auto& [known, value] : span.attributes) {
    if (known == name) return &value;
  }
  return nullptr;
}

std::string text_of(const EndedSpan& span, std::string_view name) {
  const Json* const value = attribute_of(span, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

double bound(std::size_t index) { return 0.01 * std::exp2(static_cast<double>(index)); }

template <typename Value>
Value& series(std::map<std::map<std::string, std::string>, Value>& all,
              const std::map<std::string, std::string>& attributes) {
  if (all.size() >= kMaxSeries && all.count(attributes) == 0) return all[{}];
  return all[attributes];
}

Json list_of(const std::map<std::string, std::string>& attributes) {
  Json list = Json::array();
  for (const auto& [name, value] : attributes) list.push_back(otlp_attribute(name, value));
  return list;
}

}  // namespace

void Metrics::record(const std::string& name, Attributes attributes, double seconds) {
  Histogram& histogram = series(histograms_[name], attributes);
  ++histogram.count;
  histogram.sum += seconds;
  std::size_t bucket = 0;
  while (bucket < kBounds && seconds > bound(bucket)) ++bucket;
  ++histogram.buckets[bucket];
}

void Metrics::add_up(const std::string& name, Attributes attributes, std::int64_t amount) {
  series(counters_[name], attributes) += amount;
}

void Metrics::count(const std::string& name, const std::string& attribute,
                    const std::string& value) {
  add_up(name, {{attribute, value}}, 1);
}

void Metrics::add(const EndedSpan& span) {
  Attributes attributes;
  const auto take = [&](const char* name) {
    if (std::string value = text_of(span, name); !value.empty()) attributes[name] = value;
  };
  take("error.type");
  const double seconds = static_cast<double>(span.end_ns - span.begin_ns) / 1e9;
  if (const std::string method = text_of(span, "mcp.method.name"); !method.empty()) {
    take("mcp.method.name");
    take("gen_ai.tool.name");
    take("network.transport");
    record(span.kind == SpanKind::kServer ? "mcp.server.operation.duration"
                                          : "mcp.client.operation.duration",
           attributes, seconds);
    return;
  }
  const std::string operation = text_of(span, "gen_ai.operation.name");
  if (operation.empty()) return;
  take("gen_ai.operation.name");
  if (operation == "execute_tool") {
    take("gen_ai.tool.name");
    record("gen_ai.execute_tool.duration", attributes, seconds);
  } else if (operation == "invoke_agent") {
    take("gen_ai.agent.name");
    record("gen_ai.invoke_agent.duration", attributes, seconds);
  } else if (operation == "chat") {
    take("gen_ai.provider.name");
    take("gen_ai.request.model");
    record("gen_ai.client.inference.duration", attributes, seconds);
    const Json* const first = attribute_of(span, "gen_ai.response.time_to_first_chunk");
    if (first != nullptr && first->is_number()) {
      record("gen_ai.client.inference.time_to_first_chunk", attributes, first->get<double>());
    }
    for (const char* kind :
         {"input_tokens", "output_tokens", "cache_read.input_tokens", "reasoning.output_tokens"}) {
      const Json* const tokens = attribute_of(span, std::string("gen_ai.usage.") + kind);
      if (tokens == nullptr || !tokens->is_number_integer()) continue;
      attributes.erase("error.type");
      add_up(std::string("gen_ai.client.inference.usage.") + kind, attributes,
             tokens->get<std::int64_t>());
    }
  }
}

Json Metrics::to_otlp(std::int64_t begin_ns, std::int64_t now_ns) const {
  Json metrics = Json::array();
  const auto point = [&](const Attributes& attributes) {
    return Json{{"attributes", list_of(attributes)},
                {"startTimeUnixNano", std::to_string(begin_ns)},
                {"timeUnixNano", std::to_string(now_ns)}};
  };
  for (const auto& [name, all] : histograms_) {
    Json points = Json::array();
    for (const auto& [attributes, histogram] : all) {
      Json one = point(attributes);
      one["count"] = std::to_string(histogram.count);
      one["sum"] = histogram.sum;
      one["explicitBounds"] = Json::array();
      for (std::size_t i = 0; i < kBounds; ++i) one["explicitBounds"].push_back(bound(i));
      one["bucketCounts"] = Json::array();
      for (const std::uint64_t bucket : histogram.buckets) {
        one["bucketCounts"].push_back(std::to_string(bucket));
      }
      points.push_back(std::move(one));
    }
    metrics.push_back({{"name", name},
                       {"unit", "s"},
                       {"histogram", {{"aggregationTemporality", 2}, {"dataPoints", points}}}});
  }
  for (const auto& [name, all] : counters_) {
    Json points = Json::array();
    for (const auto& [attributes, amount] : all) {
      Json one = point(attributes);
      one["asInt"] = std::to_string(amount);
      points.push_back(std::move(one));
    }
    const bool tokens = name.ends_with("_tokens");
    metrics.push_back(
        {{"name", name},
         {"unit", tokens ? "{token}" : "{event}"},
         {"sum", {{"aggregationTemporality", 2}, {"isMonotonic", true}, {"dataPoints", points}}}});
  }
  return metrics;
}

}  // namespace cartpilot::telemetry
