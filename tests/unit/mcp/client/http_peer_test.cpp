#include "mcp/client/http_peer.h"

#include "unit/mcp/client/fake_peer.h"

namespace cartpilot::mcp {
namespace {

using testing::Contains;
using testing::Not;
using testing::Pair;

/// Remembers the request and answers as told.
class FakeTransport final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    requests.push_back(request);
    if (failure) throw *failure;
    sink.on_head(head);
    for (const auto& [kind, data] : events) {
      // As the client over libcurl: who does not ask for events gets the stream as it is.
      const bool whole = kind == HttpEvent::Kind::kEvent && !request.server_sent_events;
      const std::string stream = "event: message\ndata: " + data + "\n\n";
      if (!sink.on_event(whole ? HttpEvent{HttpEvent::Kind::kBody, "", stream}
                               : HttpEvent{kind, "message", data})) {
        return;
      }
    }
  }

  std::vector<HttpRequest> requests;
  HttpHead head{200, {}};
  std::vector<std::pair<HttpEvent::Kind, std::string>> events;
  std::optional<Error> failure;
};

const auto kBody = HttpEvent::Kind::kBody;
const auto kEvent = HttpEvent::Kind::kEvent;

struct HttpWorld {
  FakeTransport transport;
  HttpPeer peer{transport, "https://tools.example/mcp", {{"Authorization", "Bearer abcdefgh"}}};
};

std::string reason_of(HttpPeer& peer) {
  try {
    peer.request({"tools/list"}, CallContext());
  } catch (const Error& error) {
    return error.reason.empty() ? "another error" : error.reason;
  }
  return "none";
}

TEST(HttpPeer, sends_what_the_modern_era_wants) {
  HttpWorld world;
  world.transport.events = {{kBody, R"({"jsonrpc":"2.0","id":1,"result":{"a":1}})"}};
  world.peer.use_revision("2026-07-28");
  EXPECT_EQ(world.peer.request({"tools/call", {{"name", "read"}}}, CallContext()),
            (Json{{"a", 1}}));
  const HttpRequest& sent = world.transport.requests.at(0);
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url, "https://tools.example/mcp");
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"Authorization", "Bearer abcdefgh"},
                                          {"Content-Type", "application/json"},
                                          {"Accept", "application/json, text/event-stream"},
                                          {"MCP-Protocol-Version", "2026-07-28"},
                                          {"Mcp-Method", "tools/call"},
                                          {"Mcp-Name", "read"}}) {
    EXPECT_THAT(sent.headers, Contains(Pair(name, value)));
  }
}

TEST(HttpPeer, keeps_the_session_of_the_legacy_era) {
  HttpWorld world;
  world.transport.head.headers = {{"Mcp-Session-Id", "abc"}};
  world.transport.events = {{kBody, R"({"jsonrpc":"2.0","id":1,"result":{}})"}};
  world.peer.request({"initialize"}, CallContext());
  world.peer.use_revision("2025-11-25");
  world.transport.events = {{kBody, R"({"jsonrpc":"2.0","id":2,"result":{}})"}};
  world.peer.request({"tools/list"}, CallContext());
  world.peer.notify("notifications/initialized");
  EXPECT_THAT(world.transport.requests.at(0).headers,
              Not(Contains(Pair("MCP-Protocol-Version", testing::_))));
  for (const int at : {1, 2}) {
    EXPECT_THAT(world.transport.requests.at(at).headers, Contains(Pair("Mcp-Session-Id", "abc")));
    EXPECT_THAT(world.transport.requests.at(at).headers,
                Contains(Pair("MCP-Protocol-Version", "2025-11-25")));
    EXPECT_THAT(world.transport.requests.at(at).headers,
                Not(Contains(Pair("Mcp-Method", testing::_))));
  }
}

TEST(HttpPeer, reads_an_event_stream_up_to_its_answer) {
  HttpWorld world;
  world.transport.events = {
      {kEvent, ""},
      {kEvent, "rubbish"},
      {kEvent, R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})"},
      {kEvent, R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})"},
      {kEvent, R"({"jsonrpc":"2.0","id":"x","method":"elicitation/create"})"},
      {kEvent, R"({"jsonrpc":"2.0","id":9,"result":{"of":"another"}})"},
      {kEvent, R"({"jsonrpc":"2.0","id":1,"result":{"a":1}})"},
      {kEvent, R"({"jsonrpc":"2.0","id":1,"result":{"a":2}})"}};
  std::vector<Json> progress;
  PeerRequest request{"tools/call", {{"name", "a"}}};
  request.on_progress = [&](const Json& params) { progress.push_back(params); };
  EXPECT_EQ(world.peer.request(request, CallContext()), (Json{{"a", 1}}));
  EXPECT_EQ(progress.size(), 1U);
  EXPECT_TRUE(world.peer.take_list_changed());
}

TEST(HttpPeer, passes_on_refusals_also_those_that_name_no_request) {
  HttpWorld world;
  world.transport.head.status = 400;
  for (const char* id : {"1", "null"}) {
    world.transport.events = {{kBody, std::string(R"({"jsonrpc":"2.0","id":)") + id +
                                          R"(,"error":{"code":-32022,"message":"no"}})"}};
    HttpPeer peer(world.transport, "https://tools.example/mcp", {});
    try {
      peer.request({"tools/list"}, CallContext());
      FAIL() << id;
    } catch (const ProtocolError& error) {
      EXPECT_EQ(error.rpc_code, -32022) << id;
    }
  }
}

TEST(HttpPeer, is_lost_without_an_answer) {
  HttpWorld world;
  world.transport.head.status = 404;
  EXPECT_EQ(reason_of(world.peer), "lost");
  world.transport.head.status = 200;
  world.transport.events = {{kEvent, R"({"jsonrpc":"2.0","method":"notifications/x"})"}};
  EXPECT_EQ(reason_of(world.peer), "lost");
  world.transport.failure = Error(ErrorCode::kUnavailable, "connection refused");
  EXPECT_EQ(reason_of(world.peer), "lost");
  world.transport.failure = Error(ErrorCode::kCancelled, "cancelled");
  EXPECT_EQ(reason_of(world.peer), "another error");
}

}  // namespace
}  // namespace cartpilot::mcp
