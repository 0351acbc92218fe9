// Answers by hand: the events of a stream, and the fixture that plays them to the plugin.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "talk.h"
#include "unit/chat/scripted_provider.h"

namespace cartpilot::anthropic::tests {

using RawAnswer = fakes::FakeAnthropic::RawAnswer;

inline const std::string kStop = "finish stop end_turn claude-sonnet-5-5";
inline const std::string kCalls = "finish tool_calls tool_use claude-sonnet-5-5";
inline const std::string kCut = "error unavailable stream_cut retryable";
/// What call(0, "t1", "Oslo") comes to.
inline const std::string kOslo = R"(call t1 get_weather {"city":"Oslo"})";

/// One event with its `event:` line.
std::string event(const std::string& json);

std::string begun();
/// content_block_start with this block, and content_block_stop.
std::string block(int index, const std::string& json);
std::string block_begun(int index, const std::string& json);
std::string block_ended(int index);
/// A delta of this type; `text` is the JSON text of its value.
std::string delta(int index, const std::string& type, const std::string& key,
                  const std::string& text);
std::string text_block(int index, const std::string& text);
std::string thinking(int index, const std::string& text, const std::string& signature);
std::string call_begun(int index, const std::string& id, const std::string& name);
/// A piece of argument text.
std::string arguments(int index, const std::string& piece);
/// A whole call whose arguments come in one piece.
std::string call(int index, const std::string& id, const std::string& city);
std::string call_with(int index, const std::string& id, const std::string& input);
std::string stopped();
/// message_delta with this reason, and message_stop.
std::string ended(const std::string& reason);
std::string told(const std::string& reason);

RawAnswer played(const std::string& stream);
RawAnswer whole_body(const std::string& body, const std::string& type = "application/json");
RawAnswer status(int code, const std::string& body, const HttpHeaders& headers = {});
/// {"type":"error",...}
std::string error_json(const std::string& type, const std::string& message,
                       const std::string& code = "");

/// A chat session around the provider. "look" is a read that echoes its arguments.
class HostedChat {
 public:
  explicit HostedChat(const fakes::FakeAnthropic& service);
  chat::TurnResult say(const std::string& text) { return session.run_turn(text, context_); }

 private:
  CallContext context_;
  std::unique_ptr<Talk> talk_;
  chat::PassingGuard guard_;
  chat::EchoTools tools_;
  chat::ToolRouter router_;

 public:
  chat::Notebook notebook;
  chat::ChatSession session;
};

/// The tests of what the service may answer. What ends well is sent back, and the fake must have
/// nothing to complain about.
class AnthropicAnswer : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(service_.violations(), Lines{}); }

  /// What a new provider makes of it.
  Log hears(const RawAnswer& answer, const OptionMap& options = {});
  Log hears(const std::string& stream, const OptionMap& options = {});

  /// The messages of the request that sent the newest heard answer back.
  Json echo() const { return service_.bodies().back()["messages"]; }

  fakes::FakeAnthropic service_;
  bool issues_ = true;  ///< the service remembers what it was made to say
};

}  // namespace cartpilot::anthropic::tests
