// What the other side must prove before a byte of a request leaves, and what TLS takes for the end.

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "environment_variable.h"
#include "net/http_client.h"
#include "recorder.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

/// A request with a secret to a host that a proxy connects with the server; any name will do.
class TlsProof : public testing::Test {
 protected:
  /// What the client says, "" when the request was answered; `heard` is what the server could read.
  std::string outcome(const std::string& host, const TestCertificate& certificate,
                      int version = TLS1_3_VERSION) {
    heard.clear();
    const Variable trust("SSL_CERT_FILE", certificate.file());
    auto server = std::make_unique<TlsTestServer>(
        certificate,
        [this](TlsTestServer::Stream& stream) {
          heard = stream.read_head();
          stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        },
        true);
    server->speak_only(version);
    const Variable proxy("https_proxy", "http://127.0.0.1:" + std::to_string(server->port()));
    const Variable direct("no_proxy", "");
    HttpClient client;
    HttpRequest request = get("https://" + host + "/");
    request.headers = {{"X-Key", "secret"}};
    const auto error = error_of([&] { fetch(client, request, CallContext()); });
    names = server->names();
    server.reset();  // which waits for its thread: nothing more will be heard
    failure = error ? Failure{error->code, error->reason, error->retryable} : Failure{};
    return error ? error->what() : "";
  }

  /// Of a certificate that was refused.
  static std::string refusal(const std::string& host, const std::string& why) {
    return "the certificate of " + host + " was refused: " + why +
           "; check the address and the system's certificates";
  }

  std::string heard;
  std::vector<std::string> names;
  Failure failure;
};

const Failure kNotProved{ErrorCode::kUnavailable, "tls", false};

TEST_F(TlsProof, a_certificate_with_the_name_or_the_address_is_enough) {
  const struct {
    const char* certified;
    const char* host;
    const char* asked_for;  // addresses are not sent as names
  } cases[] = {
      {"DNS:api.shop.example", "api.shop.example", "api.shop.example"},
      {"DNS:other.example,DNS:API.Shop.Example", "api.shop.example", "api.shop.example"},
      {"DNS:*.shop.example", "api.shop.example", "api.shop.example"},
      {"IP:10.1.2.3", "10.1.2.3", ""},
      {"IP:fd00::1", "[fd00::1]", ""},
  };
  for (const auto& example : cases) {
    const TestCertificate certificate(example.certified);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      EXPECT_EQ(outcome(example.host, certificate, version), "") << example.certified;
      EXPECT_EQ(names, std::vector<std::string>{example.asked_for});
      EXPECT_NE(heard.find("X-Key: secret"), std::string::npos) << heard;
    }
  }
}

TEST_F(TlsProof, a_trusted_certificate_of_somebody_else_is_refused_before_a_byte_is_sent) {
  const struct {
    const char* certified;
    const char* host;
  } cases[] = {
      {"DNS:other.example", "api.shop.example"},
      {"DNS:api.shop.example.evil.example", "api.shop.example"},
      {"DNS:*.shop.example", "a.b.shop.example"},
      {"DNS:*.shop.example", "shop.example"},
      {"DNS:a*.shop.example", "api.shop.example"},
      {"DNS:*", "shop"},
      {"IP:10.1.2.3", "api.shop.example"},
      {"IP:10.1.2.4", "10.1.2.3"},
      {"DNS:10.1.2.3", "10.1.2.3"},
      {"IP:fd00::2", "fd00::1"},
      {"IP:10.1.2.3", "::ffff:a01:203"},
  };
  for (const auto& example : cases) {
    const TestCertificate certificate(example.certified);
    const std::string host = example.host;
    const bool six = host.find(':') != std::string::npos;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      EXPECT_EQ(outcome(six ? "[" + host + "]" : host, certificate, version),
                refusal(host, "it belongs to another name"))
          << example.certified;
      EXPECT_EQ(failure, kNotProved);
      EXPECT_EQ(heard, "");
    }
  }
}

