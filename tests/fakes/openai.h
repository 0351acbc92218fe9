// FakeOpenAi: a strict pretend OpenAI on loopback, with both APIs and a list of models.
//
// It answers with what a Model says, streamed or whole, and checks every request the way the real
// service does: a broken rule is answered with the service's own kind of error and also recorded in
// violations(), so that a test sees it even when the client hides it. The names Q1, Q2 ... in the
// texts number the rules. Address and quirks turn it into one of the compatible servers
// (fake_openai_profiles.h). Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "fakes/loopback_server.h"
#include "fakes/openai_quirks.h"
#include "fakes/shopping_model.h"

namespace cartpilot::fakes {

struct FakeOpenAiOptions {
  std::string key = "sk-test-0123456789abcdef";  ///< "" = keys are neither wanted nor checked
  std::vector<std::string> models = {"gpt-6.1-terra", "gpt-5.6-luna", "gpt-4.1-mini"};
  std::size_t piece_bytes = 0;  ///< cut streams into pieces of this size; 0 = one per event
  bool redirected_to = false;   ///< nobody may come here with a key (Q9)
  bool may_store = false;       ///< Responses may be stored; else that breaks Q30
  OpenAiAddress address;
  OpenAiQuirks quirks;
};

class FakeOpenAi {
 public:
  /// An answer to play as it is instead of asking the model.
  struct RawAnswer {
    /// How it ends: properly, with the connection closed too early, with a reset, or never (the
    /// socket stays open until the client has had enough).
    enum class End { kComplete, kClose, kReset, kHold };
    int status = 200;
    HttpHeaders headers = {{"Content-Type", "text/event-stream"}};
    std::string body;
    std::size_t piece_bytes = 0;
    std::chrono::milliseconds pause{0};  ///< silence before each piece
    End end = End::kComplete;
  };

  explicit FakeOpenAi(Model model, FakeOpenAiOptions options = {});
  ~FakeOpenAi();

  std::string base_url() const;  ///< "http://127.0.0.1:PORT/v1"
  const std::string& key() const;

  /// Queues an answer for the next model request; several queue up.
  void play(RawAnswer answer);

  /// Rules that were broken, e.g. "Q34: no output for call_1".
  std::vector<std::string> violations() const;
  /// Everything that was refused, also what a client may find out by trying (the limits of a
  /// model), e.g. "Q24: Unsupported parameter ...".
  std::vector<std::string> refusals() const;
  std::vector<LoopbackServer::Request> requests() const;
  /// Bodies of the model requests, parsed.
  std::vector<Json> bodies() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::fakes
