#include "vendor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "cartpilot/json.h"

namespace cartpilot::bench {

std::string Peer::read_request(const std::function<void()>& on_first) {
  std::size_t wanted = std::string::npos;
  bool first = true;
  for (;;) {
    if (wanted == std::string::npos) {
      const std::size_t end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::size_t at = buffer_.find("Content-Length: ");
        const std::size_t body =
            at < end ? std::strtoul(buffer_.c_str() + at + 16, nullptr, 10) : 0;
        wanted = end + 4 + body;
        buffer_.reserve(wanted);
      }
    }
    if (buffer_.size() >= wanted) {
      std::string request = buffer_.substr(0, wanted);
      buffer_.erase(0, wanted);
      return request;
    }
    char block[65536];
    const ssize_t got = ::recv(descriptor_, block, sizeof block, 0);
    if (got <= 0) return "";
    if (first && on_first) on_first();
    first = false;
    buffer_.append(block, static_cast<std::size_t>(got));
  }
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::wait_for_close() {
  char byte = 0;
  while (::recv(descriptor_, &byte, 1, 0) > 0) {
  }
}

Server::Server(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 512) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no loopback port to be had");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const std::lock_guard lock(mutex_);
      open_.push_back(descriptor);
      threads_.emplace_back([this, descriptor] {
        Peer peer(descriptor);
        handler_(peer);
        const std::lock_guard closing(mutex_);
        open_.erase(std::find(open_.begin(), open_.end(), descriptor));
        ::close(descriptor);
      });
    }
  });
}

Server::~Server() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

std::string stream_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string json_answer(std::string_view body) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

std::string offer_answer(const std::filesystem::path& fixtures) {
  std::ifstream file(fixtures / "cartpilot" / "get_offer.json");
  std::stringstream exchange;
  exchange << file.rdbuf();
  const Json recorded = parse_json(exchange.str());
  return json_answer(dump_json(recorded.at("answer").at("body")));
}

std::string gemini_text(std::string_view text) {
  return fmt::format(
      R"(data: {{"candidates": [{{"content": {{"parts": [{{"text": "{}"}}],"role": "model"}},"index": 0}}],)"
      R"("usageMetadata": {{"promptTokenCount": 812,"candidatesTokenCount": 24,"totalTokenCount": 836,)"
      R"("promptTokensDetails": [{{"modality": "TEXT","tokenCount": 812}}]}},)"
      R"("modelVersion": "gemini-2.5-flash","responseId": "Zm9vYmFyYmF6cXV4"}})"
      "\r\n\r\n",
      text);
}

std::string gemini_call(std::string_view name, std::string_view arguments_json) {
  return fmt::format(
      R"(data: {{"candidates": [{{"content": {{"parts": [{{"functionCall": {{"name": "{}","args": {}}}}}],)"
      R"("role": "model"}},"finishReason": "STOP","index": 0}}],"usageMetadata": {{"promptTokenCount": 812,)"
      R"("candidatesTokenCount": 24,"totalTokenCount": 836}},"modelVersion": "gemini-2.5-flash",)"
      R"("responseId": "Zm9vYmFyYmF6cXV4"}})"
      "\r\n\r\n",
      name, arguments_json);
}

std::string gemini_end() {
  return R"(data: {"candidates": [{"content": {"parts": [{"text": ""}],"role": "model"},"finishReason": "STOP",)"
         R"("index": 0}],"usageMetadata": {"promptTokenCount": 812,"candidatesTokenCount": 24,)"
         R"("totalTokenCount": 836},"modelVersion": "gemini-2.5-flash","responseId": "Zm9vYmFyYmF6cXV4"})"
         "\r\n\r\n";
}

namespace {

std::string openai_chunk(std::string_view delta, std::string_view finish) {
  return fmt::format(
      R"(data: {{"id":"chatcmpl-Bq1xTestTestTestTestTestTest","object":"chat.completion.chunk",)"
      R"("created":1750000000,"model":"gpt-test-2025-01-01","service_tier":"default",)"
      R"("system_fingerprint":"fp_0123456789","choices":[{{"index":0,"delta":{},"logprobs":null,)"
      R"("finish_reason":{}}}],"usage":null}})"
      "\n\n",
      delta, finish);
}

}  // namespace

std::string openai_text(std::string_view text) {
  return openai_chunk(fmt::format(R"({{"content":"{}"}})", text), "null");
}

std::string openai_call_begin(std::string_view name) {
  return openai_chunk(
      fmt::format(
          R"({{"role":"assistant","content":null,"tool_calls":[{{"index":0,"id":"call_abc123",)"
          R"("type":"function","function":{{"name":"{}","arguments":""}}}}]}})",
          name),
      "null");
}

std::string openai_call_delta(std::string_view escaped_arguments) {
  return openai_chunk(
      fmt::format(R"({{"tool_calls":[{{"index":0,"function":{{"arguments":"{}"}}}}]}})",
                  escaped_arguments),
      "null");
}

std::string openai_end(std::string_view reason) {
  return openai_chunk("{}", fmt::format("\"{}\"", reason)) + "data: [DONE]\n\n";
}

std::string anthropic_begin() {
  return "event: message_start\n"
         R"(data: {"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL",)"
         R"("type":"message","role":"assistant","model":"claude-test","content":[],)"
         R"("stop_reason":null,"usage":{"input_tokens":812,"output_tokens":1}}})"
         "\n\nevent: content_block_start\n"
         R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
         "\n\n";
}

std::string anthropic_text(std::string_view text) {
  return fmt::format(
      "event: content_block_delta\n"
      R"(data: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}})"
      "\n\n",
      text);
}

std::string anthropic_end() {
  return "event: content_block_stop\n"
         R"(data: {"type":"content_block_stop","index":0})"
         "\n\nevent: message_delta\n"
         R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":24}})"
         "\n\nevent: message_stop\n"
         R"(data: {"type":"message_stop"})"
         "\n\n";
}

std::vector<std::string> gemini_variables(const std::string& vendor_url,
                                          const std::string& shop_url) {
  return {"GEMINI_API_KEY=bench", "GEMINI_BASE_URL=" + vendor_url, "CARTPILOT_API_URL=" + shop_url};
}

}  // namespace cartpilot::bench
