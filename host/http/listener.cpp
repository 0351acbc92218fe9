#include "http/listener.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/ThreadPool.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <istream>
#include <ostream>
#include <span>
#include <thread>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::host {
namespace {

namespace net = Poco::Net;

/// Threads to say 503 on.
constexpr int kSpare = 16;
constexpr int kBacklog = 512;
constexpr int kIdleSeconds = 60;
constexpr int kThreadIdleMs = 20;

/// One exchange on a connection.
class SocketReply final : public mcp::EndpointReply {
 public:
  SocketReply(net::HTTPServerRequest& in, net::HTTPServerResponse& out)
      : socket_(static_cast<net::HTTPServerRequestImpl&>(in).socket()), out_(out) {}

  void send(int status, const HttpHeaders& headers, const std::string& body) override {
    out_.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(status));
    for (const auto& [name, value] : headers) out_.set(name, value);
    if (status == net::HTTPResponse::HTTP_NO_CONTENT) {
      out_.send();
    } else {
      out_.sendBuffer(body.data(), body.size());
    }
  }
  void begin_events(const HttpHeaders& headers) override {
    for (const auto& [name, value] : headers) out_.set(name, value);
    out_.setChunkedTransferEncoding(true);
    stream_ = &out_.send();
    stream_->flush();
  }
  void send_event(const Json& event) override {
    if (event.is_null()) {
      *stream_ << ":\n\n";
    } else {
      *stream_ << "event: message\ndata: " << mcp::wire_text(event) << "\n\n";
    }
    stream_->flush();
    gone_ = gone_ || !stream_->good();
  }
  void send_lines(const std::string& lines) override {
    *stream_ << lines;
    stream_->flush();
    gone_ = gone_ || !stream_->good();
  }
  bool client_is_gone() override {
    if (gone_) return true;
    char next = 0;
    const ssize_t got = ::recv(socket_.impl()->sockfd(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    gone_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    return gone_;
  }

 private:
  net::StreamSocket socket_;
  net::HTTPServerResponse& out_;
  std::ostream* stream_ = nullptr;
  bool gone_ = false;
};

/// Stands for a "?" behind "=" while Poco reads a request: Poco takes "=?" in a header for an
/// encoded word of a mail and decodes it, so that one value becomes another. No UTF-8 has this
/// byte.
constexpr char kInstead = '\xFE';

/// Reads requests so that Poco leaves them as they were sent; see as_sent().
class PlainSocketImpl final : public net::StreamSocketImpl {
 public:
  explicit PlainSocketImpl(poco_socket_t descriptor) : net::StreamSocketImpl(descriptor) {}

  int receiveBytes(void* buffer, int length, int flags) override {
    const int got = net::StreamSocketImpl::receiveBytes(buffer, length, flags);
    if ((flags & MSG_PEEK) != 0) return got;
    for (char& c :
         std::span(static_cast<char*>(buffer), static_cast<std::size_t>(std::max(got, 0)))) {
      if (c == kInstead) throw Poco::DataFormatException("the byte 0xFE in a request");
      const char sent = c;
      if (sent == '?' && last_ == '=') c = kInstead;
      last_ = sent;
    }
    return got;
  }

 private:
  char last_ = 0;
};

std::string as_sent(std::string text) {
  std::replace(text.begin(), text.end(), kInstead, '?');
  return text;
}

/// Accepts connections whose requests are read so.
class PlainServerSocketImpl : public net::ServerSocketImpl {
 public:
  net::SocketImpl* acceptConnection(net::SocketAddress& client) override {
    net::SocketImpl* const accepted = net::ServerSocketImpl::acceptConnection(client);
    const poco_socket_t descriptor = ::fcntl(accepted->sockfd(), F_DUPFD_CLOEXEC, 0);
    accepted->release();
    if (descriptor < 0) throw net::NetException("too many open files");
    return new PlainSocketImpl(descriptor);
  }
};
class PlainServerSocket final : public net::ServerSocket {
 public:
  PlainServerSocket() : net::ServerSocket(new PlainServerSocketImpl, true) {}
};

class ExchangeHandler final : public net::HTTPRequestHandler {
 public:
  ExchangeHandler(const HttpListener::Handler& handler, const HttpListener::BodyLimit& body_limit)
      : handler_(handler), body_limit_(body_limit) {}

  void handleRequest(net::HTTPServerRequest& in, net::HTTPServerResponse& out) override {
    SocketReply reply(in, out);
    // Two lengths can be read in two ways.
    if (in.getChunkedTransferEncoding() && in.hasContentLength()) {
      out.setKeepAlive(false);
      reply.send(400, {}, "");
      return;
    }
    mcp::EndpointRequest request;
    request.method = in.getMethod();
    const std::string address = as_sent(in.getURI());
    request.path = address.substr(0, address.find('?'));
    if (request.path.size() < address.size()) {
      request.query = address.substr(request.path.size() + 1);
    }
    for (const auto& [name, value] : in) {
      request.headers.emplace_back(as_sent(name), as_sent(value));
    }
    if (in.getChunkedTransferEncoding() || in.hasContentLength()) {
      char block[8192];
      std::istream& body = in.stream();
      const std::size_t most = body_limit_(request.path);
      while (request.body.size() <= most && (body.read(block, sizeof block) || body.gcount() > 0)) {
        request.body.append(block, static_cast<std::size_t>(body.gcount()));
      }
      if (request.body.size() > most) out.setKeepAlive(false);
      request.body = as_sent(std::move(request.body));
    }
    handler_(request, reply);
  }

 private:
  const HttpListener::Handler& handler_;
  const HttpListener::BodyLimit& body_limit_;
};

/// For a connection that is one too many.
class BusyHandler final : public net::HTTPRequestHandler {
 public:
  void handleRequest(net::HTTPServerRequest&, net::HTTPServerResponse& out) override {
    out.setKeepAlive(false);
    out.setStatusAndReason(net::HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
    out.set("Retry-After", "5");
    out.setContentLength(0);
    out.send();
  }
};

class HandlerFactory final : public net::HTTPRequestHandlerFactory {
 public:
  HandlerFactory(HttpListener::Handler handler, HttpListener::BodyLimit body_limit,
                 int max_connections)
      : handler_(std::move(handler)),
        body_limit_(std::move(body_limit)),
        max_connections_(max_connections) {}
  void set_server(const net::TCPServer& server) { server_ = &server; }

  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    if (server_ != nullptr && server_->currentConnections() > max_connections_) {
      return new BusyHandler;
    }
    return new ExchangeHandler(handler_, body_limit_);
  }

 private:
  const HttpListener::Handler handler_;
  const HttpListener::BodyLimit body_limit_;
  const int max_connections_;
  const net::TCPServer* server_ = nullptr;
};

net::HTTPServerParams::Ptr server_parameters(int max_connections) {
  net::HTTPServerParams::Ptr parameters = new net::HTTPServerParams;
  parameters->setMaxThreads(max_connections + kSpare);
  // One that finds the queue full is dropped without a word, also while threads are being started.
  parameters->setMaxQueued(max_connections + kSpare);
  parameters->setThreadIdleTime(Poco::Timespan(0, kThreadIdleMs * 1000));
  parameters->setKeepAlive(true);
  parameters->setMaxKeepAliveRequests(0);
  parameters->setKeepAliveTimeout(Poco::Timespan(kIdleSeconds, 0));
  parameters->setTimeout(Poco::Timespan(kIdleSeconds, 0));
  return parameters;
}

/// A Unix socket whose file is its owner's alone from its first moment: the file takes its mode
/// from the socket.
class PrivateSocketImpl final : public PlainServerSocketImpl {
 public:
  PrivateSocketImpl() {
    init(AF_UNIX);
    ::fchmod(sockfd(), S_IRUSR | S_IWUSR);
  }
};
class PrivateServerSocket final : public net::ServerSocket {
 public:
  PrivateServerSocket() : net::ServerSocket(new PrivateSocketImpl, true) {}
};

/// The file of a server that was killed stays; one that answers is in use.
void remove_dead_socket(const std::string& file) {
  struct stat facts {};
  if (::lstat(file.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return;
  try {
    net::StreamSocket(net::SocketAddress(net::SocketAddress::UNIX_LOCAL, file));
  } catch (const Poco::Exception&) {
    ::unlink(file.c_str());
  }
}

}  // namespace

struct HttpListener::Socket::Impl {
  net::ServerSocket socket;
  std::string file;  ///< of a Unix socket, "" = none
};

HttpListener::Socket::Socket(const std::string& address, const std::string& option)
    : impl_(std::make_unique<Impl>()) {
  constexpr std::string_view kUnix = "unix:";
  net::SocketAddress wanted;
  try {
    if (address.starts_with(kUnix)) {
      impl_->file = address.substr(kUnix.size());
      remove_dead_socket(impl_->file);
      wanted = net::SocketAddress(net::SocketAddress::UNIX_LOCAL, impl_->file);
    } else {
      // A port alone is one of this machine's.
      const bool port_alone = address.find_first_not_of("0123456789") == std::string::npos;
      wanted = net::SocketAddress(port_alone ? "127.0.0.1:" + address : address);
    }
  } catch (const Poco::Exception&) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} {}: expected ADDRESS:PORT, like 127.0.0.1:8080", option, address));
  }
  try {
    if (impl_->file.empty()) {
      impl_->socket = PlainServerSocket();
    } else {
      impl_->socket = PrivateServerSocket();
    }
    impl_->socket.bind(wanted, impl_->file.empty(), false);
    impl_->socket.listen(kBacklog);
  } catch (const Poco::Exception&) {
    impl_->file.clear();  // not ours
    throw Error(ErrorCode::kUnavailable,
                fmt::format("cannot listen on {}; choose another {}", wanted.toString(),
                            wanted.family() == net::SocketAddress::UNIX_LOCAL ? "file" : "port"));
  }
}

HttpListener::Socket::~Socket() {
  if (!impl_->file.empty()) ::unlink(impl_->file.c_str());
}

std::string HttpListener::Socket::host_and_port() const {
  return is_unix() ? impl_->file : impl_->socket.address().toString();
}

bool HttpListener::Socket::loopback() const {
  return !is_unix() && impl_->socket.address().host().isLoopback();
}

bool HttpListener::Socket::is_unix() const { return !impl_->file.empty(); }

struct HttpListener::Impl {
  Impl(const net::ServerSocket& listening, Handler handler, BodyLimit body_limit,
       int max_connections)
      : pool(2, max_connections + kSpare + 1),
        socket(listening),
        factory(new HandlerFactory(std::move(handler), std::move(body_limit), max_connections)),
        server(factory, pool, socket, server_parameters(max_connections)) {
    factory->set_server(server);
    server.start();
  }

  Poco::ThreadPool pool;
  net::ServerSocket socket;
  HandlerFactory* factory;  // the server's
  bool stopped = false;
  net::HTTPServer server;
};

HttpListener::HttpListener(const Socket& socket, Handler handler, int max_connections,
                           BodyLimit body_limit)
    : impl_(std::make_unique<Impl>(
          socket.impl_->socket, std::move(handler),
          body_limit ? std::move(body_limit)
                     : [](const std::string&) { return mcp::kMaxBodyBytes; },
          max_connections)) {}

HttpListener::~HttpListener() { stop(); }

void HttpListener::stop() noexcept {
  if (impl_->stopped) return;
  impl_->stopped = true;
  try {
    impl_->socket.impl()->shutdown();  // wakes the accepting thread
  } catch (const Poco::Exception&) {   // NOLINT: only the wait gets longer
  }
  try {
    for (;;) {
      impl_->server.stopAll(true);
      if (impl_->server.currentConnections() == 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    impl_->pool.joinAll();
  } catch (const Poco::Exception&) {  // NOLINT: it has stopped
  }
}

}  // namespace cartpilot::host
