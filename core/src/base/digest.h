// Digests: SHA-256 and its keyed form, as hexadecimal text.
//
// Free functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::base {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

}  // namespace cartpilot::base
