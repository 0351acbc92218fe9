#include "commerce/receipt.h"
#include "terminal/conversation_view.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"

namespace cartpilot::host {

namespace {

const char* outcome_word(purchase::PurchaseOutcome outcome) {
  switch (outcome) {
    case purchase::PurchaseOutcome::kDone: return "done";
    case purchase::PurchaseOutcome::kNotDone: return "not_done";
    case purchase::PurchaseOutcome::kUnknown: return "unknown";
  }
  return "unknown";
}

class JsonlView final : public ConversationView {
 public:
  void on_session(const SessionHeader& header) override {
    out_json({{"type", "session"},
              {"v", 1},
              {"session_id", header.session_id},
              {"provider", header.provider},
              {"model", header.model},
              {"approve", header.approve},
              {"cartpilot", header.cartpilot}});
  }

  void on_turn_begin(int turn, const std::string& user) override {
    out_json({{"type", "turn_begin"}, {"turn", turn}, {"user", user}});
  }

  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      put_text(kText, text_.feed(text->text));
    } else if (const auto* reasoning = std::get_if<ReasoningDelta>(&event)) {
      put_text(kReasoning, reasoning_.feed(reasoning->text));
    } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
      on_notice(warning->message);
    }
  }

  void on_tool_call(const ToolCall& call) override {
    end_text();
    out_json({{"type", "tool_call"},
              {"id", call.id},
              {"name", call.name},
              {"arguments", call.arguments}});
  }

  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override {
    out_json({{"type", "tool_result"},
              {"id", call.id},
              {"name", call.name},
              {"ok", !result.is_error},
              {"result", result.content},
              {"ms", ms}});
  }

  void on_retry(std::int64_t wait_ms, const std::string& reason) override {
    out_json({{"type", "retry"}, {"wait_ms", wait_ms}, {"reason", reason}});
  }

  void on_turn_end(int turn, const chat::TurnResult& result) override {
    end_text();
    if (result.error) return;  // on_error says it
    out_json({{"type", "turn_end"},
              {"turn", turn},
              {"text", result.text},
              {"finish", result.finish},
              {"steps", result.steps},
              {"usage",
               {{"input_tokens", result.usage.input_tokens},
                {"output_tokens", result.usage.output_tokens},
                {"reasoning_tokens", result.usage.reasoning_tokens},
                {"cached_tokens", result.usage.cached_tokens}}}});
  }

  void on_error(const Error& error) override {
    out_json({{"type", "error"},
              {"code", error_code_name(error.code)},
              {"message", error.what()},
              {"retryable", error.retryable},
              {"http_status", error.http_status}});
  }

  void on_notice(const std::string& message) override {
    out_json({{"type", "warning"}, {"message", message}});
  }

  void on_approval_request(const purchase::ApprovalRequest& request) override {
    Json items = Json::array();
    for (const auto& item : request.receipt.frozen.items) {
      items.push_back({{"product_id", item.product_id},
                       {"sku", item.sku},
                       {"title", item.title},
                       {"quantity", item.quantity},
                       {"unit_price_cents", item.unit_price_cents}});
    }
    Json event = {{"type", "approval_request"},
                  {"attempt", request.attempt},
                  {"checkout_id", request.receipt.checkout.id},
                  {"merchant_id", request.receipt.checkout.merchant_id},
                  {"total", request.receipt.frozen.total_cents},
                  {"currency", request.receipt.frozen.currency},
                  {"items", items},
                  {"tax", request.receipt.frozen.tax_cents},
                  {"shipping", request.receipt.frozen.shipping_cents},
                  {"warnings", request.warnings},
                  {"expires_at", request.receipt.checkout.expires_at},
                  {"cartpilot", request.receipt.cartpilot},
                  {"digest", request.receipt.digest}};
    if (request.previous_total) event["previous_total"] = request.previous_total->minor;
    out_json(event);
  }

  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    out_json({{"type", "approval_decision"},
              {"attempt", decision.attempt},
              {"decision", decision.decision},
              {"by", decision.by},
              {"reason", decision.reason}});
  }

  void on_purchase(const purchase::PurchaseReport& report) override {
    try {
      out_json({{"type", "purchase"},
                {"attempt", report.attempt},
                {"outcome", outcome_word(report.outcome)},
                {"checkout_id", report.checkout_id},
                {"order_id", report.order_id},
                {"merchant_order_id", report.merchant_order_id},
                {"total", report.total.minor},
                {"currency", report.total.currency},
                {"message", report.message}});
    } catch (const Error&) {
      for (const std::string& line : purchase_lines(report)) err_marked(line);
      throw;
    }
  }

 private:
  static constexpr const char* kText = "text_delta";
  static constexpr const char* kReasoning = "reasoning_delta";

  static void put_text(const char* type, const std::string& text) {
    if (!text.empty()) out_json({{"type", type}, {"text", text}});
  }

  void end_text() {
    put_text(kReasoning, reasoning_.finish());
    put_text(kText, text_.finish());
  }

  text::RedactionStream text_;  ///< a key split over two events is still a key
  text::RedactionStream reasoning_;
};

}  // namespace

std::unique_ptr<ConversationView> make_jsonl_view() { return std::make_unique<JsonlView>(); }

}  // namespace cartpilot::host
