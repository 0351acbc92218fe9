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

  bool decode(const HttpEvent& event, EventSink& sink) override;
  void finish(EventSink& sink) override;

 private:
  void read_chunk(const Json& chunk, EventSink& sink);
  void read_choice(const Json& choice, EventSink& sink);
  void read_text(const Json& delta, EventSink& sink);
  void read_reasoning(const Json& delta, EventSink& sink);
  void read_calls(const Json& delta, EventSink& sink);
  void read_usage(const Json& usage);
  std::vector<ToolCall> whole_calls();
  FinishReason reason(bool has_calls) const;

  AnswerContext context_;
  PieceReader reader_;
  ChatCallSlots calls_;
  std::optional<Usage> usage_;
  std::string model_;
  std::string finish_reason_;
  std::string reasoning_content_;
  Json reasoning_details_ = Json::array();
  bool has_text_ = false;
  bool refused_ = false;
  bool done_ = false;  ///< [DONE], or a whole body
};

}  // namespace cartpilot::openai
