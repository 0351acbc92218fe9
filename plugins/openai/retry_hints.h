// What an answer's headers say about trying again. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cartpilot/http.h"

namespace cartpilot::openai {

/// The wait in milliseconds that retry-after-ms or Retry-After (seconds or an HTTP date) asks for;
/// nullopt when neither says something readable. A date in the past asks for 0.
std::optional<std::int64_t> asked_wait_ms(const HttpHeaders& headers, std::int64_t now_unix_ms);

/// x-should-retry, which overrides what the status means.
std::optional<bool> should_retry(const HttpHeaders& headers);

/// Unix time in ms of "Sun, 06 Nov 1994 08:49:37 GMT"; nullopt for any other form.
std::optional<std::int64_t> http_date_ms(std::string_view text);

}  // namespace cartpilot::openai
