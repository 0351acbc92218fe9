#include "telemetry/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "cartpilot/error.h"

namespace cartpilot::telemetry {

namespace {

using Environment = std::map<std::string, std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string trimmed(std::string text) {
  constexpr const char* kBlanks = " \t";
  text.erase(0, std::min(text.find_first_not_of(kBlanks), text.size()));
  text.erase(text.find_last_not_of(kBlanks) + 1);
  return text;
}

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : trimmed(found->second);
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, why));
}

/// "key=value,key=value", percent-encoded. Never shown: they may be keys.
Pairs pairs_of(const Environment& environment, const std::string& name) {
  Pairs pairs;
  const std::string text = value_of(environment, name);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const auto value = equals == std::string::npos
                           ? std::nullopt
                           : base::percent_decoded(trimmed(part.substr(equals + 1)));
    const std::string key = trimmed(part.substr(0, equals));
    if (!value || key.empty()) refuse(name, "expected KEY=VALUE,KEY=VALUE, percent-encoded");
    pairs.emplace_back(key, *value);
  }
  return pairs;
}

std::string url_of(const Environment& environment, const std::string& signal) {
  const std::string own =
      value_of(environment, fmt::format("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal));
  if (!own.empty()) return own;
  std::string base = value_of(environment, "OTEL_EXPORTER_OTLP_ENDPOINT");
  if (base.empty()) return "";
  while (base.ends_with('/')) base.pop_back();
  return base + (signal == "TRACES" ? "/v1/traces" : "/v1/metrics");
}

HttpHeaders headers_of(const Environment& environment, const std::string& signal) {
  const std::string own = fmt::format("OTEL_EXPORTER_OTLP_{}_HEADERS", signal);
  return pairs_of(environment,
                  value_of(environment, own).empty() ? "OTEL_EXPORTER_OTLP_HEADERS" : own);
}

/// Of the word of OTEL_TRACES_SAMPLER. A parent's decision is always followed.
double share_of(const Environment& environment) {
  std::string word = value_of(environment, "OTEL_TRACES_SAMPLER");
  if (word.starts_with("parentbased_")) word.erase(0, 12);
  if (word.empty() || word == "always_on") return 1;
  if (word == "always_off") return 0;
  if (word != "traceidratio") {
    refuse("OTEL_TRACES_SAMPLER",
           "expected always_on, always_off or traceidratio, with or without parentbased_");
  }
  const std::string share = value_of(environment, "OTEL_TRACES_SAMPLER_ARG");
  double number = 1;
  const auto [end, problem] = std::from_chars(share.data(), share.data() + share.size(), number);
  const bool whole = problem == std::errc() && end == share.data() + share.size();
  if (!share.empty() && (!whole || !(number >= 0 && number <= 1))) {
    refuse("OTEL_TRACES_SAMPLER_ARG", "expected a number from 0 to 1");
  }
  return number;
}

}  // namespace

TelemetrySettings telemetry_settings(const Environment& environment, const std::string& version) {
  TelemetrySettings settings;
  if (value_of(environment, "OTEL_SDK_DISABLED") == "true") return settings;
  const auto wanted = [&](const char* variable) {
    const std::string word = value_of(environment, variable);
    if (!word.empty() && word != "otlp" && word != "none")
      refuse(variable, "expected otlp or none");
    return word != "none";
  };
  if (wanted("OTEL_TRACES_EXPORTER")) settings.traces_url = url_of(environment, "TRACES");
  if (wanted("OTEL_METRICS_EXPORTER")) settings.metrics_url = url_of(environment, "METRICS");
  if (!settings.on()) return settings;
  for (const char* name : {"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                           "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"}) {
    const std::string protocol = value_of(environment, name);
    if (!protocol.empty() && protocol != "http/json") refuse(name, "only http/json is spoken");
  }
  settings.traces_headers = headers_of(environment, "TRACES");
  settings.metrics_headers = headers_of(environment, "METRICS");
  settings.sampled_share = share_of(environment);
  Pairs resource = pairs_of(environment, "OTEL_RESOURCE_ATTRIBUTES");
  std::string name = value_of(environment, "OTEL_SERVICE_NAME");
  const auto given = std::find_if(resource.begin(), resource.end(),
                                  [](const auto& pair) { return pair.first == "service.name"; });
  if (given != resource.end()) {
    if (name.empty()) name = given->second;
    resource.erase(given);
  }
  settings.resource = {{"service.name", name.empty() ? "cartpilot" : name},
                       {"service.version", version}};
  settings.resource.insert(settings.resource.end(), resource.begin(), resource.end());
  return settings;
}

}  // namespace cartpilot::telemetry
