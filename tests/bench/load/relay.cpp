#include "relay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "answer.h"
#include "http_reader.h"
#include "sse_lines.h"

namespace cartpilot::load {
namespace {

/// "ID" of "GET /api/conversations/ID/events HTTP/1.1".
std::string conversation_in(std::string_view start) {
  constexpr std::string_view kBefore = "/api/conversations/";
  const std::size_t at = start.find(kBefore);
  if (at == start.npos) return "";
  const std::string_view rest = start.substr(at + kBefore.size());
  return std::string(rest.substr(0, rest.find('/')));
}

/// The text of a Chat Completions event as it stands in JSON; "" when it has none.
std::string_view content_in(std::string_view data) {
  constexpr std::string_view kBefore = R"("content":")";
  const std::size_t at = data.find(kBefore);
  if (at == data.npos) return {};
  const std::string_view rest = data.substr(at + kBefore.size());
  return rest.substr(0, rest.find('"'));
}

}  // namespace

struct BareRelay::Client {
  std::shared_ptr<Connection> connection;
  HttpReader reader{};
};

struct BareRelay::Upstream {
  std::shared_ptr<Connection> connection;
  std::string conversation{};  ///< "" = no turn
  HttpReader reader{};
  SseLines lines{};
};

BareRelay::BareRelay(Loop& loop, int vendor_port)
    : loop_(loop),
      vendor_port_(vendor_port),
      acceptor_(loop, [this](std::shared_ptr<Connection> made) { serve(std::move(made)); }) {}

BareRelay::~BareRelay() = default;

void BareRelay::serve(std::shared_ptr<Connection> connection) {
  const auto client = std::make_shared<Client>(Client{std::move(connection)});
  clients_.insert(client);
  const std::weak_ptr<Client> weak = client;
  client->connection->listen(
      [this, weak](std::string_view bytes) {
        const auto asked = weak.lock();
        asked->reader.add(bytes);
        for (;;) {
          const HttpReader::Part part = asked->reader.next();
          if (part == HttpReader::Part::kEnd) answer(asked);
          if (part == HttpReader::Part::kBad) asked->connection->close();
          if (part == HttpReader::Part::kBad || part == HttpReader::Part::kNone) return;
        }
      },
      [this, weak] { clients_.erase(weak.lock()); });
}

void BareRelay::answer(const std::shared_ptr<Client>& client) {
  const std::string_view start = client->reader.start();
  const std::string conversation = conversation_in(start);
  if (start.starts_with("GET /api/me ")) {
    client->connection->send(json_answer_of(200, R"({"key":"none"})"));
  } else if (start.starts_with("POST /api/conversations ")) {
    client->connection->send(
        json_answer_of(201, fmt::format(R"({{"id":"{}"}})", ++conversations_)));
  } else if (start.find("/events") != start.npos) {
    streams_[conversation] = client->connection;
    client->connection->send(event_stream_head());
  } else if (start.find("/messages ") != start.npos) {
    begin_turn(conversation);
    client->connection->send(json_answer_of(202, R"({"run":"1"})"));
  } else {
    client->connection->send(json_answer_of(404, R"({"message":"unknown path"})"));
  }
}

std::shared_ptr<BareRelay::Upstream> BareRelay::upstream() {
  if (!idle_.empty()) {
    auto used = idle_.back();
    idle_.pop_back();
    return used;
  }
  auto made = std::make_shared<Upstream>(Upstream{Connection::to(loop_, vendor_port_)});
  upstreams_.insert(made);
  const std::weak_ptr<Upstream> weak = made;
  made->connection->listen([this, weak](std::string_view bytes) { read(weak.lock(), bytes); },
                           [this, weak] {
                             const auto gone = weak.lock();
                             if (!gone->conversation.empty()) {
                               send_event(gone->conversation, R"({"type":"RUN_ERROR"})");
                             }
                             std::erase(idle_, gone);
                             upstreams_.erase(gone);
                           });
  return made;
}

void BareRelay::begin_turn(const std::string& conversation) {
  const auto used = upstream();
  used->conversation = conversation;
  const std::string body = chat_request("hello");
  used->connection->send(
      fmt::format("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: "
                  "application/json\r\nContent-Length: {}\r\n\r\n{}",
                  vendor_port_, body.size(), body));
}

void BareRelay::read(const std::shared_ptr<Upstream>& upstream, std::string_view bytes) {
  upstream->reader.add(bytes);
  for (;;) {
    switch (upstream->reader.next()) {
      case HttpReader::Part::kNone: return;
      case HttpReader::Part::kBad: return upstream->connection->close();
      case HttpReader::Part::kHead: break;
      case HttpReader::Part::kBody:
        upstream->lines.add(upstream->reader.body(), [&](std::string_view data) {
          const std::string_view text = content_in(data);
          if (text.empty()) return;
          send_event(upstream->conversation,
                     fmt::format(R"({{"type":"TEXT_MESSAGE_CONTENT","delta":"{}"}})", text));
        });
        break;
      case HttpReader::Part::kEnd:
        send_event(upstream->conversation, R"({"type":"RUN_FINISHED"})");
        upstream->conversation.clear();
        idle_.push_back(upstream);
        break;
    }
  }
}

void BareRelay::send_event(const std::string& conversation, std::string_view data) {
  const auto stream = streams_[conversation].lock();
  if (stream) stream->send(chunk_of(fmt::format("data: {}\n\n", data)));
}

}  // namespace cartpilot::load
