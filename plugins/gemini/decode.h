// GeminiDecoder: the answer to one request, streamed or whole, as neutral events.
//
// One state machine for both: a whole body is a stream of one chunk. It keeps the raw parts in the
// order and shape the service must get them back (thought signatures stay on their part), and hands
// them out in Finish::provider_metadata. Borrowed `notices` are emitted as warnings. One thread,
// one answer.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/http_provider.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/half_characters.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/second_try.h"
#include "gemini/functions.h"

namespace cartpilot::gemini {

/// What the decoder must know about the request it decodes the answer of.
struct DecodeContext {
  vendor::Service service;                  ///< whose model is the one asked
  std::string backend;                      ///< Endpoint::backend
  NameMap names;                            ///< declared functions
  std::set<std::string> used_ids;           ///< ids of all calls in the history
  vendor::Notices* notices = nullptr;       ///< said with the first event; never null
  vendor::SecondTry* second_try = nullptr;  ///< never null
};

/// The counts of usageMetadata that matter; absent = in no chunk yet.
struct TokenCounts {
  std::optional<std::int64_t> prompt;
  std::optional<std::int64_t> tool_prompt;
  std::optional<std::int64_t> candidates;
  std::optional<std::int64_t> thoughts;
  std::optional<std::int64_t> cached;
};

class GeminiDecoder final : public HttpProvider::Decoder {
 public:
  explicit GeminiDecoder(DecodeContext context);

  bool decode(const HttpEvent& event, EventSink& shown) override;
  void finish(EventSink& shown) override;
  bool ended() const override { return ended_; }

 private:
  void read_body(std::string_view body, EventSink& sink);
  void read_event(std::string_view data, EventSink& sink);
  void read_stray(std::string_view text, EventSink& sink);
  /// A chunk, an array of chunks, or an error.
  void read_value(Json value, EventSink& sink);
  void read_chunk(Json& chunk, EventSink& sink);
  void read_model(const Json& chunk, EventSink& sink);
  void read_usage(const Json& usage, EventSink& sink);
  void read_candidate(Json& candidate, EventSink& sink);
  void read_part(Json part, EventSink& sink);
  void read_single_part(Json part, EventSink& sink);
  void read_call(Json part, EventSink& sink);
  void read_text(Json part, EventSink& sink);
  void keep_part(Json part);
  Json* choose_candidate(Json& candidates);
  [[noreturn]] void fail_inside(const vendor::ErrorBody& body) const;
  [[noreturn]] void fail_cut() const;
  /// The model said nothing that can be used: worth a second try, not a third.
  [[noreturn]] void fail_useless(const std::string& what, const std::string& reason,
                                 const std::string& said = "") const;
  void finish_stop(EventSink& sink);
  void emit_finish(FinishReason reason, EventSink& sink, const std::string& raw_reason);
  void drop_calls(EventSink& sink, const std::string& why);

  DecodeContext context_;
  vendor::WholeCharacters characters_;
  std::string stray_;         ///< lines outside of events, until they make JSON
  std::string words_;         ///< what came in the place of an event and is none
  std::string damaged_;       ///< why the last event was unreadable; a cut when nothing follows it
  bool single_body_ = false;  ///< one JSON object: complete even without a finish reason
  bool saw_chunk_ = false;
  bool saw_candidate_ = false;
  bool saw_other_part_ = false;  ///< a part that is neither text, thought nor call
  bool saw_text_ = false;
  std::optional<std::int64_t> candidate_index_;

  Json parts_ = Json::array();  ///< raw, merged, for the echo
  enum class Joinable { kNothing, kText, kThought };
  Joinable joinable_ = Joinable::kNothing;  ///< what may be joined to the last part
  std::vector<ToolCall> calls_;             ///< in the order of their parts
  std::vector<std::string> wire_ids_;       ///< of `calls_`, "" when the service gave none
  std::string finish_reason_;
  bool ended_ = false;  ///< nothing but empty chunks since the finish reason
  std::string finish_message_;
  std::string block_reason_;
  std::string model_version_;
  std::string response_id_;
  TokenCounts counts_;  ///< last value of each
  Usage reported_;
};

}  // namespace cartpilot::gemini
