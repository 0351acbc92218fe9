#include "sandbox/http/listener.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>
#include <fmt/format.h>

#include <istream>
#include <mutex>
#include <set>

#include "sandbox/http/listening_socket.h"
#include "sandbox/http/router.h"

namespace cartpilot::sandbox {
namespace {

namespace net = Poco::Net;

// 128 for callers, the rest for the merchants who send webhooks.
constexpr int kMaxConnections = 160;
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

void send(net::HTTPServerResponse& out, const Response& response) {
  const auto status = static_cast<net::HTTPResponse::HTTPStatus>(response.status);
  out.setStatusAndReason(status);
  for (const auto& [name, value] : response.headers) out.add(name, value);
  if (!response.content_type.empty()) out.setContentType(response.content_type);
  out.sendBuffer(response.body.data(), response.body.size());
}

class RequestHandler : public net::HTTPRequestHandler {
 public:
  explicit RequestHandler(const HttpListener::Handler& handler) : handler_(handler) {}

  void handleRequest(net::HTTPServerRequest& in, net::HTTPServerResponse& out) override {
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
    send(out, handler_(request));
  }

 private:
  const HttpListener::Handler& handler_;
};

// The open connections, to end them all at once. Any thread.
class OpenConnections {
 public:
  void add(net::StreamSocket& socket) {
    const std::lock_guard lock(mutex_);
    sockets_.insert(&socket);
    if (ending_) shut_down(socket);
  }

  void remove(net::StreamSocket& socket) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(&socket);
  }

  /// Connections added later end at once.
  void end_all() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (net::StreamSocket* socket : sockets_) shut_down(*socket);
  }

 private:
  static void shut_down(net::StreamSocket& socket) {
    try {
      socket.shutdown();
    } catch (const Poco::Exception&) {
      // The other side was faster.
    }
  }

  std::mutex mutex_;
  std::set<net::StreamSocket*> sockets_;
  bool ending_ = false;
};

class Connection : public net::HTTPServerConnection {
 public:
  Connection(const net::StreamSocket& client, net::HTTPServerParams::Ptr params,
             net::HTTPRequestHandlerFactory::Ptr handlers, OpenConnections& open)
      : HTTPServerConnection(client, std::move(params), std::move(handlers)), open_(open) {
    open_.add(socket());
  }
  ~Connection() override { open_.remove(socket()); }

 private:
  OpenConnections& open_;
};

class ConnectionFactory : public net::TCPServerConnectionFactory {
 public:
  ConnectionFactory(net::HTTPServerParams::Ptr params, net::HTTPRequestHandlerFactory::Ptr handlers,
                    OpenConnections& open)
      : params_(std::move(params)), handlers_(std::move(handlers)), open_(open) {}

  net::TCPServerConnection* createConnection(const net::StreamSocket& socket) override {
    return new Connection(socket, params_, handlers_, open_);
  }

 private:
  net::HTTPServerParams::Ptr params_;
  net::HTTPRequestHandlerFactory::Ptr handlers_;
  OpenConnections& open_;
};

class RequestHandlerFactory : public net::HTTPRequestHandlerFactory {
 public:
  explicit RequestHandlerFactory(const HttpListener::Handler& handler) : handler_(handler) {}

  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new RequestHandler(handler_);
  }

 private:
  const HttpListener::Handler& handler_;
};

net::HTTPServerParams::Ptr parameters() {
  net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
  params->setMaxThreads(kMaxConnections);
  params->setMaxQueued(2 * kMaxConnections);
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
    ListeningSocket socket;
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
        params(parameters()),
        server(new ConnectionFactory(params, new RequestHandlerFactory(handler), open), pool,
               socket, params) {
    server.start();
  }

  Handler handler;
  Poco::ThreadPool pool{2, kMaxConnections + 1};
  net::ServerSocket socket;
  int bound_port;
  net::HTTPServerParams::Ptr params;
  OpenConnections open;
  bool stopped = false;
  net::TCPServer server;
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
    impl_->open.end_all();
    impl_->server.stop();
    impl_->pool.joinAll();
  } catch (const Poco::Exception&) {
    // Stopping what has stopped.
  }
}

int HttpListener::port() const { return impl_->bound_port; }

std::string HttpListener::url() const { return fmt::format("http://127.0.0.1:{}", port()); }

}  // namespace cartpilot::sandbox
