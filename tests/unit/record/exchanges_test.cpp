// Exchanges with a server: recorded from a real one, replayed without any.
#include "record/exchanges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "fakes/loopback_server.h"
#include "record/player.h"
#include "record/recorder.h"
#include "temporary_file.h"
#include "text/redaction.h"

namespace cartpilot::record {
namespace {

using fakes::LoopbackServer;
using testing::HasSubstr;
using testing::Not;

struct ExchangeEnded {
  std::string sentence;
};

/// Everything a program sees of an answer, as text.
class Seen final : public HttpSink {
 public:
  void on_head(const HttpHead& head) override { text += std::to_string(head.status) + "\n"; }
  bool on_event(const HttpEvent& event) override {
    text += std::to_string(static_cast<int>(event.kind)) + " " + std::string(event.name) + ":" +
            std::string(event.data) + "\n";
    return --wanted != 0;
  }
  std::string text;
  int wanted = -1;
};

std::string seen_of(HttpTransport& transport, const HttpRequest& request, int wanted = -1) {
  Seen seen;
  seen.wanted = wanted;
  try {
    transport.send(request, seen, CallContext());
  } catch (const Error& error) {
    seen.text += std::string(error_code_name(error.code)) + " " + error.what() + " " + error.reason;
  }
  return seen.text;
}

HttpRequest request_to(const std::string& url) {
  HttpRequest request;
  request.url = url + "/v1/chat";
  request.headers = {{"Authorization", "Bearer sk-very-secret"}, {"Idempotency-Key", "abc"}};
  request.body = R"({"question":"x"})";
  request.server_sent_events = true;
  return request;
}

void record_to(const std::string& file, const std::function<void(HttpTransport&)>& program) {
  Recorder recorder(file, {{"format", kFormat}});
  set_tape(&recorder);
  {
    const base::Lane lane("0");
    const auto transport = make_transport({});
    program(*transport);
  }
  set_tape(nullptr);
  EXPECT_EQ(recorder.finish(0), std::nullopt);
}

std::string replay_of(const std::string& file, const std::function<void(HttpTransport&)>& program) {
  Player player("file", read_recording(file),
                [](Player::End, const std::string& sentence) { throw ExchangeEnded{sentence}; });
  set_tape(&player);
  std::string sentence;
  try {
    const base::Lane lane("0");
    const auto transport = make_transport({});
    program(*transport);
    player.finish(0);
  } catch (const ExchangeEnded& ended) {
    sentence = ended.sentence;
  }
  set_tape(nullptr);
  return sentence;
}

TEST(Exchanges, a_stream_comes_back_in_the_chunks_in_which_it_came) {
  std::string stream = "event: a\ndata: {\"x\":\"\xc3\xa4\"}\n\n: ping\n\ndata: [DONE]\n\n";
  auto server = std::make_unique<LoopbackServer>([&](const auto&, LoopbackServer::Reply& reply) {
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
    for (const char c : stream) reply.chunk({&c, 1});
    reply.end();
  });
  const HttpRequest request = request_to(server->url());
  const TemporaryFile file;
  std::string seen;
  const auto program = [&](HttpTransport& transport) { seen = seen_of(transport, request); };
  record_to(file.absent(), program);
  server.reset();
  const std::string first = std::exchange(seen, "");
  EXPECT_THAT(first, HasSubstr("[DONE]"));
  EXPECT_EQ(replay_of(file.path(), program), "");
  EXPECT_EQ(seen, first);
  for (const Event& event : read_recording(file.path())) {
    if (event.kind != "answer") continue;
    EXPECT_EQ(bytes_from_json(event.data["body"]), stream);
    EXPECT_GT(event.data["cuts"].size(), 1U);
  }
}

TEST(Exchanges, errors_and_answers_nobody_read_to_the_end_come_back) {
  auto server = std::make_unique<LoopbackServer>(
      [](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
        if (request.target == "/cut") {
          reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
          reply.chunk("data: half\n\n");
          reply.close();
        } else if (request.target == "/refused") {
          reply.send(429, {{"Retry-After", "7"}}, "{\"slow\":true}");
        } else {
          reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
          reply.chunk("data: one\n\ndata: two\n\ndata: three\n\n");
          reply.end();
        }
      });
  const std::string base = server->url();
  const TemporaryFile file;
  std::vector<std::string> seen;
  const auto program = [&](HttpTransport& transport) {
    for (const char* path : {"/cut", "/refused", "/stopped"}) {
      HttpRequest request = request_to(base);
      request.url = base + path;
      seen.push_back(seen_of(transport, request, std::string(path) == "/stopped" ? 2 : -1));
    }
    HttpRequest nowhere = request_to("http://127.0.0.1:1");
    seen.push_back(seen_of(transport, nowhere));
  };
  record_to(file.absent(), program);
  server.reset();
  const auto first = std::exchange(seen, {});
  EXPECT_THAT(first[0], HasSubstr("half"));
  EXPECT_THAT(first[0], HasSubstr("unavailable"));
  EXPECT_THAT(first[1], HasSubstr("429"));
  EXPECT_THAT(first[2], Not(HasSubstr("three")));
  EXPECT_THAT(first[3], HasSubstr("connect"));
  EXPECT_EQ(replay_of(file.path(), program), "");
  EXPECT_EQ(seen, first);
}

TEST(Exchanges, of_threads_of_a_plugin_come_back_in_any_order) {
  auto server = std::make_unique<LoopbackServer>(
      [](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
        reply.send(200, {}, "answer to " + request.target);
      });
  const std::string base = server->url();
  std::vector<std::string> paths;
  for (int i = 0; i < 16; ++i) paths.push_back("/" + std::to_string(i % 12));
  const auto asked = [&](const std::vector<std::string>& order) {
    return [&base, order](HttpTransport& transport) {
      std::vector<std::thread> threads;
      for (const std::string& path : order) {
        threads.emplace_back([&base, &transport, path] {
          HttpRequest request = request_to(base);
          request.url = base + path;
          EXPECT_THAT(seen_of(transport, request), HasSubstr("answer to " + path + "\n"));
        });
      }
      for (std::thread& thread : threads) thread.join();
      // The main thread's own exchanges keep their place.
      EXPECT_THAT(seen_of(transport, request_to(base)), HasSubstr("answer to /v1/chat"));
    };
  };
  const TemporaryFile file;
  record_to(file.absent(), asked(paths));
  server.reset();
  EXPECT_EQ(replay_of(file.path(), asked(paths)), "");
  EXPECT_EQ(replay_of(file.path(), asked({paths.rbegin(), paths.rend()})), "");
  EXPECT_THAT(replay_of(file.path(), asked({paths.begin() + 1, paths.end()})),
              HasSubstr("recorded is the request POST " + base + "/"));
}

TEST(Exchanges, another_request_is_named_with_what_differs) {
  LoopbackServer server(
      [](const auto&, LoopbackServer::Reply& reply) { reply.send(200, {}, "{}"); });
  const TemporaryFile file;
  record_to(file.absent(),
            [&](HttpTransport& transport) { seen_of(transport, request_to(server.url())); });
  const auto with = [&](const std::function<void(HttpRequest&)>& change) {
    return replay_of(file.path(), [&](HttpTransport& transport) {
      HttpRequest request = request_to(server.url());
      change(request);
      seen_of(transport, request);
    });
  };
  EXPECT_EQ(with([](HttpRequest&) {}), "");
  EXPECT_EQ(with([](HttpRequest& request) { request.body = R"({"question":"y"})"; }),
            "the replay differs from file at event 1 (line 2, request): the request POST " +
                server.url() +
                R"(/v1/chat: its body differs at byte 13: recorded '{"question":"x"}', now )"
                R"('{"question":"y"}')");
  EXPECT_THAT(with([](HttpRequest& request) { request.method = "PUT"; }),
              HasSubstr("its method differs"));
  EXPECT_THAT(with([](HttpRequest& request) { request.headers.pop_back(); }),
              HasSubstr("its headers differ"));
  // Keys are not in a recording, so another key is no difference.
  EXPECT_EQ(with([](HttpRequest& request) { request.headers[0].second = "Bearer other"; }), "");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Exchanges, keys_do_not_reach_the_file_but_which_requests_share_one_does) {
  text::add_secret("porcupine-quill-77");
  LoopbackServer server([](const auto&, LoopbackServer::Reply& reply) {
    const std::string body = "you sent porcupine-quill-77, did you not?";
    reply.begin_chunked(200, {{"Set-Cookie", "crumb=1"}, {"X-Echo", "porcupine-quill-77"}});
    for (const char c : body) reply.chunk({&c, 1});
    reply.end();
  });
  const TemporaryFile file;
  record_to(file.absent(), [&](HttpTransport& transport) {
    HttpRequest request = request_to(server.url() + "/porcupine%2Dquill%2D77");
    for (const char* key : {"k-one", "k-one", "k-two"}) {
      request.headers[1].second = key;
      seen_of(transport, request);
    }
  });
  std::ifstream in(file.path());
  const std::string text(std::istreambuf_iterator<char>(in), {});
  for (const char* word : {"porcupine", "quill", "sk-very-secret", "crumb=1", "k-one", "k-two"}) {
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
  std::vector<std::string> keys;
  for (const Event& event : read_recording(file.path())) {
    if (event.kind == "request") keys.push_back(event.data["headers"][1][1]);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"key 1", "key 1", "key 2"}));
}

}  // namespace
}  // namespace cartpilot::record
