// Every way a call to CartPilot can fail, made into one CartPilotError.
//
// Pure functions, any thread. Messages are one line, say what to do, and never hold the API key.
// Internal to this module.
#pragma once

#include <string>
#include <string_view>

#include "commerce/client.h"
#include "net/http_client.h"

namespace cartpilot::commerce {

/// The request a failure belongs to.
struct RequestFacts {
  std::string method;
  std::string target;  ///< path and query below the base URL
  std::string base_url;
  std::string request_id;  ///< as sent, or as answered once there is an answer
  bool has_api_key = false;
};

/// An answer whose status is not 2xx.
CartPilotError failure_of_answer(const RequestFacts& request, const net::HttpAnswer& answer);

/// No answer: what the transport threw.
CartPilotError failure_of_transport(const RequestFacts& request, const Error& error);

/// A 2xx answer that is not what the contract promises; `why` says how.
CartPilotError failure_of_reading(const RequestFacts& request, int http_status,
                                  std::string_view why);

/// Refused on this side; nothing was sent.
CartPilotError refused_locally(const std::string& error_code, const std::string& message);

/// The id the server answered with, or else `sent`.
std::string answered_request_id(const HttpHeaders& headers, const std::string& sent);

/// True when the Content-Type (possibly with parameters) is JSON.
bool is_json_type(std::string_view content_type);

}  // namespace cartpilot::commerce
