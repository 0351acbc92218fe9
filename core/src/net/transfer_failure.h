// What a transfer that failed tells its caller: from libcurl's codes to code, reason and text.
#pragma once

#include <curl/curl.h>

#include <string>

#include "net/transfer.h"

namespace cartpilot::net {

/// How far a transfer came.
enum class Stage { kConnecting, kSending, kAnswering, kBody };

/// While connecting: reasons dns, connect, tls. Afterwards: reset, http. `text` is libcurl's.
[[noreturn]] void fail_transfer(CURL* easy, CURLcode code, const std::string& text, Stage stage,
                                const Route& route);

[[noreturn]] void refuse_certificate(const std::string& host, const std::string& why);
[[noreturn]] void fail_not_http(const std::string& peer);
[[noreturn]] void fail_endless_head(const std::string& peer);

}  // namespace cartpilot::net
