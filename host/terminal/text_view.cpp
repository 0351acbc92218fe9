#include <fmt/format.h>

#include <utility>

#include "terminal/conversation_view.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

constexpr std::size_t kArgumentsShown = 100;

class TextView final : public ConversationView {
 public:
  void on_session(const SessionHeader&) override {}
  void on_turn_begin(int, const std::string&) override { wrote_text_ = false; }

  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      show(redaction_.feed(filter_.feed(text->text)));
    } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
      on_notice(warning->message);
    }
  }

  void on_tool_call(const ToolCall& call) override {
    purchase_said_ = false;
    end_text();
    std::string arguments = dump_json(call.arguments);
    if (arguments.size() > kArgumentsShown)
      arguments = text::to_utf8(arguments.substr(0, kArgumentsShown)) + "...";
    status(fmt::format("-> {} {}", call.name, arguments));
  }

  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override {
    // A money call's ending was already said by the gate, in better words.
    if (!result.is_error || std::exchange(purchase_said_, false)) return;
    status(fmt::format("<- {} failed after {} ms: {}: {}", call.name, ms,
                       string_or(result.content, "error_code"),
                       string_or(result.content, "message")));
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
    if (!line.empty()) out_line(line);
  }

  void on_purchase(const purchase::PurchaseReport& report) override {
    purchase_said_ = true;
    try {
      end_line();
      for (const std::string& line : purchase_lines(report)) out_line(line);
    } catch (const Error&) {
      for (const std::string& line : purchase_lines(report)) err_line(line);
      throw;
    }
  }

 private:
  void show(const std::string& safe) {
    if (safe.empty()) return;
    out(safe);
    wrote_text_ = true;
    ends_line_ = safe.back() == '\n';
  }

  /// The model said all it had to say before something else is shown.
  void end_text() {
    show(redaction_.feed(filter_.finish()));
    show(redaction_.finish());
    end_line();
  }

  void end_line() {
    if (wrote_text_ && !ends_line_) out("\n");
    wrote_text_ = false;
  }

  void status(const std::string& line) {
    const std::string safe = text::safe_line(line);
    err(err_has_style() ? fmt::format("\x1b[2m{}\x1b[0m\n", safe) : safe + "\n");
  }

  text::TerminalFilter filter_;
  /// A key split over two events is still a key, and the model may not sign as the program.
  text::RedactionStream redaction_{"[cartpilot]", "[assistant]"};
  bool wrote_text_ = false;
  bool ends_line_ = true;
  bool purchase_said_ = false;
};

}  // namespace

std::unique_ptr<ConversationView> make_text_view() { return std::make_unique<TextView>(); }

}  // namespace cartpilot::host
