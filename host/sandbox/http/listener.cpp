#include "sandbox/http/listener.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/String.h>
#include <Poco/ThreadPool.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <istream>
#include <thread>

#include "sandbox/http/open_connections.h"
#include "sandbox/http/router.h"

namespace cartpilot::sandbox {
namespace {

namespace net = Poco::Net;

// Poco's server takes one thread for each connection; more connections wait in the queue.
constexpr int kMaxConnections = 128;
constexpr int kMaxQueued = 128;
// At this many the longest waiting is ended for a new one.
constexpr int kCrowded = kMaxConnections - 16;
constexpr int kIdleSeconds = 60;
// A thread whose connection ends just while the server stops misses the wake-up of Poco 1.11 and
// sleeps on for this long; stop() waits for it.
constexpr int kThreadIdleMs = 20;
constexpr std::size_t kMaxBodyBytes = 16U << 20;

// The whole body, or nothing when it is larger than allowed.
std::optional<std::string> read_all(std::istream& stream) {
  std::string body;
  char buffer[8192];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    body.append(buffer, static_cast<std::size_t>(stream.gcount()));
    if (body.size() > kMaxBodyBytes) return std::nullopt;
  }
  return body;
}

// False for a request whose length can be read in two ways (RFC 9112, section 6.3): repeated or
// both length headers, a length that is no number, an unknown transfer coding.
bool has_one_length(const net::HTTPServerRequest& in) {
  int lengths = 0;
  for (const auto& [name, value] : in) {
    if (Poco::icompare(name, "Content-Length") == 0) {
      ++lengths;
      if (value.empty() || value.size() > 15 ||
          !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return false;
      }
    } else if (Poco::icompare(name, "Transfer-Encoding") == 0) {
      ++lengths;
      if (Poco::icompare(value, "chunked") != 0) return false;
    }
  }
  return lengths <= 1;
}

void send(net::HTTPServerResponse& out, const Response& response) {
  const auto status = static_cast<net::HTTPResponse::HTTPStatus>(response.status);
  out.setStatusAndReason(status);
  for (const auto& [name, value] : response.headers) out.add(name, value);
  if (!response.content_type.empty()) out.setContentType(response.content_type);
  out.sendBuffer(response.body.data(), response.body.size());
}

class RequestHandler : public net::HTTPRequestHandler {
 public:
  RequestHandler(const HttpListener::Handler& handler, OpenConnections& connections)
      : handler_(handler), connections_(connections) {}

  void handleRequest(net::HTTPServerRequest& in, net::HTTPServerResponse& out) override {
    if (!has_one_length(in)) {
      out.setKeepAlive(false);
      return send(out, plain_error(400, "The length of the request is contradictory"));
    }
    Request request{in.getMethod(), in.getURI(), {}, ""};
    for (const auto& [name, value] : in) request.headers.emplace_back(name, value);
    if (!in.has("Host")) request.headers.emplace_back("Host", in.serverAddress().toString());
    // Without a length there is no body; the stream would wait for the caller to hang up.
    if (in.hasContentLength() || in.getChunkedTransferEncoding()) {
      std::optional<std::string> body = read_all(in.stream());
      if (!body) {
        out.setKeepAlive(false);
        return send(out, plain_error(413, "Request body larger than 16 MiB"));
      }
      request.body = std::move(*body);
    }
    const net::StreamSocket socket = static_cast<net::HTTPServerRequestImpl&>(in).socket();
    connections_.received(socket);
    send(out, handler_(request));
    connections_.answered(socket);
  }

 private:
  const HttpListener::Handler& handler_;
  OpenConnections& connections_;
};

class RequestHandlerFactory : public net::HTTPRequestHandlerFactory {
 public:
  RequestHandlerFactory(const HttpListener::Handler& handler, OpenConnections& connections)
      : handler_(handler), connections_(connections) {}

  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new RequestHandler(handler_, connections_);
  }

 private:
  const HttpListener::Handler& handler_;
  OpenConnections& connections_;
};

net::HTTPServerParams::Ptr parameters() {
  net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
  params->setMaxThreads(kMaxConnections);
  params->setMaxQueued(kMaxQueued);
  params->setThreadIdleTime(Poco::Timespan(0, kThreadIdleMs * 1000));
  params->setKeepAlive(true);
  params->setMaxKeepAliveRequests(0);
  params->setKeepAliveTimeout(Poco::Timespan(kIdleSeconds, 0));
  params->setTimeout(Poco::Timespan(kIdleSeconds, 0));
  return params;
}

// Without sharing of the port, which the one-step constructor turns on: two sandboxes would then
// take turns in answering.
net::ServerSocket listening_socket(int port) {
  try {
    net::ServerSocket socket;
    socket.bind(net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(port)), true, false);
    socket.listen(kMaxConnections);
    return socket;
  } catch (const Poco::Exception& e) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("cannot listen on 127.0.0.1:{} ({}); choose another port", port,
                            e.displayText()));
  }
}

}  // namespace

struct HttpListener::Impl {
  Impl(int port, Handler request_handler)
      : handler(std::move(request_handler)),
        socket(listening_socket(port)),
        bound_port(socket.address().port()),
        server(new RequestHandlerFactory(handler, *connections), pool, socket, parameters()) {
    server.setConnectionFilter(connections);
    server.start();
  }

  Handler handler;
  Poco::AutoPtr<OpenConnections> connections{new OpenConnections(kCrowded)};
  Poco::ThreadPool pool{2, kMaxConnections + 1};
  net::ServerSocket socket;
  int bound_port;
  bool stopped = false;
  net::HTTPServer server;
};

HttpListener::HttpListener(int port, Handler handler)
    : impl_(std::make_unique<Impl>(port, std::move(handler))) {}

HttpListener::~HttpListener() { stop(); }

void HttpListener::stop() noexcept {
  if (impl_->stopped) return;
  impl_->stopped = true;
  try {
    // The acceptor sleeps in poll() for up to a quarter of a second; this wakes it.
    impl_->socket.impl()->shutdown();
  } catch (const Poco::Exception&) {
    // Only the wait gets longer.
  }
  try {
    // Again and again: a connection that is just being set up does not hear the first call.
    for (;;) {
      impl_->server.stopAll(true);
      if (impl_->server.currentConnections() == 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    impl_->pool.joinAll();
  } catch (const Poco::Exception&) {
    // Stopping what has stopped.
  }
}

int HttpListener::port() const { return impl_->bound_port; }

std::string HttpListener::url() const { return fmt::format("http://127.0.0.1:{}", port()); }

}  // namespace cartpilot::sandbox
