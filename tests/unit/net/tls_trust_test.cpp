// Whom the client trusts: certificates in a folder, by hashed names, and in one file.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "net/tls_backend.h"
#include "tls_test_client.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

using Step = TlsStream::Step;

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

  Step shake_hands(TlsContext& context) {
    TlsTestServer server(certificate, [](TlsTestServer::Stream& stream) { stream.read_head(); });
    TlsTestClient client(context, server.port());
    const TlsStream::Progress progress = client.shake_hands();
    problem = progress.problem;
    return progress.step;
  }
  Step shake_hands(const TrustPlaces& places) { return shake_hands(*make_tls_context(places)); }

  const TestCertificate authority = TestCertificate::authority("A private authority");
  const TestCertificate other = TestCertificate::authority("Another authority");
  const TestCertificate certificate{"IP:127.0.0.1", &authority};
  HashedFolder folder;
  std::string problem;
};

TEST_F(TlsTrust, an_authority_that_is_only_in_the_file_counts_beside_a_folder_with_others) {
  EXPECT_EQ(shake_hands({authority.file(), folder.path(), false}), Step::kDone) << problem;
  EXPECT_EQ(shake_hands({authority.file(), folder.path(), true}), Step::kDone) << problem;
}

TEST_F(TlsTrust, an_authority_that_is_only_in_the_folder_counts_beside_a_file_with_others) {
  folder.add(authority);
  EXPECT_EQ(shake_hands({other.file(), folder.path(), false}), Step::kDone) << problem;
  EXPECT_EQ(shake_hands({other.file(), folder.path(), true}), Step::kDone) << problem;
  EXPECT_EQ(shake_hands({"/nowhere/cert.pem", folder.path(), true}), Step::kDone) << problem;
}

TEST_F(TlsTrust, nobody_counts_who_is_in_neither) {
  for (const bool file_first : {false, true}) {
    for (const std::string& file : {other.file(), std::string("/nowhere/cert.pem")}) {
      EXPECT_EQ(shake_hands({file, folder.path(), file_first}), Step::kRefused);
      EXPECT_EQ(problem, "unable to get local issuer certificate");
    }
  }
}

TEST_F(TlsTrust, the_file_is_read_once_and_only_when_the_folder_does_not_know) {
  const HashedFolder place;
  const std::string file = place.path() + "/cert.pem";
  const auto context = make_tls_context({file, folder.path(), false});
  std::filesystem::copy_file(authority.file(), file);
  EXPECT_EQ(shake_hands(*context), Step::kDone) << "was read too early: " << problem;
  std::filesystem::remove(file);
  EXPECT_EQ(shake_hands(*context), Step::kDone) << problem;
}

}  // namespace
}  // namespace cartpilot::net
