#include "mcp/shop_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "mcp/tool_list.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

/// Clients give up after 60 s.
constexpr std::chrono::seconds kWaitForPerson{30};
constexpr std::chrono::seconds kWaitForStatus{10};

mcp::CallResult result_of(const ToolOutcome& outcome, const std::vector<std::string>& lines,
                          bool structured) {
  mcp::CallResult result;
  result.is_error = !outcome.ok;
  Json content = text::redacted(outcome.content);
  if (outcome.ok && !lines.empty()) {
    std::string text;
    for (const std::string& line : lines) {
      text += (text.empty() ? "" : "\n") + line;
    }
    result.content.push_back(mcp::text_block(std::move(text)));
  }
  result.content.push_back(mcp::text_block(dump_json(content)));
  if (structured && outcome.ok) result.structured = std::move(content);
  return result;
}

std::int64_t seconds_until(std::int64_t unix_ms) {
  return std::max<std::int64_t>(0, unix_ms - base::unix_ms_now()) / 1000;
}

bool is_pending(const ToolOutcome& outcome) {
  return string_or(outcome.content, "error_code") == "APPROVAL_PENDING";
}

/// What an approval that is not open any more came to.
std::pair<const char*, std::string> ending_of(const ApprovalStatus& status) {
  if (status.bought) return {"bought", "It is bought; see get_checkout and list_orders."};
  if (status.outcome.ok) {
    if (seconds_until(status.until_unix_ms) > 0) {
      return {"approved", "The person has approved it. Call confirm_checkout now to buy it."};
    }
    return {"expired",
            "The approval has lapsed. If the person still wants it, call "
            "approve_checkout again."};
  }
  const std::string code = string_or(status.outcome.content, "error_code");
  const std::string message = string_or(status.outcome.content, "message");
  if (code == "APPROVAL_DECLINED") return {"declined", message};
  const bool changed = code == "PRICE_CHANGED" || code == "RECEIPT_CHANGED";
  return {changed ? "changed" : "failed", message};
}

}  // namespace

ShopService::ShopService(app::ShoppingSession& session, PurchaseLane& lane, ApprovalBoard& board,
                         std::vector<mcp::ToolDescription> tools, std::string page_url)
    : session_(session),
      lane_(lane),
      board_(board),
      tools_(std::move(tools)),
      page_url_(std::move(page_url)) {}

mcp::CallResult ShopService::call(const std::string& name, const Json& arguments,
                                  mcp::CallScope& scope) {
  if (name == kApprovalStatusTool) return result_of(approval_status(arguments, scope), {}, true);
  const auto& specs = session_.tools();
  const auto spec = std::find_if(specs.begin(), specs.end(),
                                 [&](const ToolSpec& known) { return known.name == name; });
  ToolCall call;
  call.id = fmt::format("call_{}", ++calls_);
  call.name = name;
  call.arguments = arguments;
  if (spec != specs.end() && spec->effect == EffectClass::kRead) {
    const ToolResult seen = session_.look(call, scope);
    return result_of({!seen.is_error, seen.content}, {}, true);
  }
  if (spec != specs.end() && spec->effect == EffectClass::kWrite) {
    return result_of(lane_.run(call, scope).outcome, {}, true);
  }
  const PurchaseLane::Reply reply = buy(call, scope);
  return result_of(reply.outcome, reply.lines, false);
}

PurchaseLane::Reply ShopService::buy(const ToolCall& call, mcp::CallScope& scope) {
  PurchaseLane::Reply reply = lane_.run(call, scope);
  if (!is_pending(reply.outcome)) return reply;
  // A confirm of what nobody has answered yet asks nothing new.
  if (!page_url_.empty() && call.name != "confirm_checkout" &&
      scope.show_page(page_url_, "A purchase waits for your answer on this page.") ==
          mcp::PageRequest::kReturn) {
    return reply;
  }
  const auto status = board_.wait(
      string_or(call.arguments, "checkout_id"), kWaitForPerson, scope, [&](int seconds) {
        scope.progress(seconds, static_cast<double>(kWaitForPerson.count()),
                       "waiting for the person's answer outside of the chat");
      });
  if (!status) return reply;
  if (status->open) {
    // The gate does not know how its caller asks again.
    reply.outcome.content["message"] = string_or(reply.outcome.content, "message") +
                                       " Call get_approval_status until it says how they answered.";
    reply.outcome.content["expires_in_s"] = seconds_until(status->until_unix_ms);
    return reply;
  }
  // A yes is only half of what confirm_checkout is for.
  if (status->outcome.ok && call.name == "confirm_checkout") return lane_.run(call, scope);
  return {status->outcome, status->lines};
}

ToolOutcome ShopService::approval_status(const Json& arguments, mcp::CallScope& scope) const {
  const std::string checkout_id = string_or(arguments, "checkout_id");
  if (checkout_id.empty() || arguments.size() != 1) {
    return tool_error("INVALID_ARGUMENTS", "the one argument is checkout_id, a string");
  }
  const auto status = board_.wait(checkout_id, kWaitForStatus, scope, [](int) {});
  Json content = {{"checkout_id", checkout_id}};
  if (!status) {
    content["state"] = "none";
    content["message"] =
        "The person was not asked about this checkout here. Call approve_checkout first.";
  } else if (status->open) {
    const std::int64_t left = seconds_until(status->until_unix_ms);
    content["state"] = left > 0 ? "open" : "expired";
    content["approval_id"] = status->question;
    content["seconds_left"] = left;
    content["message"] = fmt::format(
        "Not approved yet. Ask the person to run `cartpilot approve {}` on a terminal of their "
        "own{}; a yes in the chat does not count. Then ask again.",
        status->question,
        page_url_.empty() ? "" : ", or to look at the approval page " + page_url_);
  } else {
    const auto [state, message] = ending_of(*status);
    content["state"] = state;
    if (status->outcome.ok && !status->bought) {
      content["seconds_left"] = seconds_until(status->until_unix_ms);
    }
    content["message"] = message;
  }
  return {true, std::move(content)};
}

}  // namespace cartpilot::host
