// What a transfer that failed tells its caller: from libcurl's codes to code, reason and text.
#pragma once

#include <curl/curl.h>

#include <string>

#include "net/transfer.h"

namespace cartpilot::net {

struct TransferEnd {
  CURLcode code;
  std::string text;        ///< libcurl's
  long system_error = 0;   ///< errno of connecting
  long proxy_status = 0;   ///< HTTP status of the CONNECT, 0 for none
  bool connected = false;  ///< the request may have been sent
  bool answered = false;   ///< the head of the answer began
  bool head_complete = false;
};

/// Before a request could be sent: reasons dns, connect, tls. Afterwards: reset, http.
[[noreturn]] void fail_transfer(const TransferEnd& end, const Route& route);

[[noreturn]] void refuse_certificate(const std::string& host, const std::string& why);
[[noreturn]] void fail_not_http(const std::string& peer);
[[noreturn]] void fail_endless_head(const std::string& peer);

}  // namespace cartpilot::net
