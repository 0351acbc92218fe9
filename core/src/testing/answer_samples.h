// AnswerSamples: what a vendor's server would say, in the vendor's own format.
//
// The kit recognises a format by the request (its URL): OpenAI's chat completions and responses,
// and Gemini's. Other formats come from a file of the author's. Values; thread-safe once made.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cartpilot/json.h"
#include "cartpilot/testing/fake_http.h"

namespace cartpilot::testing {

/// What the pretend model does: says "Hello from the sample.", calls get_weather for Paris, or for
/// Paris and Rome at once.
enum class Scenario { kText, kOneCall, kTwoCalls };

/// One vendor format.
struct Dialect {
  std::map<Scenario, FakeReply> streams;
  std::map<Scenario, FakeReply> bodies;
  FakeReply models;
  Json native_call;  ///< a call of get_weather as the vendor writes it; null = unknown
};

class AnswerSamples {
 public:
  /// Reads the author's file, when there is one. Throws Error{kProtocol} naming what is wrong in
  /// it.
  explicit AnswerSamples(const std::string& file);

  /// The format of this request, or null when nobody knows it.
  const Dialect* dialect_of(const HttpRequest& request) const;

  /// The scripted vendor: answers `scenario` in the format of the request, the model list to GETs.
  /// Requests of unknown format fail with Error{kUnsupported, reason "samples"}.
  FakeReply answer(const HttpRequest& request, Scenario scenario) const;

 private:
  Dialect chat_completions_;
  Dialect responses_;
  Dialect gemini_;
  std::optional<Dialect> authors_;
};

/// True when this request asks for a streamed answer.
bool wants_stream(const HttpRequest& request);

}  // namespace cartpilot::testing
