#include "testing/shop_conversation.h"

#include <map>
#include <set>

#include "cartpilot/detail/wire.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

/// A text streamed in pieces is one part.
template <class PartType>
void append_text(Message& message, const std::string& text) {
  if (!message.parts.empty()) {
    if (auto* last = std::get_if<PartType>(&message.parts.back())) {
      last->text += text;
      return;
    }
  }
  message.parts.push_back(PartType{text, nullptr});
}

/// As other vendors write them: with dots and colons, and with data in them.
std::string foreign_id(std::size_t number, const std::string& function) {
  const std::string id = "functions." + function + ":" + std::to_string(number);
  return number % 3 == 2 ? id + "/" + std::string(300, 'x') + "+=" : id;
}

}  // namespace

ShopConversation::ShopConversation(const Instance& provider, const std::string& model, bool stream)
    : provider_(provider) {
  const CallOutcome outcome = provider.info();
  expect(outcome.ok() && outcome.results.size() == 1,
         "it does not say its name: " + outcome.description());
  const ProviderInfo info = info_from_json(parse_json(outcome.results.front(), "info"));
  name_ = info.name;
  request_.model = model.empty() ? info.default_model : model;
  request_.system = "You help a person shop.";
  request_.tools = PretendShop::functions();
  request_.stream = stream;
}

ShopConversation::ShopConversation(const Instance& provider, const std::string& model,
                                   const ShopConversation& from)
    : ShopConversation(provider, model, from.request_.stream) {
  request_.messages = from.request_.messages;
  shop_ = from.shop_;
}

HeldAnswer ShopConversation::ask() const {
  const CallOutcome outcome = provider_.chat(dump_json(request_to_json(request_)));
  HeldAnswer answer;
  answer.message.role = Role::kAssistant;
  answer.message.provider = name_;
  answer.message.model = request_.model;
  bool complete = false;
  for (const std::string& delta : outcome.deltas) {
    const StreamEvent event = event_from_json(parse_json(delta, "event"));
    expect(!complete, "something follows the finish event");
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      append_text<TextPart>(answer.message, text->text);
    } else if (const auto* thought = std::get_if<ReasoningDelta>(&event)) {
      append_text<ReasoningPart>(answer.message, thought->text);
    } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      answer.message.parts.push_back(call->call);
    } else if (const auto* finish = std::get_if<Finish>(&event)) {
      answer.message.provider_metadata = finish->provider_metadata;
      complete = true;
    }
  }
  expect(!outcome.threw, "an exception came out of the plugin");
  if (!outcome.ok()) {
    expect(!complete, "an answer that ended with a finish event failed: " + outcome.description());
    answer.error = outcome.error();
  } else {
    expect(complete, "an answer ended well without a finish event");
  }
  return answer;
}

std::optional<Error> ShopConversation::say(const std::string& text) {
  hear(text);
  for (int answers = 0; answers < 20; ++answers) {
    HeldAnswer answer = ask();
    // As the host does: once more, when nothing was shown and the error allows it.
    if (answer.error && answer.error->retryable && text_of(answer.message).empty()) answer = ask();
    const std::string words = text_of(answer.message);
    if (answer.error) {
      Message shown;
      shown.role = Role::kAssistant;
      shown.provider = name_;
      shown.model = request_.model;
      shown.parts.push_back(TextPart{words + " [interrupted]", nullptr});
      if (!words.empty()) request_.messages.push_back(std::move(shown));
      return answer.error;
    }
    if (!words.empty()) last_text_ = words;
    const std::vector<ToolCall> calls = tool_calls_of(answer.message);
    request_.messages.push_back(std::move(answer.message));
    if (calls.empty()) return std::nullopt;
    run(calls);
  }
  fail_check("the model was asked 20 times for one answer; it does not seem to see its results");
}

void ShopConversation::run(const std::vector<ToolCall>& calls) {
  Message results;
  results.role = Role::kTool;
  for (const ToolCall& call : calls) {
    for (const ToolCall& earlier : calls_) {
      expect(call.id != earlier.id, "two calls of a conversation have the id '" + call.id + "'");
    }
    expect(!call.id.empty(), "a call has no id");
    calls_.push_back(call);
    const ToolOutcome outcome = shop_.run(call);
    ToolResult result;
    result.call_id = call.id;
    result.name = call.name;
    result.content = outcome.content;
    result.is_error = !outcome.ok;
    result.provider_metadata = call.provider_metadata;
    results.parts.push_back(std::move(result));
  }
  request_.messages.push_back(std::move(results));
}

void ShopConversation::pretend_it_was_elsewhere() {
  std::map<std::string, std::string> ids;
  for (Message& message : request_.messages) {
    message.provider_metadata = nullptr;
    if (message.role == Role::kAssistant) {
      message.provider = "elsewhere";
      message.model = "elsewhere-1";
    }
    for (Part& part : message.parts) {
      std::visit([](auto& content) { content.provider_metadata = nullptr; }, part);
      if (auto* call = std::get_if<ToolCall>(&part)) {
        const std::string id = foreign_id(ids.size(), call->name);
        call->id = ids[call->id] = id;
      } else if (auto* result = std::get_if<ToolResult>(&part)) {
        result->call_id = ids[result->call_id];
      }
    }
    if (message.role == Role::kAssistant) {
      message.parts.insert(message.parts.begin(), ReasoningPart{"Nobody signed this.", nullptr});
    }
  }
  Message cut;
  cut.role = Role::kAssistant;
  cut.provider = "elsewhere";
  cut.model = "elsewhere-1";
  cut.parts.push_back(TextPart{"And besides [interrupted]", nullptr});
  request_.messages.push_back(Message::user("anything else?"));
  request_.messages.push_back(std::move(cut));
}

}  // namespace cartpilot::testing
