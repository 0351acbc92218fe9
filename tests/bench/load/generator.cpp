#include "generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "answer.h"
#include "cartpilot/json.h"

namespace cartpilot::load {
namespace {

constexpr int kOpenedAtOnce = 32;
constexpr std::chrono::seconds kOpenPatience{120};
constexpr std::chrono::seconds kTurnPatience{15};
constexpr std::size_t kShownBytes = 120;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string refusal_of(const std::string& what, int status, const std::string& body) {
  return fmt::format("{}: HTTP {} {}", what, status, body.substr(0, kShownBytes));
}

}  // namespace

int Measured::error_count() const {
  return std::accumulate(errors.begin(), errors.end(), 0,
                         [](int sum, const auto& error) { return sum + error.second; });
}

/// A connection for requests, one at a time.
struct Generator::Call {
  std::shared_ptr<Connection> connection;
  HttpReader reader{};
  std::string body{};
  OnReply on_reply{};                    ///< of a request that is answered whole
  Conversation* conversation = nullptr;  ///< of a completion
  bool streams = false;                  ///< the completion was accepted
  SseLines lines{};
};

struct Generator::Conversation {
  int person = 0;
  std::string id{};
  std::shared_ptr<Connection> stream{};
  HttpReader reader{};
  SseLines lines{};
  int turns = 0;
  // The turn.
  bool running = false;
  bool replied = false;
  bool ended = false;  ///< its last event was read
  int events = 0;
  Clock::time_point sent{};
};

Generator::Generator(Loop& loop, Plan plan, Interface interface, int port, std::string headers)
    : loop_(loop),
      plan_(plan),
      interface_(interface),
      port_(port),
      headers_(std::move(headers)),
      keys_(static_cast<std::size_t>(plan.people)) {
  for (int i = 0; i < plan_.conversations; ++i) {
    conversations_.push_back(std::make_unique<Conversation>());
    conversations_.back()->person = i % plan_.people;
  }
}

Generator::~Generator() = default;

std::string Generator::request(const std::string& method, const std::string& path, int person,
                               const std::string& body) const {
  std::string text = fmt::format(
      "{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: http://127.0.0.1:{}\r\nX-Forwarded-User: "
      "person {}\r\nX-Page-Key: {}\r\n{}",
      method, path, port_, port_, person, keys_[static_cast<std::size_t>(person)], headers_);
  if (method == "POST") {
    text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  return text + "\r\n" + body;
}

void Generator::fail(const std::string& what) {
  if (failed_.empty()) failed_ = what;
}

std::shared_ptr<Generator::Call> Generator::call() {
  if (!idle_.empty()) {
    auto used = idle_.back();
    idle_.pop_back();
    return used;
  }
  auto made = std::make_shared<Call>(Call{Connection::to(loop_, port_)});
  calls_.insert(made);
  const std::weak_ptr<Call> weak = made;
  made->connection->listen([this, weak](std::string_view bytes) { read(weak.lock(), bytes); },
                           [this, weak] {
                             const auto gone = weak.lock();
                             std::erase(idle_, gone);
                             calls_.erase(gone);
                             if (gone->on_reply) gone->on_reply(0, "the connection was closed");
                             if (gone->conversation != nullptr) {
                               end_turn(*gone->conversation, "the connection was closed");
                             }
                           });
  return made;
}

void Generator::ask(const std::string& request, OnReply on_reply) {
  const auto used = call();
  used->on_reply = std::move(on_reply);
  used->connection->send(request);
}

void Generator::read(const std::shared_ptr<Call>& call, std::string_view bytes) {
  call->reader.add(bytes);
  for (;;) {
    switch (call->reader.next()) {
      case HttpReader::Part::kNone: return;
      case HttpReader::Part::kBad: return fail("a reply that is no HTTP");
      case HttpReader::Part::kHead:
        call->body.clear();
        call->streams = call->conversation != nullptr && call->reader.status() == 200;
        if (call->streams) {
          measured_.accepted.push_back(milliseconds_since(call->conversation->sent));
        }
        break;
      case HttpReader::Part::kBody:
        if (call->streams) {
          call->lines.add(call->reader.body(),
                          [&](std::string_view data) { read_event(*call->conversation, data); });
        } else {
          call->body.append(call->reader.body());
        }
        break;
      case HttpReader::Part::kEnd: {
        idle_.push_back(call);
        Conversation* const conversation = std::exchange(call->conversation, nullptr);
        if (conversation != nullptr && !call->streams) {
          end_turn(*conversation, refusal_of("the completion", call->reader.status(), call->body));
        } else if (conversation != nullptr) {
          end_turn(*conversation, conversation->ended ? "" : "the answer ended too early");
        }
        const OnReply on_reply = std::exchange(call->on_reply, nullptr);
        if (on_reply) on_reply(call->reader.status(), call->body);
        break;
      }
    }
  }
}

void Generator::ask_all(std::size_t count,
                        const std::function<std::string(std::size_t)>& request_of,
                        const std::function<void(std::size_t, int, const std::string&)>& on_reply) {
  std::size_t next = 0;
  std::size_t done = 0;
  std::function<void()> ask_next = [&] {
    if (next == count) return;
    const std::size_t index = next++;
    ask(request_of(index), [&, index](int status, const std::string& body) {
      on_reply(index, status, body);
      ++done;
      ask_next();
    });
  };
  for (int i = 0; i < kOpenedAtOnce; ++i) ask_next();
  wait_for_opened([&] { return done == count; });
}

void Generator::wait_for_opened(const std::function<bool()>& done) {
  const bool all =
      loop_.run_until([&] { return !failed_.empty() || done(); }, Clock::now() + kOpenPatience);
  if (!failed_.empty()) throw std::runtime_error("cannot open conversations: " + failed_);
  if (!all) throw std::runtime_error("opening the conversations takes too long");
}

void Generator::open() {
  if (interface_ == Interface::kCompletions) return;
  ask_all(
      keys_.size(),
      [&](std::size_t person) { return request("GET", "/api/me", static_cast<int>(person), ""); },
      [&](std::size_t person, int status, const std::string& body) {
        if (status != 200) return fail(refusal_of("GET /api/me", status, body));
        keys_[person] = parse_json(body, "the answer").at("key").get<std::string>();
      });
  ask_all(
      conversations_.size(),
      [&](std::size_t index) {
        return request("POST", "/api/conversations", conversations_[index]->person, "{}");
      },
      [&](std::size_t index, int status, const std::string& body) {
        if (status != 201) return fail(refusal_of("POST /api/conversations", status, body));
        conversations_[index]->id = parse_json(body, "the answer").at("id").get<std::string>();
        open_stream(*conversations_[index]);
      });
  wait_for_opened([&] {
    return std::all_of(conversations_.begin(), conversations_.end(),
                       [](const auto& made) { return made->reader.status() == 200; });
  });
}

void Generator::open_stream(Conversation& conversation) {
  conversation.stream = Connection::to(loop_, port_);
  conversation.stream->listen(
      [this, &conversation](std::string_view bytes) {
        conversation.reader.add(bytes);
        for (;;) {
          const HttpReader::Part part = conversation.reader.next();
          if (part == HttpReader::Part::kNone) return;
          if (part == HttpReader::Part::kHead && conversation.reader.status() != 200) {
            fail(fmt::format("the event stream: HTTP {}", conversation.reader.status()));
          } else if (part == HttpReader::Part::kBody) {
            conversation.lines.add(conversation.reader.body(),
                                   [&](std::string_view data) { read_event(conversation, data); });
          } else if (part != HttpReader::Part::kHead) {
            return conversation.stream->close();
          }
        }
      },
      [this, &conversation] {
        fail("an event stream was closed");
        ++measured_.errors["an event stream was closed"];
        if (conversation.running) end_turn(conversation, "its event stream was closed");
      });
  conversation.stream->send(request("GET",
                                    fmt::format("/api/conversations/{}/events", conversation.id),
                                    conversation.person, ""));
}

Measured Generator::run() {
  measured_ = {};
  begun_ = Clock::now();
  const int turns = static_cast<int>(plan_.rate * plan_.seconds);
  schedule(0);
  const auto end = begun_ + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(plan_.seconds));
  loop_.run_until([&] { return measured_.turns == turns && running_ == 0; }, end + kTurnPatience);
  for (const auto& conversation : conversations_) {
    if (conversation->running) end_turn(*conversation, "not answered in time");
  }
  return std::exchange(measured_, {});
}

void Generator::schedule(int turn) {
  if (turn >= static_cast<int>(plan_.rate * plan_.seconds)) return;
  const auto due = begun_ + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(turn / plan_.rate));
  loop_.at(due, [this, turn, due] {
    measured_.late.push_back(milliseconds_since(due));
    begin_turn(*conversations_[static_cast<std::size_t>(turn) % conversations_.size()]);
    schedule(turn + 1);
  });
}

