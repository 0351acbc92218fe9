// What the program part cartpilot-formats.so offers; formats.h says what each function does.
//
// Problems are values: our exceptions do not cross between parts. Lives as long as the process.
#pragma once

#include "formats/formats.h"

namespace cartpilot::formats {

class FormatsBackend {
 public:
  virtual std::string sha256_hex(std::string_view bytes) = 0;
  virtual std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) = 0;
  virtual std::string random_uuid() = 0;
  virtual std::string base64(std::string_view bytes) = 0;
  virtual std::optional<std::string> percent_decoded(const std::string& text) = 0;
  virtual std::string percent_encoded(const std::string& text, const std::string& reserved) = 0;
  virtual std::optional<std::int64_t> unix_ms_of_http_date(const std::string& text) = 0;
  virtual std::optional<std::int64_t> unix_ms_of_iso_date(const std::string& text) = 0;
  /// Null, with the reason in `problem`, for what is no expression.
  virtual std::unique_ptr<Pattern> compile_pattern(const std::string& expression,
                                                   std::string& problem) = 0;

 protected:
  ~FormatsBackend() = default;
};

}  // namespace cartpilot::formats
