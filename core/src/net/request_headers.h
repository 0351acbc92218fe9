// The headers of a request as libcurl wants them. Pure functions.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "cartpilot/http.h"

namespace cartpilot::net {

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// What is sent besides Host and Content-Length, which libcurl adds: the request's own headers and,
/// when absent, User-Agent. Throws Error{kInvalidArgument, "http"} for a method, header name or
/// value that would change the meaning of the message, and for headers that are ours to write;
/// values are never repeated in the message, they may be keys.
HeaderList request_headers(const HttpRequest& request, const std::string& user_agent);

/// What HTTP allows as a method or as the name of a header.
bool is_token(std::string_view text);

}  // namespace cartpilot::net
