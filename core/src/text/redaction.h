// Redaction: secrets never reach a screen, a log or a file.
//
// The program registers each secret once; every line that leaves goes through redact(). The list
// lives as long as the process. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::text {

/// Registers a secret, and the form it takes in a URL. Ignored when shorter than 6 bytes: it would
/// hit ordinary words.
void add_secret(std::string_view secret);

/// `text` with every registered secret replaced by "[redacted]".
std::string redact(std::string_view text);

}  // namespace cartpilot::text
