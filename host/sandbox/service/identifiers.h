// Identifiers and fingerprints in the service's forms.
//
// Functions over random sequences begun by the operating system, one per thread; thread-safe. Good
// enough to be unique, not to be a secret.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/service/clock.h"

namespace cartpilot::sandbox {

/// Random version 4 UUID, lower case, with hyphens.
std::string new_uuid();

/// "ORD-20261123004928-7700DA0F".
std::string new_order_number(Micros now);

/// "SIM" and eight upper-case hexadecimal digits.
std::string new_tracking_number();

/// 32 lower-case hexadecimal digits.
std::string md5_hex(std::string_view text);

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view text);

/// The first 16 digits of the SHA-256: the form of every receipt hash.
std::string short_hash(std::string_view text);

}  // namespace cartpilot::sandbox
