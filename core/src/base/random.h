// Randomness: the only place of the program that takes it from the system.
//
// Free functions; thread-safe. Who needs numbers that can be foreseen in tests takes a function and
// has these as its default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cartpilot::base {

// The first three cannot be guessed. They throw Error{kInternal} when the system has no randomness.
std::uint64_t random_64();
/// Lower-case hexadecimal digits, two for each of `bytes` (at most 256) bytes.
std::string random_hex(std::size_t bytes);
/// A UUID of version 4, "8-4-4-4-12" in lower case.
std::string random_uuid();

/// At least 0 and below 1, for spreading waits.
double random_fraction();

}  // namespace cartpilot::base
