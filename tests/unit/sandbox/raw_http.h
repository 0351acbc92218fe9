// RawHttp: one kept-alive connection to a sandbox that sends exactly the bytes it is told to.
//
// Adds Host, and Content-Length when there is a body; nothing else. One test thread.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <string>

#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::sandbox {

struct Answer {
  int status = 0;
  HttpHeaders headers;
  std::string body;

  Json json() const { return parse_json(body, "answer"); }
  std::string header(const char* name) const { return header_value(headers, name); }
};

class RawHttp {
 public:
  explicit RawHttp(int port);

  /// Sends one request and reads one answer.
  Answer send(const std::string& method, const std::string& target, const HttpHeaders& headers,
              const std::string& body = "");

  void write(const std::string& bytes);
  /// Reads one answer; `has_body` is false for an answer to HEAD.
  Answer read(bool has_body = true);
  /// True when the other side has closed and nothing is left to read.
  bool closed();

 private:
  void read_until(std::size_t length);

  Poco::Net::StreamSocket socket_;
  std::string host_;
  std::string buffer_;
};

}  // namespace cartpilot::sandbox