TEST_F(TlsProof, the_name_of_the_owner_is_no_name_of_a_server) {
  const TestCertificate certificate = TestCertificate::authority("api.shop.example");
  EXPECT_EQ(outcome("api.shop.example", certificate),
            refusal("api.shop.example", "it belongs to another name"));
  EXPECT_EQ(heard, "");
}

TEST_F(TlsProof, a_host_that_no_certificate_can_name_is_refused) {
  // A whole domain, to OpenSSL; and what resolvers take for an address.
  for (const auto& [certified, host] : {std::pair{"DNS:api.shop.example", ".shop.example"},
                                        {"DNS:10.66051,IP:10.1.2.3", "10.66051"},
                                        {"DNS:0x0a010203,IP:10.1.2.3", "0x0a010203"}}) {
    EXPECT_NE(outcome(host, TestCertificate(certified)), "");
    EXPECT_EQ(failure, (Failure{ErrorCode::kInvalidArgument, "url"}));
    EXPECT_EQ(heard, "");
  }
}

TEST_F(TlsProof, a_trusted_certificate_counts_from_its_first_day_to_its_last) {
  const TestCertificate old("DNS:api.shop.example", -7300);
  EXPECT_EQ(outcome("api.shop.example", old),
            refusal("api.shop.example", "certificate has expired"));
  EXPECT_EQ(failure, kNotProved);
  EXPECT_EQ(heard, "");
  const TestCertificate young("DNS:api.shop.example", 3600);
  EXPECT_EQ(outcome("api.shop.example", young),
            refusal("api.shop.example", "certificate is not yet valid"));
  EXPECT_EQ(failure, kNotProved);
  EXPECT_EQ(heard, "");
}

TEST_F(TlsProof, a_server_that_speaks_nothing_newer_than_tls_1_1_is_left_alone) {
  const TestCertificate certificate("DNS:api.shop.example");
  EXPECT_EQ(outcome("api.shop.example", certificate, TLS1_1_VERSION),
            "no secure connection to api.shop.example: sslv3 alert handshake failure; try again, "
            "or check the address");
  EXPECT_EQ(failure, (Failure{ErrorCode::kUnavailable, "tls", true}));
  EXPECT_EQ(heard, "");
}

TEST(TlsPolicyDeathTest, of_the_system_counts_where_it_asks_for_more) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // OpenSSL reads it once in a process
  const std::string folder = (std::filesystem::temp_directory_path() / "cartpilot-policy").string();
  const std::string file = folder + std::to_string(::getpid());
  std::ofstream(file) << "openssl_conf = all\n[all]\nssl_conf = parts\n[parts]\n"
                         "system_default = rules\n[rules]\nMinProtocol = TLSv1.3\n";
  const Variable policy("OPENSSL_CONF", file);
  const auto meet_tls_1_2 = [] {
    const TestCertificate certificate("IP:127.0.0.1");
    const Variable trust("SSL_CERT_FILE", certificate.file());
    TlsTestServer server(certificate, serve_ok);
    server.speak_only(TLS1_2_VERSION);
    HttpClient client;
    const auto error = error_of([&] { fetch(client, get(server.url()), CallContext()); });
    std::fputs(error ? error->what() : "answered", stderr);
  };
  EXPECT_EXIT((meet_tls_1_2(), std::filesystem::remove(file), std::_Exit(0)),
              testing::ExitedWithCode(0),
              "no secure connection to 127.0.0.1: tlsv1 alert protocol version");
  std::filesystem::remove(file);
}

TEST(TlsEnd, of_a_connection_is_never_taken_for_the_end_of_an_answer) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool polite : {true, false}) {
      TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
        stream.read_head();
        stream.write("HTTP/1.1 200 OK\r\n\r\n");
        stream.write("all of it");
        if (polite) stream.send_close_notify();
      });
      server.speak_only(version);
      EXPECT_EQ(failure_with(get(server.url())), (Failure{ErrorCode::kUnavailable, "reset", true}));
    }
  }
}

}  // namespace
}  // namespace cartpilot::net
