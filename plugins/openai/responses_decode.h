// ResponsesDecoder: a Responses answer, whole or streamed, as stream events.
//
// Events are sorted by output_index, because some gateways change the item ids from event to event.
// The item of "output_item.done" is the authority and is kept as it came: the next request sends it
// back. One answer, one thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/http_provider.h"
#include "openai/answer_context.h"
#include "openai/answer_pieces.h"

namespace cartpilot::openai {

class ResponsesDecoder final : public HttpProvider::Decoder {
 public:
  explicit ResponsesDecoder(AnswerContext context) : context_(std::move(context)) {}

  bool decode(const HttpEvent& event, EventSink& sink) override;
  void finish(EventSink& sink) override;

 private:
  struct Slot {
    Json item;              ///< as added, then as done; null before either
    std::string arguments;  ///< collected deltas, then the text of ".done"
    bool announced = false;
    bool done = false;
    bool shown = false;  ///< some of its text went to the screen as deltas
  };

  void read_event(const Json& event, EventSink& sink);
  void read_delta(const std::string& type, const Json& event, EventSink& sink);
  void add_item(const Json& event, EventSink& sink);
  void complete_item(std::int64_t index, const Json& item, EventSink& sink);
  void show_text(Slot& slot, EventSink& sink);
  void read_terminal(const Json& response, const std::string& status, EventSink& sink);
  void take_missing_items(const Json& output, EventSink& sink);
  void read_usage(const Json& usage);
  std::vector<ToolCall> whole_calls(Json& output);

  AnswerContext context_;
  PieceReader reader_;
  std::map<std::int64_t, Slot> slots_;  ///< by output_index
  std::optional<Usage> usage_;
  std::string model_;
  std::string status_;             ///< of the terminal event; "" before it
  std::string incomplete_reason_;  ///< why the status is "incomplete"
  std::pair<std::int64_t, std::int64_t> summary_part_{-1, -1};
  bool refused_ = false;
  bool whole_output_ = true;  ///< every item came to its end
};

}  // namespace cartpilot::openai
