#include "formats/formats.h"

#include "cartpilot/error.h"
#include "formats/formats_backend.h"
#include "parts/program_part.h"

namespace cartpilot::formats {
namespace {

FormatsBackend& backend() {
  static FormatsBackend* const loaded = [] {
    void* const function = parts::open_part("cartpilot-formats.so", "cartpilot_part_formats");
    return reinterpret_cast<FormatsBackend* (*)()>(function)();
  }();  // tried again after a failure
  return *loaded;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) { return backend().sha256_hex(bytes); }

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  return backend().hmac_sha256_hex(key, bytes);
}

std::string random_uuid() { return backend().random_uuid(); }

std::string base64(std::string_view bytes) { return backend().base64(bytes); }

std::optional<std::string> percent_decoded(const std::string& text) {
  return backend().percent_decoded(text);
}

std::string percent_encoded(const std::string& text, const std::string& reserved) {
  return backend().percent_encoded(text, reserved);
}

std::optional<std::int64_t> unix_ms_of_http_date(const std::string& text) {
  return backend().unix_ms_of_http_date(text);
}

std::optional<std::int64_t> unix_ms_of_iso_date(const std::string& text) {
  return backend().unix_ms_of_iso_date(text);
}

std::unique_ptr<Pattern> compile_pattern(const std::string& expression) {
  std::string problem;
  auto pattern = backend().compile_pattern(expression, problem);
  if (pattern == nullptr) throw Error(ErrorCode::kInvalidArgument, problem);
  return pattern;
}

}  // namespace cartpilot::formats
