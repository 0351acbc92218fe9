#include "gemini/history.h"

#include <optional>
#include <utility>

#include "cartpilot/error.h"
#include "cartpilot/vendor/history.h"
#include "gemini/functions.h"
#include "gemini/models.h"

namespace cartpilot::gemini {
namespace {

/// A call as the service sees it.
struct CallSlot {
  std::string name;     ///< as in the functionCall part
  std::string wire_id;  ///< "" = none on the wire
};

struct ModelTurn {
  Json parts = Json::array();
  std::vector<CallSlot> calls;
};

bool is_empty_text(const Json& part) {
  const auto text = part.find("text");
  return text != part.end() && text->is_string() && text->get_ref<const std::string&>().empty() &&
         !part.contains("thoughtSignature");
}

bool holds_key(const Json& parts, const char* key) {
  for (const Json& part : parts) {
    if (part.is_object() && part.contains(key)) return true;
  }
  return false;
}

bool wants_placeholder(const HistoryContext& context) {
  return context.sign_all || expects_signatures(context.model);
}

/// Only the first call of a step is checked, and a placeholder on its siblings does harm.
void sign_first_call(ModelTurn& turn, const HistoryContext& context, vendor::Notices& notices) {
  if (turn.calls.empty() || !wants_placeholder(context)) return;
  Json* first = nullptr;
  for (Json& part : turn.parts) {
    if (!part.contains("functionCall")) continue;
    if (part.contains("thoughtSignature")) return;
    if (!first) first = &part;
  }
  (*first)["thoughtSignature"] = kPlaceholderSignature;
  notices.add(
      "earlier function calls carry no thought signature of this Gemini model; a placeholder is "
      "sent, its answers may be a little weaker");
}

/// The parts as the service sent them, or nullopt when they are not this service's or do not fit
/// the message any more.
std::optional<ModelTurn> verbatim(const Message& message, const HistoryContext& context,
                                  vendor::Notices& notices) {
  const Json& stored = message.provider_metadata;
  if (message.provider != "gemini" && !message.provider.empty()) return std::nullopt;
  if (!stored.is_object() || !stored.contains("parts") || !stored["parts"].is_array()) {
    return std::nullopt;
  }
  const std::string made_by = string_or(stored, "model");
  if (string_or(stored, "backend") != context.backend ||
      !may_share_signatures(made_by, string_or(stored, "model_version"), context.model)) {
    notices.add("earlier answers came from " + made_by +
                "; their thought signatures are left out for " + context.model);
    return std::nullopt;
  }
  ModelTurn turn;
  const std::vector<ToolCall> calls = tool_calls_of(message);
  for (const Json& raw : stored["parts"]) {
    if (!raw.is_object() || raw.empty()) continue;
    Json part = raw;
    const auto signature = part.find("thoughtSignature");
    if (signature != part.end() && context.refused_signatures && signature->is_string() &&
        context.refused_signatures->count(signature->get<std::string>()) != 0) {
      part.erase(signature);
    }
    if (is_empty_text(part)) continue;
    const auto call = part.find("functionCall");
    if (call != part.end() && call->is_object()) {
      if (turn.calls.size() >= calls.size()) return std::nullopt;
      std::string wire_id = context.send_ids ? string_or(*call, "id") : "";
      if (!context.send_ids) call->erase("id");
      turn.calls.push_back({string_or(*call, "name"), std::move(wire_id)});
    }
    turn.parts.push_back(std::move(part));
  }
  if (turn.calls.size() != calls.size()) return std::nullopt;
  return turn;
}

/// Parts for an answer that another vendor, model family or backend wrote. Calls carry no ids: the
/// order pairs them, and an id the service did not issue proves nothing.
ModelTurn rebuilt(const Message& message) {
  ModelTurn turn;
  for (const Part& part : message.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      if (!text->text.empty()) turn.parts.push_back(Json{{"text", text->text}});
    } else if (const auto* call = std::get_if<ToolCall>(&part)) {
      const std::string name = wire_name(call->name);
      const Json args = call->arguments.is_object() ? call->arguments : Json::object();
      turn.parts.push_back(Json{{"functionCall", {{"name", name}, {"args", args}}}});
      turn.calls.push_back({name, ""});
    }
  }
  return turn;
}

/// One content with the results of all calls of a turn, in the order of the calls.
Json response_content(const std::vector<CallSlot>& calls,
                      const std::vector<vendor::AnsweredCall>& answers) {
  Json parts = Json::array();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Json response = Json::object();
    if (!calls[i].wire_id.empty()) response["id"] = calls[i].wire_id;
    response["name"] = calls[i].name;
    const ToolResult* result = answers[i].result;
    response["response"] = result == nullptr ? vendor::missing_result()
                                             : response_object(result->content, result->is_error);
    parts.push_back(Json{{"functionResponse", std::move(response)}});
  }
  return Json{{"role", "user"}, {"parts", std::move(parts)}};
}

bool is_role(const Json& content, const char* role) { return content["role"] == role; }

void append(Json& contents, const char* role, Json parts) {
  if (parts.empty()) return;
  if (!contents.empty() && is_role(contents.back(), role) &&
      !holds_key(contents.back()["parts"], "functionResponse")) {
    for (Json& part : parts) contents.back()["parts"].push_back(std::move(part));
    return;
  }
  contents.push_back(Json{{"role", role}, {"parts", std::move(parts)}});
}

Json text_parts(const Message& message) {
  Json parts = Json::array();
  for (const Part& part : message.parts) {
    const auto* text = std::get_if<TextPart>(&part);
    if (text && !text->text.empty()) parts.push_back(Json{{"text", text->text}});
  }
  return parts;
}

bool is_plain_user(const Json& content) {
  return is_role(content, "user") && !holds_key(content["parts"], "functionResponse");
}

}  // namespace

Json encode_contents(const std::vector<Message>& messages, const HistoryContext& context,
                     vendor::Notices& notices) {
  Json contents = Json::array();
  for (const vendor::Turn& said : vendor::pair_history(messages)) {
    if (said.message->role != Role::kAssistant) {
      append(contents, "user", text_parts(*said.message));
      continue;
    }
    auto turn = verbatim(*said.message, context, notices);
    if (!turn) turn = rebuilt(*said.message);
    sign_first_call(*turn, context, notices);
    append(contents, "model", std::move(turn->parts));
    if (!turn->calls.empty()) {
      contents.push_back(response_content(turn->calls, said.calls));
    }
  }
  // A conversation may not begin with the model, nor with results whose call was cut away.
  std::size_t first = 0;
  while (first < contents.size() && !is_plain_user(contents[first])) ++first;
  contents.erase(contents.begin(), contents.begin() + static_cast<std::ptrdiff_t>(first));
  if (contents.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "there is no user message to send to Gemini");
  }
  if (is_role(contents.back(), "model")) {
    append(contents, "user", Json::array({Json{{"text", "Continue."}}}));
  }
  return contents;
}

std::set<std::string> signatures_in(const Json& contents) {
  std::set<std::string> signatures;
  for (const Json& content : contents) {
    for (const Json& part : content["parts"]) {
      const std::string signature = string_or(part, "thoughtSignature");
      if (!signature.empty() && signature != kPlaceholderSignature) signatures.insert(signature);
    }
  }
  return signatures;
}

}  // namespace cartpilot::gemini
