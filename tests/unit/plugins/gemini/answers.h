// GeminiAnswer: the tests of what the service may answer, each played by the fake over loopback
// HTTP and heard by a new provider.
//
// After every test the fake must have nothing to complain about. HostedChat puts the program's own
// chat session around the provider, for what the host does with an answer.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conversation.h"
#include "unit/chat/scripted_provider.h"

namespace cartpilot::gemini::tests {

/// The bytes of an event stream, in the pieces given.
fakes::GivenAnswer bytes_of_stream(const std::vector<std::string>& pieces);

/// One server-sent event as the service frames it.
std::string framed(const std::string& json);

/// {"error":{...}} as Google writes it; `details` is a JSON list, "" = none.
std::string status_body(int code, const std::string& status, const std::string& message,
                        const std::string& details = "");

class GeminiAnswer : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(service_.violations(), Lines{}); }

  /// What a new provider makes of `given`.
  AnswerLog heard(const fakes::GivenAnswer& given, bool stream = true);

  /// Events of a stream, each sent alone.
  AnswerLog streamed(const std::vector<std::string>& events);

  /// The body of an answer that was asked for as a whole.
  AnswerLog whole(const std::string& body);

  /// `body` as a whole and as a stream of one event, which must come to the same.
  AnswerLog either(const std::string& body);

  /// An answer with a status of its own.
  AnswerLog refused(int status, const std::string& body, const HttpHeaders& headers = {});

  /// The model's content in the request that follows the answer of `events`.
  Json echo_of(const std::vector<std::string>& events);

  fakes::FakeGemini service_;
};

/// A chat session around the provider. "look" is a read that echoes its arguments.
class HostedChat {
 public:
  explicit HostedChat(fakes::FakeGemini& service, const Conversation::Options& options = {});

  chat::TurnResult say(const std::string& text) { return session.run_turn(text, context_); }

 private:
  net::HttpClient client_;
  CallContext context_;
  std::unique_ptr<GeminiProvider> provider_;
  chat::PassingGuard guard_;
  chat::EchoTools tools_;
  chat::ToolRouter router_;

 public:
  chat::Notebook notebook;
  chat::ChatSession session;
};

}  // namespace cartpilot::gemini::tests
