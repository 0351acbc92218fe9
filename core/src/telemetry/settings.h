// What the OTEL_* variables say, as OpenTelemetry's specification has them. Off without an
// endpoint.
//
// Values; a plain function.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/http.h"

namespace cartpilot::telemetry {

struct TelemetrySettings {
  std::string traces_url;   ///< "" = spans are not sent
  std::string metrics_url;  ///< "" = metrics are not sent
  HttpHeaders traces_headers;
  HttpHeaders metrics_headers;
  std::vector<std::pair<std::string, std::string>> resource;  ///< "service.name" first
  double sampled_share = 1;                                   ///< of new traces
  bool content = false;  ///< arguments and results of tools too

  bool on() const { return !traces_url.empty() || !metrics_url.empty(); }
};

/// An empty variable is absent. Throws Error{kInvalidArgument} naming the variable and what it may
/// hold.
TelemetrySettings telemetry_settings(const std::map<std::string, std::string>& environment,
                                     const std::string& version);

}  // namespace cartpilot::telemetry
