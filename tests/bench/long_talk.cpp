#include "long_talk.h"

#include <fmt/format.h>

namespace cartpilot::bench {

std::vector<Message> talk_turn(int number, std::size_t bytes, const std::string& provider) {
  const std::string id = fmt::format("call_{}", number);
  Message call;
  call.role = Role::kAssistant;
  call.provider = provider;
  call.model = provider == "gemini" ? "gemini-2.5-flash" : "gpt-4o";
  ToolCall asked;
  asked.id = id;
  asked.name = "get_intent_offers";
  asked.arguments = {{"intent_id", fmt::format("3f2504e0-4f89-41d3-9a0c-{:012}", number)}};
  call.parts.push_back(asked);

  ToolResult answered;
  answered.call_id = id;
  answered.name = asked.name;
  Json offers = Json::array();
  for (std::size_t size = 0; size < bytes; size += 180) {
    offers.push_back({{"id", fmt::format("offer-{}-{}", number, size)},
                      {"title", "Fabrikam Wireless Classic Earbuds, charging case, \"black\""},
                      {"unit_price_cents", 7999 + number},
                      {"stock", 105},
                      {"merchant", {{"id", "merchant-a"}, {"name", "Merchant A"}}}});
  }
  answered.content = {{"offers", offers}};
  Message result;
  result.role = Role::kTool;
  result.parts.push_back(answered);

  Message text = call;
  text.parts = {TextPart{fmt::format("Number {}: {}", number, std::string(200, 'a')), nullptr}};
  return {Message::user(fmt::format("Wish {}: wireless headphones under $100", number)), call,
          result, text};
}

std::vector<Message> long_talk(int turns, std::size_t bytes, const std::string& provider) {
  std::vector<Message> messages;
  for (int i = 0; i < turns; ++i) {
    for (Message& message : talk_turn(i, bytes, provider)) messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace cartpilot::bench
