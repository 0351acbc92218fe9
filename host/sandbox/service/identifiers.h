// Identifiers and fingerprints in the service's forms.
//
// Functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/service/clock.h"

namespace cartpilot::sandbox {

/// "ORD-20261123004928-7700DA0F".
std::string new_order_number(Micros now);

/// "SIM" and eight upper-case hexadecimal digits.
std::string new_tracking_number();

/// 32 lower-case hexadecimal digits.
std::string md5_hex(std::string_view text);

/// The first 16 digits of the SHA-256: the form of every receipt hash.
std::string short_hash(std::string_view text);

}  // namespace cartpilot::sandbox
