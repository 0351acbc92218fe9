#include "fake_vendor.h"

#include <utility>

#include "answer.h"
#include "http_reader.h"

namespace cartpilot::load {

struct FakeVendor::Client {
  std::shared_ptr<Connection> connection;
  HttpReader reader{};
};

FakeVendor::FakeVendor(Loop& loop, int cut_every)
    : loop_(loop),
      cut_every_(cut_every),
      acceptor_(loop, [this](std::shared_ptr<Connection> made) { serve(std::move(made)); }) {}

void FakeVendor::serve(std::shared_ptr<Connection> connection) {
  const auto client = std::make_shared<Client>(Client{std::move(connection)});
  clients_.insert(client);
  const std::weak_ptr<Client> weak = client;
  client->connection->listen(
      [this, weak](std::string_view bytes) {
        const auto asked = weak.lock();
        asked->reader.add(bytes);
        for (;;) {
          const HttpReader::Part part = asked->reader.next();
          if (part == HttpReader::Part::kNone) return;
          if (part == HttpReader::Part::kBad) asked->connection->close();
          if (part == HttpReader::Part::kBad) return;
          if (part == HttpReader::Part::kEnd) answer(asked);
        }
      },
      [this, weak] { clients_.erase(weak.lock()); });
}

void FakeVendor::answer(const std::shared_ptr<Client>& client) {
  const std::string_view start = client->reader.start();
  if (!start.starts_with("POST ") || start.find("/chat/completions ") == start.npos) {
    client->connection->send(json_answer_of(404, R"({"error":{"message":"unknown path"}})"));
    return;
  }
  ++answers_;
  const bool cut = cut_every_ > 0 && answers_ % cut_every_ == 0;
  client->connection->send(event_stream_head());
  const auto begun = Clock::now();
  loop_.at(begun + kEventPause, [this, client, begun, cut] {
    send_event(client, 0, begun, cut ? kAnswerEvents / 2 : kAnswerEvents);
  });
}

void FakeVendor::send_event(const std::shared_ptr<Client>& client, int number,
                            Clock::time_point begun, int last) {
  if (!client->connection->open()) return;
  client->connection->send(chunk_of(chat_event(number)));
  if (++number < last) {
    loop_.at(begun + kEventPause * (number + 1),
             [this, client, number, begun, last] { send_event(client, number, begun, last); });
  } else if (last == kAnswerEvents) {
    client->connection->send(chunk_of(chat_end()).append(kLastChunk));
  } else {
    client->connection->close();
    clients_.erase(client);
  }
}

}  // namespace cartpilot::load
