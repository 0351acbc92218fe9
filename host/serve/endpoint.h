// ServeEndpoint: everything `serve` answers over HTTP, without sockets.
//
// GET gives the files of the page; the rest is under /api, for browsers that are known, /agui, for
// other front ends of the same protocol, and what programs reach with a token. A request passes, in
// this order: the host, who it comes from, the origin, how often, the size and form of the body.
// Each is then a question to one Person. handle() is called on a thread for each connection.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mcp/http_endpoint.h"
#include "serve/people.h"
#include "serve/program_door.h"
#include "serve/relay.h"
#include "serve/visitors.h"

namespace cartpilot::host {

constexpr std::size_t kMaxServeBody = 64 * 1024;

struct SiteOptions {
  std::string host;              ///< that requests must name; "" = a proxy answers for that
  std::string provider;          ///< for people: who answers
  std::string model;             ///< "" = the provider's default
  std::string cartpilot;         ///< "SANDBOX, no real money", or the address
  std::string mode;              ///< "pairing" or "proxy"
  std::function<bool()> ready;   ///< whether the state can be reached
  const Relay* relay = nullptr;  ///< to processes that share the state; borrowed
};

class ServeEndpoint {
 public:
  ServeEndpoint(People& people, Visitors& visitors, ProgramDoor& programs, SiteOptions options);

  /// Answers one request; returns when it is answered. Never throws for what a client sent.
  void handle(const mcp::EndpointRequest& request, mcp::EndpointReply& reply);

  /// No more turns begin, /readyz says so, and calls of programs end soon.
  void drain() {
    draining_ = true;
    programs_.hurry();
  }
  /// Event streams end soon.
  void hurry() { ending_ = true; }

 private:
  struct Answer {
    int status = 200;
    Json body = Json::object();
    HttpHeaders headers{};
    std::string text{};  ///< instead of the body, with a Content-Type in the headers
  };
  struct Call {
    const mcp::EndpointRequest& request;
    std::vector<std::string> path;  ///< of "/api/conversations/ID": "conversations", "ID"
    Person& person;
  };

  bool send_file(const mcp::EndpointRequest& request, mcp::EndpointReply& reply) const;
  /// Fills `from` with who asks, as soon as that is known; another process may have told.
  Answer answer(const mcp::EndpointRequest& request, mcp::EndpointReply& reply, bool& streamed,
                RelayedRequest& from, bool relayed);
  std::optional<Answer> refusal_of(const mcp::EndpointRequest& request);
  bool is_ready();
  Answer answer_known(const Call& call, mcp::EndpointReply& reply, bool& streamed);
  Answer about_conversations(const Call& call);
  Answer about_conversation(const Call& call, mcp::EndpointReply& reply, bool& streamed);
  Answer about_question(const Call& call);
  Answer about_tokens(const Call& call);
  Answer me(const Person& person) const;
  void run_agent(const Call& call, mcp::EndpointReply& reply);
  /// Sends what happens after `after`, until the client is gone, or the run `run` has ended.
  void stream(Person& person, LiveConversation& live, std::int64_t after, const std::string& run,
              mcp::EndpointReply& reply);

  People& people_;
  Visitors& visitors_;
  ProgramDoor& programs_;
  const SiteOptions options_;
  std::mutex ready_mutex_;  ///< of the two below
  bool ready_ = false;
  std::optional<base::SteadyTime> ready_looked_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> ending_{false};
};

}  // namespace cartpilot::host
