#include "telemetry/metrics.h"

#include <gmock/gmock.h>

namespace cartpilot::telemetry {
namespace {

EndedSpan span(std::vector<std::pair<std::string, Json>> attributes, double seconds = 0.5) {
  EndedSpan result;
  result.begin_ns = 1'000;
  result.end_ns = 1'000 + static_cast<std::int64_t>(seconds * 1e9);
  result.attributes = std::move(attributes);
  return result;
}

const Json* metric(const Json& all, const std::string& name) {
  for (const Json& one : all) {
    if (one["name"] == name) return &one;
  }
  return nullptr;
}

TEST(Metrics, of_a_request_to_a_model_are_its_duration_first_chunk_and_tokens) {
  Metrics metrics;
  for (const double seconds : {0.005, 0.5, 100.0}) {
    metrics.add(span({{"gen_ai.operation.name", "chat"},
                      {"gen_ai.provider.name", "openai"},
                      {"gen_ai.request.model", "m"},
                      {"gen_ai.response.time_to_first_chunk", 0.02},
                      {"gen_ai.usage.input_tokens", 10},
                      {"gen_ai.usage.output_tokens", 3}},
                     seconds));
  }
  const Json all = metrics.to_otlp(1, 2);
  const Json* const duration = metric(all, "gen_ai.client.inference.duration");
  ASSERT_NE(duration, nullptr);
  const Json& point = (*duration)["histogram"]["dataPoints"][0];
  EXPECT_EQ(point["count"], "3");
  EXPECT_EQ(point["explicitBounds"].size(), 14U);
  EXPECT_EQ(point["explicitBounds"][0], 0.01);
  EXPECT_EQ(point["explicitBounds"][13], 81.92);
  EXPECT_EQ(point["bucketCounts"][0], "1");
  EXPECT_EQ(point["bucketCounts"][6], "1");  // up to 0.64 s
  EXPECT_EQ(point["bucketCounts"][14], "1");
  EXPECT_EQ((*duration)["histogram"]["aggregationTemporality"], 2);
  EXPECT_EQ(point["attributes"].size(), 3U);
  EXPECT_EQ(
      (*metric(all, "gen_ai.client.inference.usage.input_tokens"))["sum"]["dataPoints"][0]["asInt"],
      "30");
  EXPECT_NE(metric(all, "gen_ai.client.inference.time_to_first_chunk"), nullptr);
}

TEST(Metrics, know_tools_turns_and_both_sides_of_mcp) {
  Metrics metrics;
  metrics.add(span({{"gen_ai.operation.name", "execute_tool"}, {"gen_ai.tool.name", "t"}}));
  metrics.add(span({{"gen_ai.operation.name", "invoke_agent"}}));
  EndedSpan served = span({{"mcp.method.name", "tools/call"}});
  served.kind = SpanKind::kServer;
  metrics.add(served);
  served.kind = SpanKind::kClient;
  metrics.add(served);
  metrics.add(span({{"http.request.method", "GET"}}));  // has no metric of ours
  const Json all = metrics.to_otlp(1, 2);
  EXPECT_EQ(all.size(), 4U);
  for (const char* name : {"gen_ai.execute_tool.duration", "gen_ai.invoke_agent.duration",
                           "mcp.server.operation.duration", "mcp.client.operation.duration"}) {
    EXPECT_NE(metric(all, name), nullptr) << name;
  }
}

TEST(Metrics, are_bounded_whatever_the_attributes_are) {
  Metrics metrics;
  for (int i = 0; i < 1'000; ++i) {
    metrics.count("cartpilot.purchases", "outcome", std::to_string(i));
  }
  const Json all = metrics.to_otlp(1, 2);
  EXPECT_LE(all[0]["sum"]["dataPoints"].size(), 201U);
  std::int64_t sum = 0;
  for (const Json& point : all[0]["sum"]["dataPoints"]) {
    sum += std::stoll(point["asInt"].get<std::string>());
  }
  EXPECT_EQ(sum, 1'000);
}

}  // namespace
}  // namespace cartpilot::telemetry
