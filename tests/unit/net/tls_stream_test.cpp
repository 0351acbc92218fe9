// TLS over one socket, without HTTP: wishes, ends, and connections that are gone.

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "tls_test_client.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

class TlsStreamTest : public testing::Test {
 protected:
  std::unique_ptr<TlsTestClient> connect(const TlsTestServer& server) {
    auto client = std::make_unique<TlsTestClient>(*context_, server.port());
    const TlsStream::Progress progress = client->shake_hands();
    EXPECT_EQ(progress.step, TlsStream::Step::kDone) << progress.problem;
    return client;
  }

  const TestCertificate certificate{"IP:127.0.0.1"};

 private:
  const std::unique_ptr<TlsContext> context_ = make_tls_context({certificate.file(), "/no", true});
};

/// Until the system takes no more or the connection is found to be gone.
int write_until_it_fails(TlsStream& stream) {
  const std::string bytes(16384, 'x');
  int result = 1;
  while (result > 0) result = stream.write(bytes.data(), bytes.size());
  return result;
}

TEST_F(TlsStreamTest, says_goodbye_at_its_end) {
  std::promise<bool> polite;
  TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
    polite.set_value(stream.hears_goodbye());
  });
  auto client = connect(server);
  EXPECT_EQ(client->stream->write("x", 1), 1);
  client.reset();
  EXPECT_TRUE(polite.get_future().get());
}

TEST_F(TlsStreamTest, takes_bytes_again_from_another_place) {
  std::promise<void> full;
  std::promise<std::string> arrived;
  std::string sent;
  for (int i = 0; sent.size() < (8U << 20); ++i) sent += std::to_string(i);
  TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
    full.get_future().wait();
    arrived.set_value(stream.read_bytes(sent.size()));
  });
  const auto client = connect(server);
  bool waited = false;
  std::size_t done = 0;
  std::string before;  // kept, so that the next piece lies elsewhere
  std::string piece;
  while (done < sent.size()) {
    before = std::exchange(piece, sent.substr(done, 40000));
    const int result = client->stream->write(piece.data(), piece.size());
    if (result == TlsStream::kWantsWrite) {
      if (!waited) full.set_value();
      waited = true;
      client->wait(POLLOUT);
    } else {
      ASSERT_GT(result, 0);
      done += static_cast<std::size_t>(result);
    }
  }
  EXPECT_TRUE(waited);
  EXPECT_TRUE(arrived.get_future().get() == sent);
}

TEST_F(TlsStreamTest, raises_no_signal_when_the_other_side_is_gone) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  auto server = std::make_unique<TlsTestServer>(certificate, [](TlsTestServer::Stream&) {});
  const auto client = connect(*server);
  server.reset();
  EXPECT_EQ(write_until_it_fails(*client->stream), TlsStream::kBroken);
  EXPECT_EQ(client->stream->write("x", 1), TlsStream::kBroken);
  client->stream.reset();
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST_F(TlsStreamTest, still_gives_what_came_before_the_other_side_went) {
  // Who refuses a large upload has said why before.
  std::promise<void> over;
  auto server = std::make_unique<TlsTestServer>(certificate, [&](TlsTestServer::Stream& stream) {
    stream.write("too much");
    over.get_future().wait();
  });
  const auto client = connect(*server);
  EXPECT_EQ(write_until_it_fails(*client->stream), TlsStream::kWantsWrite);
  char bytes[100];
  int size = client->stream->read(bytes, 3);
  while (size == TlsStream::kWantsRead) {
    client->wait(POLLIN);
    size = client->stream->read(bytes, 3);
  }
  EXPECT_EQ(std::string(bytes, 3), "too");
  over.set_value();
  server.reset();
  EXPECT_EQ(write_until_it_fails(*client->stream), TlsStream::kBroken);
  ASSERT_EQ(client->stream->read(bytes, sizeof bytes), 5);
  EXPECT_EQ(std::string(bytes, 5), " much");
  EXPECT_EQ(client->stream->read(bytes, sizeof bytes), TlsStream::kBroken);
}

TEST_F(TlsStreamTest, shakes_hands_once) {
  std::promise<bool> declined;
  TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
    declined.set_value(stream.is_declined_renegotiation());
  });
  server.speak_only(TLS1_2_VERSION);
  auto client = connect(server);
  client->wait(POLLIN);
  char byte = 0;
  EXPECT_LT(client->stream->read(&byte, 1), 0);  // which declines; the server may have gone already
  client.reset();
  EXPECT_TRUE(declined.get_future().get());
}

}  // namespace
}  // namespace cartpilot::net
