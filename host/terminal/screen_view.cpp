// A conversation on a terminal, for a person.
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "terminal/conversation_view.h"
#include "terminal/one_key.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"
#include "terminal/shop_lines.h"
#include "terminal/status_line.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kNameShown = 100;
constexpr std::size_t kArgumentsShown = 100;
constexpr std::size_t kMessageShown = 1'000;
constexpr std::size_t kMaxTold = 8'192;

class ScreenView final : public ConversationView {
 public:
  explicit ScreenView(bool verbose)
      : screen_(screen_options()),
        verbose_(verbose),
        text_(screen_),
        status_(screen_.redraw && is_terminal(2)) {}

  void on_session(const SessionHeader& header) override {
    sandbox_ = header.cartpilot == "sandbox";
  }

  void on_turn_begin(int, const std::string&) override { wait_for_model(); }

  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      status_.stop();
      wrote_text_ = text_.feed(text->text) || wrote_text_;
      // A table is shown when it is complete.
      if (text_.ends_line()) status_.resume();
    } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
      on_notice(warning->message);
    }
  }

  void on_tool_call(const ToolCall& call) override {
    purchase_said_ = false;
    end_text();
    if (verbose_) {
      note(fmt::format("-> {} {}", text::field(call.name, kNameShown),
                       text::field(dump_json(text::redacted(call.arguments)), kArgumentsShown)));
    }
    status_.start(about(call));
  }

  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override {
    status_.stop();
    // A money call's ending was already said by the gate, in better words.
    if (result.is_error && !std::exchange(purchase_said_, false)) {
      note(fmt::format("{}: failed after {} ms: {} ({})", about(call), ms,
                       text::field(string_or(result.content, "message"), kMessageShown),
                       text::field(string_or(result.content, "error_code"), kNameShown)));
    } else if (!result.is_error) {
      show_result(call, result.content);
    }
    wait_for_model();
  }

  void on_retry(std::int64_t wait_ms, const std::string& reason) override {
    end_text();
    tell(fmt::format("{}; trying again in {:.1f} s", reason, static_cast<double>(wait_ms) / 1000));
    status_.start("Waiting to try again");
  }

  bool goes_on_after(const std::string& limit) override {
    if (!is_terminal(STDIN_FILENO)) return false;
    end_text();
    const bool more =
        yes_key(fmt::format("The model has used {} for this message and is not done. y lets it use "
                            "as many again, any other key stops it.",
                            limit));
    if (more) wait_for_model();
    return more;
  }

  void on_turn_end(int, const chat::TurnResult& result) override {
    end_text();
    if (result.finish == "limit") out_line(result.text);
    if (result.finish == "cancelled") tell("stopped");
    if (result.finish == "length") tell("the answer was cut at the model's length limit");
    if (result.finish == "content_filter") tell("the vendor's content filter stopped the answer");
  }

  void on_error(const Error& error) override {
    end_text();
    tell(error.what());
  }

  void on_notice(const std::string& message) override {
    end_text();
    tell(message);
  }

  void on_approval_request(const purchase::ApprovalRequest&) override { end_text(); }

  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    end_text();
    const std::string line = decision_line(decision);
    if (!line.empty()) out_marked(line, screen_);
    if (decision.decision == "approved") status_.start("Placing the order");
  }

  void on_purchase(const purchase::PurchaseReport& report) override {
    purchase_said_ = true;
    try {
      end_text();
      for (const std::string& line : purchase_lines(report)) out_marked(line, screen_);
    } catch (const Error&) {
      for (const std::string& line : purchase_lines(report)) err_marked(line);
      throw;
    }
  }

 private:
  static std::string about(const ToolCall& call) {
    const std::string sentence = sentence_of(call.name, call.arguments);
    return sentence.empty() ? "Running " + text::field(call.name, kNameShown) : sentence;
  }

  void show_result(const ToolCall& call, const Json& result) {
    // The program's own lines tell of a yes and of a purchase.
    if (call.name == "approve_checkout" || call.name == "confirm_checkout") return;
    const std::string outcome = outcome_of(call.name, result);
    note(text::field(about(call) + (outcome.empty() ? "" : "... " + outcome)));
    if (call.name == "get_intent_offers") {
      const Table table = offers_table(result);
      if (!table.rows.empty()) out_table(table, screen_);
    }
    for (const CardLine& line : card_of(call.name, result, sandbox_)) {
      out_look(line.text, line.total ? Look::kBold : Look::kPlain, screen_);
    }
  }

  /// What can be passed over.
  void note(const std::string& line) { out_look(line, Look::kQuiet, screen_); }

  /// What the program itself says beside the answer.
  void tell(const std::string& message) {
    err_look(fmt::format("cartpilot: {}", text::field(message, kMaxTold)), screen_);
  }

  void wait_for_model() { status_.start("Waiting for the model"); }

  /// Ends the text so far before something else is shown.
  void end_text() {
    status_.stop();
    wrote_text_ = text_.finish() || wrote_text_;
    if (wrote_text_ && !text_.ends_line()) out_text("\n");
    wrote_text_ = false;
  }

  const WordWrap::Options screen_;
  const bool verbose_;
  TextStream text_;
  StatusLine status_;
  bool sandbox_ = false;
  bool wrote_text_ = false;
  bool purchase_said_ = false;
};

}  // namespace

std::unique_ptr<ConversationView> make_screen_view(bool verbose) {
  return std::make_unique<ScreenView>(verbose);
}

}  // namespace cartpilot::host
