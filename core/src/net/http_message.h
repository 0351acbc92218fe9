// HTTP/1.1 heads: the request's written, the answer's read.
//
// Own code because Poco's HTTP session treats a cut answer like a finished one and speaks of its
// own accord (reconnects, proxies, decoded paths); what a request says here is what it was given.
// Pure functions, except that read_head() waits on its connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/http.h"
#include "net/call_limits.h"
#include "net/connection.h"
#include "net/url_policy.h"

namespace cartpilot::net {

/// Request line and headers, blank line included. Adds Host, Content-Length and, when absent,
/// User-Agent. Throws Error{kInvalidArgument, "http"} for a method, header name or value that would
/// change the meaning of the message, and for headers that are ours to write; values are never
/// repeated in the message, they may be keys.
std::string request_head(const HttpRequest& request, const Target& target,
                         std::string_view user_agent);

struct AnswerHead {
  HttpHead head;
  bool keep_alive = false;  ///< the other side is willing to answer again on this connection
};

/// Reads the head of an answer, skipping interim ones (1xx). Throws Error{kProtocol, "http"} when
/// it is not HTTP/1.x, {kUnavailable, "reset"} when the stream ends before its end.
AnswerHead read_head(Connection& connection, CallLimits& limits);

/// How the end of a body is told.
struct Framing {
  enum class Kind { kNone, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;  ///< of kLength

  bool operator==(const Framing&) const = default;
};

/// Throws Error{kProtocol, "http"} for lengths that are no numbers or contradict each other, and
/// for codings other than chunked.
Framing framing_of(const HttpHead& head, std::string_view method);

/// True when the comma-separated lists in all headers `name` hold `token`, in any case.
bool has_token(const HttpHeaders& headers, std::string_view name, std::string_view token);

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace cartpilot::net
