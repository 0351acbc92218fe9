// Whom the client trusts: certificates in a folder, by hashed names, and in one file.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "net/http_client.h"
#include "recorder.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

/// Certificates as `openssl rehash` lays them out.
class HashedFolder {
 public:
  HashedFolder() {
    path_ = (std::filesystem::temp_directory_path() / "cartpilot-trust-XXXXXX").string();
    ::mkdtemp(path_.data());
  }
  ~HashedFolder() { std::filesystem::remove_all(path_); }
  HashedFolder(const HashedFolder&) = delete;
  HashedFolder& operator=(const HashedFolder&) = delete;

  void add(const TestCertificate& certificate) {
    const unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(certificate.certificate()),
                                                 nullptr, nullptr, nullptr);
    std::filesystem::copy_file(certificate.file(),
                               std::filesystem::path(path_) / fmt::format("{:08x}.0", hash));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class TlsTrust : public testing::Test {
 protected:
  TlsTrust() { folder.add(other); }

  /// "" when the server was trusted, otherwise the problem.
  std::string connect(HttpClient& client) {
    TlsTestServer server(certificate, serve_ok);
    const auto error = error_of([&] { fetch(client, get(server.url()), CallContext()); });
    return error ? error->what() : "";
  }
  std::string connect(const TrustedCertificates& trust) {
    HttpClient client({false, "cartpilot", trust});
    return connect(client);
  }

  const TestCertificate authority = TestCertificate::authority("A private authority");
  const TestCertificate other = TestCertificate::authority("Another authority");
  const TestCertificate certificate{"IP:127.0.0.1", &authority};
  HashedFolder folder;
};

TEST_F(TlsTrust, an_authority_that_is_only_in_the_file_counts_beside_a_folder_with_others) {
  EXPECT_EQ(connect({folder.path(), authority.file(), false}), "");
  EXPECT_EQ(connect({folder.path(), authority.file(), true}), "");
}

TEST_F(TlsTrust, an_authority_that_is_only_in_the_folder_counts_beside_a_file_with_others) {
  folder.add(authority);
  EXPECT_EQ(connect({folder.path(), other.file(), false}), "");
  EXPECT_EQ(connect({folder.path(), other.file(), true}), "");
  EXPECT_EQ(connect({folder.path(), "/nowhere/cert.pem", true}), "");
}

TEST_F(TlsTrust, nobody_counts_who_is_in_neither) {
  for (const bool file_first : {false, true}) {
    for (const std::string& file : {other.file(), std::string("/nowhere/cert.pem")}) {
      EXPECT_EQ(connect({folder.path(), file, file_first}),
                "the certificate of 127.0.0.1 was refused: unable to get local issuer certificate; "
                "check the address and the system's certificates");
    }
  }
}

TEST_F(TlsTrust, the_file_is_read_only_when_the_folder_does_not_know) {
  const HashedFolder place;
  const std::string file = place.path() + "/cert.pem";
  std::ofstream(file) << "this file cannot be read as certificates";
  HttpClient client({false, "cartpilot", {folder.path(), file, false}});
  folder.add(authority);
  EXPECT_EQ(connect(client), "");
}

}  // namespace
}  // namespace cartpilot::net
