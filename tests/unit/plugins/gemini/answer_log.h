// AnswerLog: what a provider said, as lines of text that tests compare whole.
//
// One line per event ("text Hello", "call c1 get_weather {"city":"Oslo"}", "finish stop STOP ..."),
// and "error CODE reason retryable|final" when the answer ended in an Error. Values; one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http_provider.h"
#include "cartpilot/message.h"
#include "cartpilot/stream_event.h"
#include "gemini/decode.h"

namespace cartpilot::gemini::tests {

class AnswerLog final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override;
  void on_error(const Error& failure);

  /// The assistant message as the host would keep it.
  Message message(const std::string& model) const;

  std::vector<std::string> lines;
  Json parts;  ///< raw parts of Finish::provider_metadata
  std::optional<Error> error;

 private:
  Message message_;
};

/// The functions the tests declare.
std::vector<ToolSpec> weather_tools();

DecodeContext decode_context(vendor::Notices& notices, vendor::SecondTry& second_try);

/// The lines that `notices` has to show.
std::vector<std::string> shown(vendor::Notices& notices);

/// Gemini, asked for gemini-3.8-flash with a key.
vendor::Service gemini_service();

/// A decoder fed with the events of a stream, one by one.
AnswerLog decode_stream(const std::vector<std::string>& events);

/// A decoder fed with one whole body.
AnswerLog decode_body(const std::string& body);

/// A decoder behind the event-stream splitter, fed with `pieces` of bytes.
AnswerLog decode_bytes(const std::vector<std::string>& pieces);

/// One chunk with `parts` (JSON text), and more members for the candidate ("\"finishReason\":...").
std::string chunk(const std::string& parts, const std::string& more = "");

/// A functionCall part; `signature` "" = unsigned.
std::string call_part(const std::string& id, const std::string& city,
                      const std::string& signature = "");

/// JSON array of `items`.
std::string list(const std::vector<std::string>& items);

inline const std::string kStop = R"("finishReason":"STOP")";
inline const std::string kFinishStop = "finish stop STOP gemini-3.8-flash";
inline const std::string kFinishCalls = "finish tool_calls STOP gemini-3.8-flash";

using Lines = std::vector<std::string>;

}  // namespace cartpilot::gemini::tests
