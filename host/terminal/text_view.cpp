#include <fmt/format.h>

#include <utility>

#include "terminal/conversation_view.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"

namespace cartpilot::host {

namespace {

constexpr std::size_t kNameShown = 100;
constexpr std::size_t kArgumentsShown = 100;
constexpr std::size_t kMessageShown = 1'000;

class TextView final : public ConversationView {
 public:
  void on_session(const SessionHeader&) override {}
  void on_turn_begin(int, const std::string&) override { wrote_text_ = false; }

  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      wrote_text_ = text_.feed(text->text) || wrote_text_;
    } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
      on_notice(warning->message);
    }
  }

  void on_tool_call(const ToolCall& call) override {
    purchase_said_ = false;
    end_text();
    err_status(
        fmt::format("-> {} {}", text::field(call.name, kNameShown),
                    text::field(dump_json(text::redacted(call.arguments)), kArgumentsShown)));
  }

  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override {
    // A money call's ending was already said by the gate, in better words.
    if (!result.is_error || std::exchange(purchase_said_, false)) return;
    err_status(fmt::format("<- {} failed after {} ms: {}: {}", text::field(call.name, kNameShown),
                           ms, text::field(string_or(result.content, "error_code"), kNameShown),
                           text::field(string_or(result.content, "message"), kMessageShown)));
  }

  void on_retry(std::int64_t wait_ms, const std::string& reason) override {
    end_line();
    err_line(fmt::format("cartpilot: {}; trying again in {:.1f} s", reason,
                         static_cast<double>(wait_ms) / 1000));
  }

  void on_turn_end(int, const chat::TurnResult& result) override {
    end_text();
    if (result.finish == "limit") out_line(result.text);
    end_line();
    if (result.finish == "cancelled") err_line("cartpilot: stopped");
    if (result.finish == "length")
      err_line("cartpilot: the answer was cut at the model's length limit");
    if (result.finish == "content_filter")
      err_line("cartpilot: the vendor's content filter stopped the answer");
  }

  void on_error(const Error& error) override {
    end_line();
    err_line(fmt::format("cartpilot: {}", error.what()));
  }

  void on_notice(const std::string& message) override {
    end_line();
    err_line(fmt::format("cartpilot: {}", message));
  }

  void on_approval_request(const purchase::ApprovalRequest&) override { end_text(); }

  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    end_line();
    const std::string line = decision_line(decision);
    if (!line.empty()) out_marked(line);
  }

  void on_purchase(const purchase::PurchaseReport& report) override {
    purchase_said_ = true;
    try {
      end_line();
      for (const std::string& line : purchase_lines(report)) out_marked(line);
    } catch (const Error&) {
      for (const std::string& line : purchase_lines(report)) err_marked(line);
      throw;
    }
  }

 private:
  /// The model said all it had to say before something else is shown.
  void end_text() {
    wrote_text_ = text_.finish() || wrote_text_;
    end_line();
  }

  void end_line() {
    if (wrote_text_ && !text_.ends_line()) out_text("\n");
    wrote_text_ = false;
  }

  TextStream text_;
  bool wrote_text_ = false;
  bool purchase_said_ = false;
};

}  // namespace

std::unique_ptr<ConversationView> make_text_view() { return std::make_unique<TextView>(); }

}  // namespace cartpilot::host
