// FakeAnthropic: a strict pretend Messages API on loopback.
//
// It answers with what a Model says, streamed or whole, and checks every request the way the real
// service does: a broken rule is answered with the service's own kind of error and also recorded in
// violations(), so that a test sees it even when the client hides it. The names Q1, Q2 ... in the
// texts number the rules. It signs the thinking it sends and wants it back unchanged; it remembers
// each conversation and notes when its beginning changes. Options turn it into one of the
// compatible servers (anthropic_profiles.h). Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "fakes/loopback_server.h"
#include "fakes/shopping_model.h"

namespace cartpilot::fakes {

/// What a compatible server leaves out or gets wrong.
struct AnthropicQuirks {
  bool thinks = false;           ///< thinks without being asked (Anthropic's models decide by name)
  bool no_signatures = false;    ///< thinking is not signed
  bool wants_thinking = false;   ///< 400 when the thinking of an answer with calls is missing
  bool doubled_start = false;    ///< content_block_start of thinking comes twice
  bool no_event_names = false;   ///< no `event:` lines
  bool no_message_stop = false;  ///< streams end after message_delta
  bool empty_first_text = false;  ///< an empty text block comes first
  bool end_turn_with_calls = false;
  bool whole_input = false;  ///< arguments stand in content_block_start, no deltas
  bool no_usage = false;
  bool foreign_ids = false;     ///< ids such as "functions.create_intent:0"
  bool no_tool_choice = false;  ///< refuses the member
  bool only_enabled = false;    ///< knows no adaptive thinking
};

struct FakeAnthropicOptions {
  std::string key = "sk-ant-test-0123456789";  ///< "" = keys are neither wanted nor checked
  bool bearer = false;
  std::string base_path;    ///< in front of "/v1/messages"
  bool vertex = false;      ///< Google's form of address and body
  bool first_party = true;  ///< models by name, signatures, descriptions of models
  std::vector<std::string> models = {"claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5",
                                     "claude-sonnet-5",   "claude-opus-5",   "claude-opus-4-6",
                                     "claude-haiku-4-5"};
  bool comes_back = false;      ///< conversations were elsewhere and lost their thinking there
  std::size_t piece_bytes = 0;  ///< cut streams into pieces of this size; 0 = one piece
  AnthropicQuirks quirks;
};

class FakeAnthropic {
 public:
  /// An answer to play as it is instead of asking the model.
  struct RawAnswer {
    enum class End { kComplete, kClose, kReset, kHold };
    int status = 200;
    HttpHeaders headers = {{"Content-Type", "text/event-stream"}};
    std::string body;
    std::size_t piece_bytes = 0;
    End end = End::kComplete;
  };

  explicit FakeAnthropic(Model model = shopping_model, FakeAnthropicOptions options = {});
  ~FakeAnthropic();

  std::string base_url() const;  ///< what ANTHROPIC_BASE_URL is set to
  const std::string& key() const;

  /// Queues an answer for the next model request; several queue up. The request is checked all the
  /// same.
  void play(RawAnswer answer);

  /// `content` is that of a given answer: it has to come back as it is.
  void issue(const Json& content, const std::string& model = "claude-sonnet-5-5");

  /// Rules that were broken, e.g. "Q12: no tool_use for toolu_1".
  std::vector<std::string> violations() const;
  std::vector<LoopbackServer::Request> requests() const;
  /// Bodies of the model requests, parsed.
  std::vector<Json> bodies() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::fakes
