// Any status, any headers, any body: an Error with one line of text, and a lesson or none.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cartpilot/vendor/errors.h"
#include "openai/quirks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cartpilot;
  using namespace cartpilot::openai;
  if (size < 2) return 0;
  HttpHead head;
  head.status = 300 + data[0] * 2 % 300;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  bytes.remove_prefix(line.size() == bytes.size() ? line.size() : line.size() + 1);
  for (const char* name : {"retry-after", "retry-after-ms", "x-should-retry", "x-request-id"}) {
    head.headers.emplace_back(name, std::string(line));
  }
  vendor::Service service;
  service.title = "Tester";
  service.base = "https://test/v1";
  service.model = "m";
  const Error error = vendor::error_of_answer(head, bytes, service, nullptr, 784'111'777'000);
  const std::string_view told = error.what();
  if (told.empty() || told.find('\n') != std::string_view::npos) std::abort();
  if (error.http_status != head.status) std::abort();
  if (error.retry_after_ms && (*error.retry_after_ms < 0 || !error.retryable)) std::abort();
  if (error.reason == "quota" && error.retryable) std::abort();

  const vendor::ErrorBody body = vendor::read_error_body(bytes);
  vendor::error_inside_answer(body, service);
  Json sent = {{"model", "m"},   {"tools", Json::array({1})}, {"temperature", 1}, {"max_tokens", 5},
               {"stream", true}, {"stream_options", 1},       {"reasoning", 1},   {"include", 1},
               {"store", false}, {"tool_choice", "x"}};
  vendor::Quirks quirks(known_quirks());
  // Learning ends: nothing is learned twice.
  int lessons = 0;
  do {
    quirks.apply("m", sent);
    if (++lessons > 30) std::abort();
  } while (quirks.learn("m", error, body));
  return 0;
}
