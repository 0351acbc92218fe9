#include "serve/page_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "commerce/money.h"
#include "terminal/purchase_lines.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxCards = 40;
constexpr int kFewLeft = 5;

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string money_in(const Json& object, const char* key) {
  const Json& money = member(object, key);
  const Json& amount = member(money, "amount");
  const std::string currency = string_or(money, "currency");
  if (!amount.is_number_integer() || currency.empty()) return "";
  return commerce::format_money({amount.get<std::int64_t>(), currency});
}

std::string merchant_of(const Json& object) {
  const std::string name = string_or(member(object, "metadata"), "merchant_name");
  return name.empty() ? string_or(object, "merchant_id") : name;
}

std::string stock_of(const Json& item) {
  const Json& stock = member(item, "quantity_available");
  if (!stock.is_number_integer()) return "";
  const auto left = stock.get<std::int64_t>();
  if (left <= 0) return "out of stock";
  return left <= kFewLeft ? fmt::format("{} left", left) : "in stock";
}

/// What speaks for a product, in the words of the shop.
std::string why_of(const Json& item) {
  std::string why = string_or(item, "description");
  const Json& rating = member(item, "rating");
  if (rating.is_number()) {
    const Json& reviews = member(item, "review_count");
    if (!why.empty()) why += " ";
    why += fmt::format("Rated {:.1f} of 5", rating.get<double>());
    if (reviews.is_number_integer()) {
      why += fmt::format(" by {}", reviews.get<std::int64_t>());
    }
    why += ".";
  }
  return why;
}

std::string picture_of(const Json& item) {
  const std::string url = string_or(item, "image_url");
  return url.starts_with("https://") ? url : "";
}

const char* state_text(purchase::AttemptState state) {
  using enum purchase::AttemptState;
  switch (state) {
    case kDone: return "Bought";
    case kVoid: return "Not bought";
    case kConfirmSent: return "On its way";
    case kUnknown: return "Outcome unknown";
    case kConsent:
    case kApproveSent:
    case kApproved: break;
  }
  return "Approved by you. Not bought yet.";
}

Json lines_of(const std::string& receipt) {
  Json lines = Json::array();
  if (receipt.empty()) return lines;
  const Json record = parse_json(receipt, "a recorded receipt");
  const std::string currency = string_or(record, "currency");
  for (const Json& item : member(record, "items")) {
    lines.push_back(
        fmt::format("{} x {}  {} each", integer_or(item, "quantity"), string_or(item, "title"),
                    commerce::format_money({integer_or(item, "unit_price"), currency})));
  }
  return lines;
}

Json parse_or_text(const std::string& text) {
  try {
    return parse_json(text, "a result");
  } catch (const Error&) {
    return nullptr;
  }
}

Json call_json(const ToolCall& call) {
  const std::string arguments =
      call.arguments.is_string() ? call.arguments.get<std::string>() : dump_json(call.arguments);
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", arguments}}}};
}

}  // namespace

Json cards_of(const std::string& function, const Json& result) {
  Json cards = Json::array();
  // An offer that is read in full was found before.
  if (function != "get_intent_offers") return cards;
  for (const Json& offer : member(result, "items")) {
    for (const Json& item : member(offer, "items")) {
      const std::string price = money_in(item, "price");
      if (price.empty() || cards.size() == kMaxCards) continue;
      cards.push_back({{"offer_id", string_or(offer, "id")},
                       {"title", string_or(item, "title")},
                       {"price", price},
                       {"price_note", "each"},
                       {"merchant", merchant_of(offer)},
                       {"stock", stock_of(item)},
                       {"why", why_of(item)},
                       {"image_url", picture_of(item)}});
    }
  }
  return cards;
}

Json purchase_json(const purchase::Attempt& attempt) {
  return {{"attempt", attempt.id},
          {"checkout_id", attempt.checkout_id},
          {"order_id", attempt.order_id},
          {"state", purchase::attempt_state_name(attempt.state)},
          {"state_text", state_text(attempt.state)},
          {"total", commerce::format_money(attempt.total)},
          {"merchant", attempt.merchant_id},
          {"when_unix_ms", attempt.updated_unix_ms},
          {"lines", lines_of(attempt.receipt)},
          {"message", attempt.note}};
}

Json purchase_json(const purchase::PurchaseReport& report) {
  using enum purchase::PurchaseOutcome;
  const bool done = report.outcome == kDone;
  const bool unknown = report.outcome == kUnknown;
  return {{"attempt", report.attempt},
          {"checkout_id", report.checkout_id},
          {"order_id", report.order_id},
          {"state", done      ? "done"
                    : unknown ? "unknown"
                              : "void"},
          {"state_text", done      ? "Bought"
                         : unknown ? "Outcome unknown"
                                   : "Not bought"},
          {"total", report.total.currency.empty() ? "" : commerce::format_money(report.total)},
          {"merchant", ""},
          {"when_unix_ms", 0},
          {"lines", Json::array()},
          {"message", report.message}};
}

Json user_message(const std::string& id, const std::string& text) {
  return {{"id", id}, {"role", "user"}, {"content", text}};
}

Json messages_json(const std::vector<Message>& messages,
                   const std::vector<purchase::Attempt>& purchases) {
  Json shown = Json::array();
  std::map<std::string, std::string> checkouts;  // by call
  for (const Message& message : messages) {
    const std::string id = fmt::format("m{}", shown.size());
    if (message.role == Role::kUser) {
      shown.push_back(user_message(id, text_of(message)));
      continue;
    }
    if (message.role == Role::kAssistant) {
      Json entry = {{"id", id}, {"role", "assistant"}, {"content", text_of(message)}};
      Json calls = Json::array();
      for (const ToolCall& call : tool_calls_of(message)) {
        calls.push_back(call_json(call));
        if (call.name == "confirm_checkout") {
          checkouts[call.id] = string_or(call.arguments, "checkout_id");
        }
      }
      if (!calls.empty()) entry["toolCalls"] = std::move(calls);
      shown.push_back(std::move(entry));
      continue;
    }
    for (const Part& part : message.parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (result == nullptr) continue;
      const Json content = result->content.is_string()
                               ? parse_or_text(result->content.get<std::string>())
                               : result->content;
      Json entry = {{"id", fmt::format("m{}", shown.size())},
                    {"role", "tool"},
                    {"toolCallId", result->call_id},
                    {"content", dump_json(result->content)}};
      if (result->is_error) entry["error"] = true;
      if (result->is_error && result->name == "approve_checkout") {
        entry["note"] = string_or(content, "message");  // what became of the question
      }
      Json cards = cards_of(result->name, content);
      if (!cards.empty()) entry["cards"] = std::move(cards);
      const auto checkout = checkouts.find(result->call_id);
      if (checkout != checkouts.end()) {
        // The newest attempt comes first.
        const auto bought =
            std::find_if(purchases.begin(), purchases.end(), [&](const purchase::Attempt& attempt) {
              return attempt.checkout_id == checkout->second;
            });
        if (bought != purchases.end()) entry["purchase"] = purchase_json(*bought);
      }
      shown.push_back(std::move(entry));
    }
  }
  return shown;
}

Json conversation_json(const store::SessionSummary& summary, bool running, bool asks) {
  return {{"id", summary.id},
          {"title", summary.title},
          {"updated_unix_ms", summary.updated_unix_ms},
          {"messages", summary.message_count},
          {"running", running},
          {"asks", asks}};
}

}  // namespace cartpilot::host
