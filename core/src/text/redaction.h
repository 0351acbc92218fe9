// Redaction: secrets never reach a screen, a log, a file, a model or a client.
//
// The program registers each secret once; all text that leaves goes through redact(), JSON through
// redacted(). A secret is found in whatever spelling: percent-encoded, escaped as in JSON, with
// unseen characters between, in Base64 of either alphabet at any place, in hexadecimal. The list
// lives as long as the process. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::text {

/// Shorter values are not searched for: they would hit ordinary words.
inline constexpr std::size_t kShortestSecret = 8;
inline constexpr const char* kRedacted = "[redacted]";

void add_secret(std::string_view secret);

/// `text` with every registered secret replaced by "[redacted]".
std::string redact(std::string_view text);

/// `value` with every string redacted, names of members too. It stays JSON, of the same shape; of
/// members whose names become the same, the first stays.
Json redacted(const Json& value);

/// Where secrets are spelled in `text`, first byte and end of each; sorted, may overlap.
std::vector<std::pair<std::size_t, std::size_t>> secret_ranges(std::string_view text);

/// redact() for text that comes in pieces: holds back what may be the start of a secret until the
/// next piece, so that none slips through split in two. A value; one thread.
class RedactionStream {
 public:
  std::string feed(std::string_view piece);
  /// What was held back.
  std::string finish();

 private:
  std::string held_;
};

}  // namespace cartpilot::text
