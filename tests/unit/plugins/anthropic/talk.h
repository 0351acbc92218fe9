// Talk: the plugin at the fake service over loopback HTTP, and what it says as lines of text.
//
// Plays the host's part: keeps the history, runs the calls of a small pretend shop, puts the
// results back. Borrows the service; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "anthropic/provider.h"
#include "fakes/anthropic.h"
#include "net/http_client.h"

namespace cartpilot::anthropic::tests {

using Lines = std::vector<std::string>;
using OptionMap = std::map<std::string, std::string>;

/// An answer, one line per event:
///   text Hello | thought Hm | begin NAME | call ID NAME {...} | bad ID NAME WHY | warning TEXT
///   finish REASON WORD MODEL | error CODE REASON retryable|final
/// Made-up ids read "new". Argument pieces and usage have no lines.
class Log final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override;
  void fail(const Error& failure);

  /// The content blocks as they go back.
  Json content() const;

  Lines lines;
  Message message;
  Usage usage;
  std::string argument_text;  ///< all pieces
  std::optional<Error> error;
};

/// get_weather{city, days} and get_time{}.
std::vector<ToolSpec> weather_tools();
/// The nine functions the shopping model calls.
std::vector<ToolSpec> shop_tools();

/// Lets an impatient test wait for silences.
class HurriedTransport final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;
  std::int64_t idle_timeout_ms = 0;  ///< 0 = as the provider wants it

 private:
  net::HttpClient client_;
};

class Talk {
 public:
  /// `options` are added to server=anthropic unless they name a server. `key` "" = the service's.
  explicit Talk(const fakes::FakeAnthropic& service, OptionMap options = {},
                const std::string& key = "", const std::string& variable = "ANTHROPIC_API_KEY");

  /// What the provider makes of request as it stands.
  Log answer();

  /// Appends the answer and the results of its calls, and says something.
  void keep(const Log& log, const std::string& next = "");

  /// Runs tools until the model answers in words; returns them, or the error's line.
  std::string say(const std::string& text);

  GenerateRequest request;
  HurriedTransport transport;
  CallContext context;
  AnthropicProvider provider;
  Lines warnings;  ///< of all say()
  Lines errors;    ///< their texts
};

}  // namespace cartpilot::anthropic::tests
