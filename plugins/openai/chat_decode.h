// ChatDecoder: a Chat Completions answer, whole or streamed, as stream events.
//
// One state machine for both: a whole answer is a stream of one piece. Calls are held back until
// the answer has ended well. One answer, one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/http_provider.h"
#include "openai/answer_context.h"
#include "openai/answer_pieces.h"
#include "openai/chat_call_slots.h"

namespace cartpilot::openai {

class ChatDecoder final : public HttpProvider::Decoder {
 public:
  explicit ChatDecoder(AnswerContext context) : context_(std::move(context)) {}

  bool decode(const HttpEvent& event, EventSink& shown) override;
  void finish(EventSink& shown) override;
  bool ended() const override;

 private:
  void read_chunk(const Json& chunk, EventSink& sink);
  static std::int64_t first_index(const Json& choices);
  void read_choice(const Json& choice, EventSink& sink);
  void read_message(const Json& message, EventSink& sink);
  void read_content(const Json& delta, EventSink& sink);
  void read_part(const Json& part, EventSink& sink);
  void read_reasoning(const Json& delta, EventSink& sink);
  void read_calls(const Json& delta, EventSink& sink);
  void read_usage(const Json& usage);
  void say(const std::string& text, EventSink& sink);
  void keep_part(const Json& part);
  Json metadata_of(const ToolCall& call, const ChatCallSlots::Slot& slot) const;
  std::vector<ToolCall> whole_calls();
  bool filtered() const;
  void throw_if_failed() const;
  FinishReason reason(bool has_calls) const;
  Json message_metadata();

  AnswerContext context_;
  vendor::WholeCharacters characters_;
  PieceReader reader_{characters_};
  ChatCallSlots calls_;
  std::optional<Usage> usage_;
  std::optional<std::int64_t> choice_index_;  ///< of the choice that is ours
  std::string model_;
  std::string finish_reason_;
  std::string native_reason_;  ///< of the service behind a gateway
  std::string said_;           ///< all text that was shown
  std::string reasoning_content_;
  std::string reasoning_field_;  ///< the member it came in
  Json reasoning_details_ = Json::array();
  Json content_ = Json::array();  ///< parts of the content, joined
  bool has_other_parts_ = false;  ///< some are neither text nor refusal
  std::size_t pieces_ = 0;        ///< of text, thoughts and calls, so far
  bool ended_ = false;            ///< no piece has come since the finish reason
  bool refused_ = false;
  bool done_ = false;  ///< [DONE], or a whole body
};

}  // namespace cartpilot::openai
