// FakeOpenAi: a strict pretend OpenAI on loopback, with both APIs and a list of models.
//
// It answers with what a Model says, streamed or whole, and checks every request the way the real
// service does: a broken rule is answered with the service's own kind of error and also recorded in
// violations(), so that a test sees it even when the client hides it. The names Q1, Q2 ... in the
// texts number the rules. Quirks turn it into one of the compatible servers. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "fakes/loopback_server.h"
#include "fakes/shopping_model.h"

namespace cartpilot::fakes {

/// What compatible servers omit, repeat, refuse or get wrong on Chat Completions.
struct OpenAiQuirks {
  bool no_index = false;           ///< calls come without index
  bool index_zero = false;         ///< every call has index 0
  bool whole_calls = false;        ///< a call comes in one piece, arguments and all
  bool finish_with_delta = false;  ///< finish_reason in the piece with the last arguments
  bool finish_stop = false;        ///< "stop" although there are calls
  bool no_usage = false;
  bool no_done = false;            ///< no [DONE]; the stream just ends
  bool repeat_metadata = false;    ///< id, type and name in every piece
  bool comments = false;           ///< comment lines between events
  bool arguments_object = false;   ///< arguments as an object instead of a string
  bool no_ids = false;             ///< calls come without id
  bool reasoning_content = false;  ///< sends reasoning_content and wants it back with calls
  bool reasoning_details = false;  ///< sends reasoning_details and wants them back
  bool call_extras = false;        ///< sends extra_content with the first call and wants it back
  bool refuse_stream_options = false;
  bool tool_choice_strings = false;  ///< refuses tool_choice as an object
  bool refuse_strict = false;        ///< refuses "strict" in functions
};

struct FakeOpenAiOptions {
  std::string key = "sk-test-0123456789abcdef";  ///< "" = keys are neither wanted nor checked
  std::vector<std::string> models = {"gpt-6.1-terra", "gpt-5.6-luna", "gpt-4.1-mini"};
  std::size_t piece_bytes = 0;  ///< cut streams into pieces of this size; 0 = one per event
  OpenAiQuirks quirks;
};

class FakeOpenAi {
 public:
  /// An answer to play as it is instead of asking the model.
  struct RawAnswer {
    int status = 200;
    HttpHeaders headers = {{"Content-Type", "text/event-stream"}};
    std::string body;
    std::size_t piece_bytes = 0;
    bool reset = false;  ///< reset the connection instead of ending the answer
  };

  explicit FakeOpenAi(Model model, FakeOpenAiOptions options = {});
  ~FakeOpenAi();

  std::string base_url() const;  ///< "http://127.0.0.1:PORT/v1"
  const std::string& key() const;

  /// Queues an answer for the next model request; several queue up.
  void play(RawAnswer answer);

  /// Rules that were broken, e.g. "Q34: no output for call_1".
  std::vector<std::string> violations() const;
  std::vector<LoopbackServer::Request> requests() const;
  /// Bodies of the model requests, parsed.
  std::vector<Json> bodies() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::fakes
