// Redaction: secrets never reach a screen, a log or a file.
//
// The program registers each secret once; every line that leaves goes through redact(). The list
// lives as long as the process. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::text {

/// Registers a secret, and the form it takes in a URL. Ignored when shorter than 6 bytes: it would
/// hit ordinary words.
void add_secret(std::string_view secret);

/// `text` with every registered secret replaced by "[redacted]".
std::string redact(std::string_view text);

/// All that are registered, and their forms in a URL, for who has to find other spellings of them.
std::vector<std::string> secrets();

/// redact() for text that comes in pieces: holds back what may be the start of a secret until the
/// next piece, so that none slips through split in two. A value; one thread.
class RedactionStream {
 public:
  /// `imitated` is a mark that only the program may write; it becomes `instead`.
  explicit RedactionStream(std::string imitated = "", std::string instead = "");

  std::string feed(std::string_view piece);
  /// What was held back.
  std::string finish();

 private:
  std::string cleaned(std::string text) const;

  std::string imitated_;
  std::string instead_;
  std::string held_;
};

}  // namespace cartpilot::text
