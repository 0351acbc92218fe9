// Secrets in bytes that came in pieces.
//
// A secret is found in every spelling that text/redaction.h knows, split between the pieces at any
// place, and split between the values that a stream of JSON gives to one name ("content":"sk-",
// "content":"123"). Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::record {

/// The same pieces with "[redacted]" in place of every secret. It stands in the piece in which the
/// secret ends; the number of pieces stays.
std::vector<std::string> redacted_pieces(const std::vector<std::string>& pieces);

std::string redacted_text(const std::string& text);

}  // namespace cartpilot::record
