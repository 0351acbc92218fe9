// AnthropicDecoder: the answer to one request, streamed or whole, as neutral events.
//
// One state machine for both: a whole body is a stream whose pieces came at once. The blocks go out
// in Finish::provider_metadata as they came, with the endpoint and the model they came from. Calls
// are held back until message_stop. Borrows what its context points to. One answer, one thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "anthropic/blocks.h"
#include "cartpilot/http_provider.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/pieces.h"
#include "cartpilot/vendor/second_try.h"

namespace cartpilot::anthropic {

/// What the decoder must know about the request it decodes the answer of.
struct DecodeContext {
  vendor::Service service;                  ///< whose model is the one asked
  std::string endpoint;                     ///< Endpoint::base(), written into opaque metadata
  std::set<std::string> used_ids;           ///< ids of all calls in the history
  vendor::Notices* notices = nullptr;       ///< said with the first event; never null
  vendor::SecondTry* second_try = nullptr;  ///< never null
  /// Set when the server leaves message_stop out, so that answers have to be asked for whole; may
  /// be null.
  bool* wants_whole_answers = nullptr;
};

class AnthropicDecoder final : public HttpProvider::Decoder {
 public:
  explicit AnthropicDecoder(DecodeContext context);

  bool decode(const HttpEvent& event, EventSink& sink) override;
  void finish(EventSink& sink) override;
  /// A text with its reason is whole; calls are only with message_stop.
  bool ended() const override { return ended_ || (saw_stop_reason_ && content_.calls() == 0); }

 private:
  void read_event(const Json& event, std::string type, EventSink& sink);
  void read_body(const Json& body, EventSink& sink);
  void read_message(const Json& message, EventSink& sink);
  void read_stop(const Json& delta);
  void read_usage(const Json& object, EventSink& sink);
  bool calls_are_whole();
  ToolCall read_call(Block& block);
  void finish_calls(EventSink& sink);
  void finish_refused(EventSink& sink);
  void finish_too_long(EventSink& sink);
  void emit_finish(FinishReason reason, Json metadata, EventSink& sink);
  Json metadata_with_blocks();

  DecodeContext context_;
  vendor::WholeCharacters characters_;
  vendor::PieceReader reader_;
  BlockList content_;
  std::string stop_reason_;
  Json stop_details_;
  std::string model_;
  bool begun_ = false;            ///< something of an answer was seen
  bool saw_stop_reason_ = false;  ///< a stop reason was told
  bool ended_ = false;            ///< message_stop, or a whole body
  Usage usage_;
  std::int64_t cache_read_ = 0;
  std::int64_t cache_written_ = 0;
  std::int64_t uncached_ = 0;
};

}  // namespace cartpilot::anthropic
