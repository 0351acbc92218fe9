#include "net/transfer_failure.h"

#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

/// The last words of OpenSSL's "error:0A00042E:SSL routines::tlsv1 alert protocol version".
std::string handshake_problem(const std::string& text) {
  if (text.find("error:") == text.npos) return "it broke off the connection";
  return text.substr(text.rfind(':') + 1);
}

/// Of a certificate whose chain or dates are in order, the name is not.
std::string certificate_problem(const std::string& text) {
  constexpr std::string_view kStart = "SSL certificate problem: ";
  return text.rfind(kStart, 0) == 0 ? text.substr(kStart.size()) : "it belongs to another name";
}

[[noreturn]] void fail_tunnel(long status, const Target& target, const Proxy& proxy) {
  const bool credentials = status == 407;
  fail(ErrorCode::kUnavailable, "connect",
       fmt::format("the proxy {} refused to connect to {} (status {}); {}", proxy.address,
                   target.address(), status,
                   credentials ? "put a user name and password into https_proxy"
                               : "check https_proxy and no_proxy"),
       !credentials);
}

[[noreturn]] void fail_to_connect(CURL* easy, CURLcode code, const std::string& text,
                                  const Target& target, const std::optional<Proxy>& proxy) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      fail_unavailable("dns", fmt::format("no address is known for {}; check its spelling and the "
                                          "network",
                                          proxy ? proxy->host : target.host));
    case CURLE_PEER_FAILED_VERIFICATION: refuse_certificate(target.host, certificate_problem(text));
    case CURLE_SSL_CONNECT_ERROR:
      fail_unavailable("tls", fmt::format("no secure connection to {}: {}; try again, or check the "
                                          "address",
                                          target.host, handshake_problem(text)));
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
      fail(ErrorCode::kUnavailable, "tls", "https is not possible: " + text);
    default: break;
  }
  long proxy_status = 0;
  long system_error = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
  if (proxy && proxy_status >= 300) fail_tunnel(proxy_status, target, *proxy);
  fail_unavailable("connect",
                   fmt::format("cannot connect to {}: {}; check the address and that the server "
                               "is running",
                               proxy ? "the proxy " + proxy->address : target.address(),
                               system_error == 0 ? text
                                                 : std::generic_category().message(
                                                       static_cast<int>(system_error))));
}

}  // namespace

void refuse_certificate(const std::string& host, const std::string& why) {
  fail(ErrorCode::kUnavailable, "tls",
       fmt::format("the certificate of {} was refused: {}; check the address and the system's "
                   "certificates",
                   host, why));
}

void fail_not_http(const std::string& peer) {
  fail_protocol("http", fmt::format("{} did not answer in HTTP; check the address and port", peer));
}

void fail_endless_head(const std::string& peer) {
  fail_protocol("http", fmt::format("{} sent an endless line or header", peer));
}

void fail_transfer(CURL* easy, CURLcode code, const std::string& text, Stage stage,
                   const Route& route) {
  if (stage == Stage::kConnecting) fail_to_connect(easy, code, text, route.target, route.proxy);
  const std::string peer = route.target.address();
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) fail_not_http(peer);
  // How libcurl calls a line of more than 100 kB.
  if (code == CURLE_OUT_OF_MEMORY && stage != Stage::kBody) fail_endless_head(peer);
  if (code == CURLE_RECV_ERROR && text.find("chunked-encoding") != text.npos) {
    fail_protocol("http", fmt::format("{} sent a chunked answer that cannot be read", peer));
  }
  const char* const what = stage == Stage::kBody ? "broke off in the middle of its answer"
                           : stage == Stage::kAnswering
                               ? "closed the connection instead of answering"
                               : "broke off the connection";
  fail_unavailable("reset", fmt::format("{} {}; try again", peer, what));
}

}  // namespace cartpilot::net
