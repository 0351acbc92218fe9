// Conversation: the plugin talking to a fake service over loopback HTTP, with a small pretend shop.
//
// Plays the host's part: keeps the history, runs the calls, puts the results back. Borrows the
// service; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "answer_log.h"
#include "fakes/gemini.h"
#include "gemini/provider.h"
#include "net/http_client.h"

namespace cartpilot::gemini::tests {

/// The nine functions the shopping model calls.
std::vector<ToolSpec> shop_tools();

class Conversation {
 public:
  using Options = std::map<std::string, std::string>;

  Conversation(fakes::FakeGemini& service, const Options& options = {}, bool stream = true,
               const std::string& key = "test-key");

  /// What the provider makes of request() as it stands.
  AnswerLog answer();
  AnswerLog answer(const CallContext& context);

  /// Runs tools until the model answers in words; returns them, or the error line.
  std::string say(const std::string& text);

  /// Appends the answer and, when it holds calls, the results of all of them.
  void keep(const AnswerLog& log);

  GeminiProvider& provider() { return *provider_; }
  GenerateRequest& request() { return request_; }

  std::vector<std::string> ids;  ///< of all calls so far

 private:
  net::HttpClient client_;
  std::unique_ptr<GeminiProvider> provider_;
  GenerateRequest request_;
};

}  // namespace cartpilot::gemini::tests
