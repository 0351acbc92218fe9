#include "telemetry/settings.h"

#include <gmock/gmock.h>

#include "cartpilot/error.h"

namespace cartpilot::telemetry {
namespace {

TelemetrySettings with(const std::map<std::string, std::string>& environment) {
  return telemetry_settings(environment, "1.2.3");
}

TEST(TelemetrySettings, are_off_without_an_endpoint) {
  EXPECT_FALSE(with({}).on());
  EXPECT_FALSE(with({{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}, {"OTEL_SERVICE_NAME", "x"}}).on());
  EXPECT_FALSE(with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"},
                     {"OTEL_SDK_DISABLED", "true"}})
                   .on());
}

TEST(TelemetrySettings, add_the_path_to_the_common_endpoint_and_take_a_signals_own_as_it_is) {
  const auto common = with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/"}});
  EXPECT_EQ(common.traces_url, "http://localhost:4318/v1/traces");
  EXPECT_EQ(common.metrics_url, "http://localhost:4318/v1/metrics");
  const auto own = with({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:1/own"}});
  EXPECT_EQ(own.traces_url, "http://localhost:1/own");
  EXPECT_EQ(own.metrics_url, "");
}

TEST(TelemetrySettings, read_headers_and_resource_percent_encoded) {
  const auto settings = with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"},
                              {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x = y"},
                              {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "m=1"},
                              {"OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test"},
                              {"OTEL_SERVICE_NAME", "shop"}});
  EXPECT_EQ(settings.traces_headers, (HttpHeaders{{"api-key", "a b"}, {"x", "y"}}));
  EXPECT_EQ(settings.metrics_headers, (HttpHeaders{{"m", "1"}}));
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(settings.resource, (Pairs{{"service.name", "shop"},
                                      {"service.version", "1.2.3"},
                                      {"deployment.environment", "test"}}));
}

TEST(TelemetrySettings, know_the_samplers) {
  const auto share = [](const std::string& sampler, const std::string& argument) {
    return with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"},
                 {"OTEL_TRACES_SAMPLER", sampler},
                 {"OTEL_TRACES_SAMPLER_ARG", argument}})
        .sampled_share;
  };
  EXPECT_EQ(share("", ""), 1);
  EXPECT_EQ(share("parentbased_always_on", ""), 1);
  EXPECT_EQ(share("always_off", ""), 0);
  EXPECT_EQ(share("parentbased_traceidratio", "0.25"), 0.25);
  EXPECT_THROW(share("sometimes", ""), Error);
  EXPECT_THROW(share("traceidratio", "2"), Error);
  EXPECT_THROW(share("traceidratio", "nan"), Error);
}

TEST(TelemetrySettings, refuse_what_cannot_be_with_the_name_of_the_variable_and_without_its_value) {
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"OTEL_EXPORTER_OTLP_HEADERS", "secret-without-equals"},
                                          {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                                          {"OTEL_RESOURCE_ATTRIBUTES", "a=%zz"}}) {
    try {
      with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"}, {name, value}});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::StartsWith(name));
      EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr(value)));
    }
  }
}

}  // namespace
}  // namespace cartpilot::telemetry
