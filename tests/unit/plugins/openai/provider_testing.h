// The provider at a pretend server, over real HTTP on loopback.
//
// RequestFixture plays one answer to it and writes down what comes out; whatever ends well is then
// sent back as history, so that every case also proves what the next request looks like.
// ExchangeFixture takes the plugin's own requests and shows what the server says when they are
// spoilt.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cartpilot/message.h"
#include "decode_testing.h"
#include "fakes/openai_profiles.h"
#include "net/http_client.h"
#include "openai/provider.h"

namespace cartpilot::openai::testing {

using Options = std::map<std::string, std::string>;
using Played = fakes::FakeOpenAi::RawAnswer;

/// Models of the pretend OpenAI that are reached through one API or the other.
constexpr const char* kChatModel = "gpt-4.1-mini";
constexpr const char* kResponsesModel = "gpt-6.1-terra";

/// Puts events together to the message that goes into the history, and keeps their trace.
class MessageSink final : public EventSink {
 public:
  MessageSink() { message.role = Role::kAssistant; }
  void on_event(const StreamEvent& event) override;

  Message message;
  TraceSink lines;
  std::vector<std::string> warnings;
  int usages = 0;
};

/// The next messages of a conversation: what the model said, an answer for each of its calls, and a
/// word of the person.
std::vector<Message> going_on(std::vector<Message> history, const Message& said,
                              const std::string& word = "Go on.");

/// Shortens every time limit of a request, so that a silence can be waited for.
class ImpatientTransport final : public HttpTransport {
 public:
  explicit ImpatientTransport(HttpTransport& inner) : inner_(inner) {}
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;
  std::int64_t idle_timeout_ms = 0;  ///< 0 = as the provider wants it

 private:
  HttpTransport& inner_;
};

class RequestFixture {
 public:
  explicit RequestFixture(std::string model, Options options = {{"server", "openai"}},
                          fakes::FakeOpenAiOptions fake = {});

  /// What becomes of this answer. The base URL reads BASE.
  Trace hears(const Played& answer);
  /// An event stream; "[DONE]" is part of the text.
  Trace hears(const std::string& stream);
  /// A whole body that answers a request for a stream.
  Trace hears_body(const std::string& body, const std::string& type = "application/json");
  /// An answer with a status; the trace of the error.
  Trace refused(int status, const std::string& body, HttpHeaders headers = {});

  fakes::FakeOpenAi server;
  net::HttpClient client;
  ImpatientTransport transport;
  OpenAiProvider provider;
  GenerateRequest request;
  CallContext context;

 private:
  void expect_echo_is_legal(const Message& said);
};

/// What is wrong with what the plugin sends for the request of `counter`; empty when nothing is.
std::vector<std::string> complaints(RequestFixture& counter);

/// The plugin's own requests, and spoilt copies of them.
class ExchangeFixture {
 public:
  using Change = std::function<void(Json&)>;

  /// Talks until the model has called two functions and said two things; every request must be
  /// accepted without a word.
  explicit ExchangeFixture(Api api, const std::string& model = "",
                           Options options = {{"server", "openai"}},
                           fakes::FakeOpenAiOptions fake = {});

  /// The last request of that conversation.
  const Json& own() const { return own_; }

  /// "200", or status and rule of the refusal ("400 Q7"), for a changed copy of own().
  std::string when(const Change& change);
  /// The same for any text, and for other addresses, headers and methods.
  std::string when_sent(const std::string& text);
  std::string verdict(const HttpRequest& request);
  HttpRequest request(const std::string& text) const;

  fakes::FakeOpenAi server;
  net::HttpClient client;
  CallContext context;

 private:
  Api api_;
  Json own_;
};

/// Finds the first item of Responses input with this type.
Json& item_of(Json& body, const std::string& type);

}  // namespace cartpilot::openai::testing