void Generator::begin_turn(Conversation& conversation) {
  ++measured_.turns;
  if (conversation.running) {
    ++measured_.errors["the conversation was still answering"];
    return;
  }
  ++conversation.turns;
  conversation.running = true;
  conversation.replied = false;
  conversation.ended = false;
  conversation.events = 0;
  conversation.sent = Clock::now();
  ++running_;
  if (interface_ == Interface::kCompletions) {
    const auto used = call();
    used->conversation = &conversation;
    used->lines = {};
    used->connection->send(
        request("POST", "/v1/chat/completions", conversation.person, chat_request("hello")));
    return;
  }
  const std::string path = fmt::format("/api/conversations/{}/messages", conversation.id);
  ask(request("POST", path, conversation.person, R"({"text":"hello"})"),
      [this, &conversation](int status, const std::string& body) {
        if (!conversation.running) return;
        if (status != 202) return end_turn(conversation, refusal_of("the message", status, body));
        measured_.accepted.push_back(milliseconds_since(conversation.sent));
        conversation.replied = true;
        if (conversation.ended) end_turn(conversation, "");
      });
}

void Generator::read_event(Conversation& conversation, std::string_view data) {
  if (!conversation.running) return;
  const bool text = data.find(interface_ == Interface::kCompletions
                                  ? R"("content":")"
                                  : R"("type":"TEXT_MESSAGE_CONTENT")") != data.npos;
  if (text) {
    const auto marks = static_cast<int>(std::count(data.begin(), data.end(), kEventMark));
    if (conversation.events == 0 && marks > 0) {
      const double first = milliseconds_since(conversation.sent);
      measured_.first.push_back(first);
      if (conversation.turns > 1) measured_.first_later.push_back(first);
    }
    conversation.events += marks;
  } else if (data == "[DONE]" || data.find(R"("type":"RUN_FINISHED")") != data.npos) {
    measured_.last.push_back(milliseconds_since(conversation.sent));
    conversation.ended = true;
    if (conversation.replied) end_turn(conversation, "");
  } else if (data.find(R"("type":"RUN_ERROR")") != data.npos) {
    const Json event = parse_json(data, "the event");
    end_turn(conversation, "RUN_ERROR " + event.value("message", ""));
  }
}

void Generator::end_turn(Conversation& conversation, const std::string& error) {
  if (!conversation.running) return;
  conversation.running = false;
  --running_;
  if (!error.empty()) {
    ++measured_.errors[error];
  } else if (conversation.events != kAnswerEvents) {
    ++measured_.errors["an answer without all of its events"];
  }
}

}  // namespace cartpilot::load
