#include "app/turn.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/session.h"
#include "chat/stream_assembler.h"
#include "record/tape.h"
#include "telemetry/span.h"

namespace cartpilot::app {

namespace {

const char* word_of(TurnEnd end) {
  switch (end) {
    case TurnEnd::kAnswered: return "answered";
    case TurnEnd::kLimit: return "limit";
    case TurnEnd::kCancelled: return "cancelled";
    case TurnEnd::kModelFailed: return "model_failed";
    case TurnEnd::kCartPilotFailed: return "cartpilot_failed";
    case TurnEnd::kNotStored: return "not_stored";
  }
  return "";
}

}  // namespace

int Cancellation::seen_requests() const noexcept {
  if (record::Tape* const tape = record::tape()) {
    const int seen = tape->look(requests_);
    if (tape->plays()) requests_ = seen;
  }
  return requests_;
}

Turn::Turn(ShoppingSession& session, const Cancellation& cancellation)
    : session_(session), cancellation_(cancellation) {
  const Cancellation* none = nullptr;
  if (!session_.running_.compare_exchange_strong(none, &cancellation_)) {
    Error busy(ErrorCode::kUnavailable,
               fmt::format("the conversation {} is busy with another turn", session_.id()));
    busy.reason = "turn_running";
    throw busy;
  }
  session_.router_->guard().begin_turn();
}

Turn::~Turn() { session_.running_ = nullptr; }

TurnReport Turn::say(const std::string& text) {
  telemetry::Span span("invoke_agent cartpilot", telemetry::SpanKind::kInternal);
  span.set("gen_ai.operation.name", "invoke_agent");
  span.set("gen_ai.agent.name", "cartpilot");
  span.set("gen_ai.conversation.id", session_.id());
  span.belong_to(session_.id());
  session_.watch_->failure.reset();
  TurnReport report;
  report.result = session_.chat_->run_turn(text, cancellation_);
  chat::TurnResult& result = report.result;
  const bool cancelled = result.finish == "cancelled";
  if (result.error) {
    report.end = TurnEnd::kModelFailed;
    report.error = result.error;
  } else if (result.not_stored && !cancelled) {
    result.finish = "error";
    result.error = result.not_stored;
    report.end = TurnEnd::kNotStored;
    report.error = result.error;
  } else if (session_.watch_->failure) {
    report.end = TurnEnd::kCartPilotFailed;
    report.error = Error(ErrorCode::kUnavailable, "CartPilot: " + *session_.watch_->failure);
  } else if (cancelled) {
    report.end = TurnEnd::kCancelled;
  } else if (result.finish == "limit") {
    report.end = TurnEnd::kLimit;
  }
  if (result.not_stored && report.end != TurnEnd::kNotStored) {  // the turn keeps its own ending
    report.notice =
        fmt::format("the conversation is not stored yet: {}", result.not_stored->what());
  }
  if (report.end != TurnEnd::kAnswered) span.fail(word_of(report.end));
  return report;
}

std::vector<ToolResult> Turn::run(const std::vector<ToolCall>& calls) {
  if (calls.size() > chat::kMaxCallsOfAnswer) throw chat::too_many_calls();
  for (const ToolSpec& spec : session_.tools()) {
    const bool wanted = std::any_of(calls.begin(), calls.end(),
                                    [&](const ToolCall& call) { return call.name == spec.name; });
    if (wanted && spec.effect != EffectClass::kRead) session_.bind();
  }
  return session_.router_->run(calls, cancellation_);
}

void Turn::reconcile() {
  session_.bind();
  for (const purchase::PurchaseReport& report : session_.gate_->reconcile(cancellation_)) {
    session_.counted_->on_purchase(report);
  }
}

std::vector<purchase::SettledApproval> Turn::settle_pending() {
  return session_.gate_->settle_pending(cancellation_);
}

}  // namespace cartpilot::app
