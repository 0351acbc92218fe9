#include "answer.h"

#include <fmt/format.h>

namespace cartpilot::load {
namespace {

/// What `cartpilot serve` sends in the first turn, to the nearest kilobyte.
constexpr std::size_t kRequestBytes = 8 * 1024;

std::string event_of(std::string_view delta, std::string_view finish) {
  return fmt::format(
      R"(data: {{"id":"chatcmpl-load","object":"chat.completion.chunk","created":1750000000,)"
      R"("model":"load-test","choices":[{{"index":0,"delta":{},"finish_reason":{}}}]}})"
      "\n\n",
      delta, finish);
}

}  // namespace

std::string chat_request(std::string_view text) {
  std::string system = "You help a person shop.";
  system.resize(kRequestBytes, '.');
  return fmt::format(
      R"({{"model":"load-test","stream":true,"messages":[{{"role":"system","content":"{}"}},)"
      R"({{"role":"user","content":"{}"}}]}})",
      system, text);
}

std::string chat_event(int number) {
  return event_of(
      fmt::format(R"({{"role":"assistant","content":"word {}{} "}})", number, kEventMark), "null");
}

std::string chat_end() { return event_of("{}", R"("stop")") + "data: [DONE]\n\n"; }

std::string chunk_of(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string event_stream_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
         "Transfer-Encoding: chunked\r\n\r\n";
}

std::string json_answer_of(int status, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {} Answer\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      status, body.size(), body);
}

}  // namespace cartpilot::load
