// Anything as an error of Gemini's. The first two bytes are the status, the third says whether the
// rest is the body or, up to its first line end, the Retry-After header.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gemini/errors.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cartpilot;
  if (size < 3) return 0;
  HttpHead head;
  head.status = 300 + (data[0] * 256 + data[1]) % 300;
  std::string_view body(reinterpret_cast<const char*>(data) + 3, size - 3);
  if (data[2] % 2 == 1) {
    const std::size_t end = body.find('\n');
    head.headers = {{"Retry-After", std::string(body.substr(0, end))}};
    body = end == std::string_view::npos ? "" : body.substr(end + 1);
  }
  vendor::Service service;
  service.title = "Gemini";
  service.model = "gemini-3.8-flash";
  const Error error = vendor::error_of_answer(head, body, service, gemini::gemini_error);
  const std::string_view message = error.what();
  require(error.code != ErrorCode::kOk && error.code != ErrorCode::kInternal);
  require(error.http_status == head.status);
  require(!message.empty() && message.size() < 1000);
  for (const char c : message) require(static_cast<unsigned char>(c) >= ' ' && c != 0x7F);
  require(!error.retry_after_ms || (error.retryable && *error.retry_after_ms >= 0));
  // What is refused for good must not be tried again because of what the body says.
  require(!error.retryable || head.status == 408 || head.status == 409 || head.status == 429 ||
          head.status >= 499);
  return 0;
}
