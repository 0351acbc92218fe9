// Randomness: the only place of the program that takes it from the system.
//
// Free functions; thread-safe. Who needs numbers that can be foreseen in tests takes a function and
// has these as its default.
#pragma once

#include <cstdint>
#include <string>

namespace cartpilot::base {

/// Cannot be guessed.
std::uint64_t random_64();
/// At least 0 and below 1.
double random_fraction();
/// A random UUID (version 4), "8-4-4-4-12" in lower case.
std::string random_uuid();

}  // namespace cartpilot::base
