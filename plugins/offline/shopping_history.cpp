#include "offline/shopping_history.h"

#include <map>
#include <set>

#include "offline/answer_fields.h"
#include "offline/utterance.h"

namespace cartpilot::offline {

bool Exchange::ok() const {
  return !result->is_error && result->content.is_object() && !result->content.contains("error");
}

bool is_unknown_outcome(const Exchange& exchange) {
  if (exchange.ok() && !exchange.is("confirm_checkout") && !exchange.is("approve_checkout")) {
    return false;
  }
  static const std::set<std::string> kCodes = {"PURCHASE_UNRESOLVED", "OUTCOME_UNKNOWN"};
  return string_or(exchange.content(), "status") == "unknown" ||
         kCodes.count(string_or(exchange.content(), "error_code")) > 0;
}

ShoppingHistory::ShoppingHistory(const std::vector<Message>& messages) {
  std::map<std::string, const ToolCall*> open;
  for (const Message& message : messages) {
    if (message.role == Role::kUser) {
      std::string text = text_of(message);
      if (!texts_.empty() && asks_to_go_on(text)) text = texts_.back();
      texts_.push_back(std::move(text));
    }
    for (const Part& part : message.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part)) {
        open[call->id] = call;
      } else if (const auto* result = std::get_if<ToolResult>(&part)) {
        const auto found = open.find(result->call_id);
        if (found == open.end()) continue;
        exchanges_.push_back({found->second, result, this_turn()});
        open.erase(found);
      }
    }
  }
}

std::vector<Exchange> ShoppingHistory::current_turn() const {
  std::vector<Exchange> turn;
  for (const Exchange& exchange : exchanges_) {
    if (exchange.turn == this_turn()) turn.push_back(exchange);
  }
  return turn;
}

std::optional<Search> ShoppingHistory::newest_search(bool in_this_turn) const {
  std::map<std::string, const Exchange*> intents;
  std::optional<Search> newest;
  for (const Exchange& exchange : exchanges_) {
    if (!exchange.ok() || (exchange.turn == this_turn()) != in_this_turn) continue;
    if (exchange.is("create_intent")) {
      intents[string_or(exchange.content(), "id")] = &exchange;
    } else if (exchange.is("get_intent_offers")) {
      const auto intent = intents.find(exchange.argument("intent_id"));
      if (intent == intents.end()) continue;
      newest = Search{intent->second->turn, intent->second->argument("query"), {}};
      for (const Json& offer : list(exchange.content(), "items")) {
        newest->offers.push_back(&offer);
      }
    } else if (exchange.is("get_offer_details") && newest) {
      for (const Json*& offer : newest->offers) {
        if (string_or(*offer, "id") == string_or(exchange.content(), "id")) {
          offer = &exchange.content();
        }
      }
    }
  }
  return newest;
}

std::optional<Plan> ShoppingHistory::plan() const {
  std::optional<Plan> plan;
  std::size_t turn = 0;
  for (const Exchange& exchange : exchanges_) {
    for (; turn < exchange.turn && turn < this_turn(); ++turn) {
      if (plan && plan->stage == Plan::Stage::kOpen && read_utterance(texts_[turn]).no) {
        plan->stage = Plan::Stage::kDropped;
      }
    }
    if (exchange.turn >= this_turn()) break;
    const Json& content = exchange.content();
    if (plan && exchange.argument("checkout_id") == plan->checkout_id &&
        is_unknown_outcome(exchange)) {
      plan->stage = Plan::Stage::kUnknown;
    }
    if (!exchange.ok()) continue;
    if (exchange.is("create_intent")) {
      // A new wish: a later "yes" must not buy what was meant before.
      if (plan && plan->stage == Plan::Stage::kOpen) plan->stage = Plan::Stage::kDropped;
    } else if (exchange.is("create_checkout")) {
      plan = Plan{};
      plan->checkout_id = string_or(content, "id");
      plan->items = list(exchange.call->arguments, "items");
    } else if (plan && exchange.argument("checkout_id") == plan->checkout_id) {
      if (exchange.is("quote_checkout")) plan->items = list(exchange.call->arguments, "items");
      if ((exchange.is("request_approval") || exchange.is("get_checkout")) &&
          field(content, "frozen_receipt").is_object()) {
        plan->shown = &content;
      }
      if ((exchange.is("confirm_checkout") || exchange.is("get_checkout")) &&
          string_or(content, "status") == "confirmed") {
        plan->stage = Plan::Stage::kBought;
      }
    }
  }
  for (; turn < this_turn(); ++turn) {
    if (plan && plan->stage == Plan::Stage::kOpen && read_utterance(texts_[turn]).no) {
      plan->stage = Plan::Stage::kDropped;
    }
  }
  return plan;
}

std::string ShoppingHistory::last_order_id() const {
  std::string id;
  for (const Exchange& exchange : exchanges_) {
    if (!exchange.ok()) continue;
    std::string seen;
    if (exchange.is("confirm_checkout")) seen = string_or(exchange.content(), "order_id");
    if (exchange.is("get_order_status")) seen = string_or(exchange.content(), "id");
    if (!seen.empty()) id = seen;
  }
  return id;
}

}  // namespace cartpilot::offline
