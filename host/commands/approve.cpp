// `cartpilot approve`: answers a question that another cartpilot asks.
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "terminal/approver.h"
#include "terminal/output.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

std::string row_of(const purchase::ApprovalQuestion& question, std::int64_t now_unix_ms) {
  const std::string merchant = string_or(question.detail, "merchant_id");
  const std::string cartpilot = string_or(question.detail, "cartpilot");
  return fmt::format("{}  {:<18} {:>14}  {:<12} {} s left  {}", question.id, question.title,
                     question.total ? commerce::format_money(*question.total) : "",
                     text::escape_for_receipt(merchant),
                     (question.expires_unix_ms - now_unix_ms) / 1000,
                     text::escape_for_receipt(cartpilot));
}

/// The one question that `prefix` means.
purchase::ApprovalQuestion wanted(purchase::Questions& questions, const std::string& prefix) {
  const auto open = questions.list_open(prefix);
  if (open.size() == 1) return open.front();
  if (open.empty()) {
    Error none(ErrorCode::kUnavailable,
               prefix.empty() ? "no question is open"
                              : fmt::format("no open question begins with '{}'", prefix));
    throw none;
  }
  std::string ids;
  for (const auto& question : open) ids += (ids.empty() ? "" : ", ") + question.id;
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} questions are open; name one of {}", open.size(), ids));
}

}  // namespace

int run_approve(CommandServices& services) {
  purchase::Questions questions(services.state());
  const Arguments& arguments = services.arguments();
  if (arguments.list) {
    const auto open = questions.list_open();
    Json list = Json::array();
    for (const auto& question : open) {
      if (arguments.json) {
        list.push_back(purchase::question_to_json(question, false));
      } else {
        out_row(row_of(question, questions.now_unix_ms()));
      }
    }
    if (arguments.json) out_json(list);
    if (open.empty() && !arguments.json) err_line("no question is open");
    return kOk;
  }
  if (!arguments.deny.empty()) {
    const auto question = wanted(questions, arguments.deny);
    const auto result = questions.decline(question.id, {"approve", "you"}, "");
    if (result.kind == purchase::AnswerResult::Kind::kTooLate) {
      err_line("cartpilot: " + result.message);
      return kFailed;
    }
    return kDeclined;
  }
  if (!has_terminal()) {
    err_line("cartpilot: a question is answered on a terminal, and there is none here");
    return kRefusedByPolicy;
  }
  const purchase::ApprovalQuestion question = wanted(questions, arguments.name);
  TerminalApprover approver(CommandServices::terminal_locks(), "approve");
  const Interrupt interrupt;
  const auto turn = approver.wait_for_turn(interrupt);
  approver.ask(question, questions, interrupt);
  const auto now = questions.find(question.id);
  if (now && now->channel == "approve" && now->state == purchase::QuestionState::kApproved) {
    return kOk;
  }
  if (now && now->channel == "approve" && now->state == purchase::QuestionState::kDeclined) {
    return kDeclined;
  }
  return kFailed;
}

}  // namespace cartpilot::host
