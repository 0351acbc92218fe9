#include "fakes/loopback_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace cartpilot::fakes {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 409: return "Conflict";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

std::string head_text(int status, const HttpHeaders& headers, std::string_view framing) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
  text += framing;
  text += "\r\n";
  return text;
}

/// The connections that are open now. Owns the descriptors: only their thread closes them, and
/// shut_down_all() cannot hit a number that was closed and given out again.
class OpenConnections {
 public:
  /// False once the server is going down.
  bool add(int descriptor) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    descriptors_.insert(descriptor);
    return true;
  }

  void close(int descriptor) {
    const std::lock_guard lock(mutex_);
    descriptors_.erase(descriptor);
    ::close(descriptor);
  }

  void shut_down_all() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int descriptor : descriptors_) ::shutdown(descriptor, SHUT_RDWR);
  }

 private:
  std::mutex mutex_;
  std::set<int> descriptors_;
  bool stopping_ = false;
};

class SocketReply final : public LoopbackServer::Reply {
 public:
  SocketReply(OpenConnections& open, int descriptor) : open_(open), descriptor_(descriptor) {}

  void send(int status, const HttpHeaders& headers, std::string_view body) override {
    note_connection_header(headers);
    complete_ = true;
    std::string text =
        head_text(status, headers, fmt::format("Content-Length: {}\r\n", body.size()));
    text += body;
    raw(text);
  }

  void begin_chunked(int status, const HttpHeaders& headers) override {
    note_connection_header(headers);
    complete_ = false;
    chunked_ = true;
    raw(head_text(status, headers, "Transfer-Encoding: chunked\r\n"));
  }

  void chunk(std::string_view bytes) override {
    if (bytes.empty()) return;  // a chunk of size 0 would end the answer
    raw(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
  }

  void end() override {
    complete_ = true;
    raw("0\r\n\r\n");
  }

  void raw(std::string_view bytes) override {
    sent_something_ = true;
    while (!bytes.empty() && descriptor_ >= 0) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return;  // the client is gone; it is the client's story that matters
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void close() override {
    if (descriptor_ < 0) return;
    ::shutdown(descriptor_, SHUT_WR);
    // Unread request bytes would turn the close into an RST, which can overtake what was sent.
    char unread[4096];
    while (::recv(descriptor_, unread, sizeof(unread), MSG_DONTWAIT) > 0) {
    }
    release();
  }

  void reset() override {
    if (descriptor_ < 0) return;
    const linger abort{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    release();
  }

  bool wait_for_close(std::chrono::milliseconds limit) override {
    if (descriptor_ < 0) return true;
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      pollfd event{descriptor_, POLLRDHUP, 0};
      const int ready =
          ::poll(&event, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready > 0) return true;
      if (ready == 0) return false;
    }
  }

  bool may_continue() const {
    const bool answered = sent_something_ && (complete_ || !chunked_);
    return descriptor_ >= 0 && answered && !close_after_;
  }
  bool open() const { return descriptor_ >= 0; }
  void close_after() { close_after_ = true; }
  void release() {
    open_.close(descriptor_);
    descriptor_ = -1;
  }
  void begin_answer() {
    sent_something_ = false;
    complete_ = false;
    chunked_ = false;
  }

 private:
  void note_connection_header(const HttpHeaders& headers) {
    if (equals_ignoring_case(header_value(headers, "Connection"), "close")) close_after_ = true;
  }

  OpenConnections& open_;
  int descriptor_;
  bool sent_something_ = false;
  bool chunked_ = false;
  bool complete_ = false;
  bool close_after_ = false;
};

/// Reads requests off one connection.
class RequestReader {
 public:
  explicit RequestReader(int descriptor) : descriptor_(descriptor) {}

  /// nullopt when the client closed or sent what is no request.
  std::optional<LoopbackServer::Request> next() {
    LoopbackServer::Request request;
    const std::optional<std::string> start = line();
    if (!start) return std::nullopt;
    const std::size_t first = start->find(' ');
    const std::size_t last = start->rfind(' ');
    if (first == std::string::npos || last <= first) return std::nullopt;
    request.method = start->substr(0, first);
    request.target = start->substr(first + 1, last - first - 1);
    for (;;) {
      const std::optional<std::string> header = line();
      if (!header) return std::nullopt;
      if (header->empty()) break;
      const std::size_t colon = header->find(':');
      if (colon == std::string::npos) return std::nullopt;
      const std::size_t value = header->find_first_not_of(" \t", colon + 1);
      request.headers.emplace_back(header->substr(0, colon),
                                   value == std::string::npos ? "" : header->substr(value));
    }
    if (!read_body(request)) return std::nullopt;
    return request;
  }

 private:
  bool read_body(LoopbackServer::Request& request) {
    if (equals_ignoring_case(header_value(request.headers, "Transfer-Encoding"), "chunked")) {
      for (;;) {
        const std::optional<std::string> size_line = line();
        const std::optional<std::size_t> size = size_line ? number(*size_line, 16) : std::nullopt;
        if (!size || !take(*size, request.body) || !line()) return false;
        if (*size == 0) return true;
      }
    }
    const std::string length = header_value(request.headers, "Content-Length");
    if (length.empty()) return true;
    const std::optional<std::size_t> size = number(length, 10);
    return size && take(*size, request.body);
  }

  static std::optional<std::size_t> number(const std::string& text, int base) {
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (parsed.ec != std::errc()) return std::nullopt;
    return value;
  }

  std::optional<std::string> line() {
    std::size_t searched = 0;
    for (;;) {
      const std::size_t end = buffer_.find("\r\n", searched);
      if (end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return text;
      }
      searched = buffer_.empty() ? 0 : buffer_.size() - 1;
      if (!fill()) return std::nullopt;
    }
  }

  bool take(std::size_t size, std::string& target) {
    while (buffer_.size() < size) {
      if (!fill()) return false;
    }
    target.append(buffer_, 0, size);
    buffer_.erase(0, size);
    return true;
  }

  bool fill() {
    char bytes[16384];
    for (;;) {
      const ssize_t received = ::recv(descriptor_, bytes, sizeof(bytes), 0);
      if (received < 0 && errno == EINTR) continue;
      if (received <= 0) return false;
      buffer_.append(bytes, static_cast<std::size_t>(received));
      return true;
    }
  }

  int descriptor_;
  std::string buffer_;
};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

struct LoopbackServer::Impl {
  explicit Impl(Handler handler_to_use) : handler(std::move(handler_to_use)) {
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener, generic, size) != 0) fail("bind");
    if (::listen(listener, 128) != 0) fail("listen");
    if (::getsockname(listener, generic, &size) != 0) fail("getsockname");
    port = ntohs(address.sin_port);
    acceptor = std::thread([this] { accept_all(); });
  }

