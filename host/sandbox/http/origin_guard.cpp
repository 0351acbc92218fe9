#include "sandbox/http/origin_guard.h"

#include <Poco/Exception.h>
#include <Poco/Net/MediaType.h>
#include <Poco/String.h>
#include <Poco/URI.h>

#include "sandbox/http/router.h"

namespace cartpilot::sandbox {
namespace {

// `url` is scheme and authority, as an Origin header has them.
bool names_this_machine(const std::string& url) {
  try {
    const Poco::URI uri(url);
    if (!uri.getUserInfo().empty() || !uri.getPathEtc().empty()) return false;
    const std::string host = Poco::toLower(uri.getHost());
    return host == "127.0.0.1" || host == "localhost" || host == "::1";
  } catch (const Poco::Exception&) {
    return false;  // "null" has no host either
  }
}

}  // namespace

bool changes_state(const Request& request) {
  return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

bool is_form(const Request& request) {
  const std::string content_type = request.header("Content-Type");
  if (content_type.empty()) return false;
  const Poco::Net::MediaType type(content_type);
  return type.matches("application", "x-www-form-urlencoded") ||
         type.matches("multipart", "form-data") || type.matches("text", "plain");
}

std::optional<Response> refuse_foreign(const Request& request) {
  if (!names_this_machine("http://" + request.header("Host"))) {
    return plain_error(403, "Host is not this machine; use 127.0.0.1 or localhost");
  }
  if (!changes_state(request)) return std::nullopt;
  const std::string origin = request.header("Origin");
  const bool foreign = (!origin.empty() && !names_this_machine(origin)) ||
                       request.header("Sec-Fetch-Site") == "cross-site";
  if (foreign) return plain_error(403, "Requests from pages of other sites are refused");
  return std::nullopt;
}

}  // namespace cartpilot::sandbox
