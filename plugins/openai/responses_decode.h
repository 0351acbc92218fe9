// ResponsesDecoder: a Responses answer, whole or streamed, as stream events.
//
// Events go to the items they belong to (responses_items.h). The item of "output_item.done" is the
// authority and is kept as it came, because the next request sends it back, but what the person was
// shown stays what it says. One answer, one thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/http_provider.h"
#include "openai/answer_context.h"
#include "openai/answer_pieces.h"
#include "openai/responses_items.h"

namespace cartpilot::openai {

class ResponsesDecoder final : public HttpProvider::Decoder {
 public:
  explicit ResponsesDecoder(AnswerContext context) : context_(std::move(context)) {}

  bool decode(const HttpEvent& event, EventSink& shown) override;
  void finish(EventSink& shown) override;

 private:
  void read_event(Json& event, std::string type, EventSink& sink);
  void read_delta(const std::string& type, const Json& event, EventSink& sink);
  void read_text(const Json& event, bool refusal, EventSink& sink);
  void read_whole_text(const Json& event, EventSink& sink);
  void read_thought(const Json& event, EventSink& sink);
  void read_arguments(const Json& event, bool whole, EventSink& sink);
  void add_item(const Json& event, EventSink& sink);
  void complete_item(const Json& event, EventSink& sink);
  void show_texts(EventSink& sink, bool all);
  void show_thought(ResponseItem& item, EventSink& sink);
  void read_terminal(const Json& response, const std::string& status, EventSink& sink);
  void read_usage(const Json& usage);
  std::vector<ToolCall> whole_calls(Json& output);
  void take_call(ResponseItem& slot, Json& output, std::vector<ToolCall>& calls);

  AnswerContext context_;
  vendor::WholeCharacters characters_;
  PieceReader reader_{characters_};
  ResponseItems items_;
  std::optional<Usage> usage_;
  std::string model_;
  std::string status_;             ///< of the terminal event; "" before it
  std::string incomplete_reason_;  ///< why the status is "incomplete"
  std::pair<const ResponseItem*, std::int64_t> summary_part_{nullptr, -1};
  bool refused_ = false;
  bool listed_ = false;       ///< the terminal event listed items
  bool whole_output_ = true;  ///< every item came to its end
};

}  // namespace cartpilot::openai