  ~Impl() {
    ::shutdown(listener, SHUT_RDWR);  // wakes accept()
    acceptor.join();
    ::close(listener);
    open.shut_down_all();
    for (std::thread& worker : workers) worker.join();
  }

  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      std::size_t index = 0;
      {
        const std::lock_guard lock(mutex);
        index = accepted++;
      }
      if (!open.add(descriptor)) {
        ::close(descriptor);
        return;
      }
      workers.emplace_back([this, descriptor, index] { serve(descriptor, index); });
    }
  }

  void serve(int descriptor, std::size_t index) {
    RequestReader reader(descriptor);
    SocketReply reply(open, descriptor);
    while (std::optional<Request> request = reader.next()) {
      request->connection = index;
      {
        const std::lock_guard lock(mutex);
        requests.push_back(*request);
      }
      reply.begin_answer();
      if (equals_ignoring_case(header_value(request->headers, "Connection"), "close")) {
        reply.close_after();
      }
      try {
        handler(*request, reply);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "LoopbackServer: the handler threw: %s\n", e.what());
        reply.reset();
      }
      if (!reply.may_continue()) break;
    }
    if (reply.open()) reply.close();
  }

  Handler handler;
  int listener = -1;
  int port = 0;
  OpenConnections open;
  std::thread acceptor;
  std::list<std::thread> workers;  // grown by the acceptor, joined after it ended
  mutable std::mutex mutex;        // guards the two below
  std::vector<Request> requests;
  std::size_t accepted = 0;
};

LoopbackServer::LoopbackServer(Handler handler)
    : impl_(std::make_unique<Impl>(std::move(handler))) {}
LoopbackServer::~LoopbackServer() = default;

int LoopbackServer::port() const { return impl_->port; }

std::string LoopbackServer::url() const { return fmt::format("http://127.0.0.1:{}", impl_->port); }

std::vector<LoopbackServer::Request> LoopbackServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

std::size_t LoopbackServer::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->accepted;
}

}  // namespace cartpilot::fakes
