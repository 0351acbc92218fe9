#include "openai/adaptation.h"

#include <array>
#include <cctype>

#include "openai/text_match.h"

namespace cartpilot::openai {
namespace {

/// A member of the body that may be left out, and what the plan calls it.
struct Droppable {
  const char* member;   ///< top-level member of the request
  const char* refused;  ///< name in Learned::refused
};

constexpr std::array<Droppable, 10> kDroppable = {{
    {"temperature", "temperature"},
    {"parallel_tool_calls", "parallel_tool_calls"},
    {"stream_options", "stream_options"},
    {"reasoning_effort", "reasoning_effort"},
    {"reasoning", "reasoning_effort"},
    {"include", "include"},
    {"store", "store"},
    {"tool_choice", "tool_choice"},
    {"max_output_tokens", "max_output_tokens"},
    {"stream", "stream"},
}};

bool word_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// True when `name` stands in `text` as a word of its own.
bool names(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const bool starts = at == 0 || !word_char(text[at - 1]);
    const bool ends = at + name.size() == text.size() || !word_char(text[at + name.size()]);
    if (starts && ends) return true;
  }
  return false;
}

/// The vendor's complaint is about a member as such, not about the conversation.
bool complains_of_a_member(const ErrorBody& body) {
  if (body.code == "unsupported_parameter" || body.code == "unsupported_value" ||
      body.code == "unknown_parameter" || body.code == "invalid_function_parameters") {
    return true;
  }
  const std::string text = lower(body.message);
  for (const char* phrase :
       {"unsupported", "not supported", "unknown parameter", "unrecognized", "not permitted",
        "unexpected", "does not support", "not allowed", "unknown field", "extra inputs",
        "cannot use tools with stream", "must be verified", "is only allowed when"}) {
    if (contains(text, phrase)) return true;
  }
  return contains(text, "invalid schema for function");
}

std::optional<Api> asks_for(const std::string& text, Api current) {
  const bool other_chat = contains(text, "use /v1/chat/completions") ||
                          contains(text, "only supported in v1/chat/completions") ||
                          contains(text, "not supported in the v1/responses") ||
                          contains(text, "use the chat completions");
  const bool other_responses =
      contains(text, "use /v1/responses") || contains(text, "only supported in v1/responses") ||
      contains(text, "not supported in the v1/chat/completions") ||
      contains(text, "use the responses api") || contains(text, "use the v1/responses") ||
      contains(text, "only available in the responses") ||
      contains(text, "only supported in the responses");
  if (current == Api::kChat && other_responses) return Api::kResponses;
  if (current == Api::kResponses && other_chat) return Api::kChat;
  return std::nullopt;
}

std::string top_member(const std::string& param) {
  return param.substr(0, param.find_first_of(".["));
}

std::optional<std::string> drop_strict(const ErrorBody& body, Learned& learned) {
  const bool about_schema = body.code == "invalid_function_parameters" ||
                            contains(lower(body.message), "invalid schema for function");
  const bool about_strict = names(body.message, "strict") || contains(body.param, "strict");
  if (!about_schema && !about_strict) return std::nullopt;
  if (learned.refused.insert("strict").second) {
    return "the server refused a strict function schema; sent the schemas as they are";
  }
  if (about_strict && learned.refused.insert("strict_field").second) {
    return "the server does not know strict function schemas; left out";
  }
  return std::nullopt;
}

std::optional<std::string> other_limit(const ErrorBody& body, const Json& sent, Learned& learned) {
  for (const char* field : {"max_tokens", "max_completion_tokens"}) {
    if (!sent.contains(field) || learned.other_limit_field) continue;
    if (top_member(body.param) != field && !names(body.message, field)) continue;
    learned.other_limit_field = true;
    return "";  // the limit still holds, under its other name
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> learn(const ErrorBody& body, int status, const Json& sent, Api api,
                                 Learned& learned) {
  if (status != 400 && status != 404 && status != 422 && status < 500) return std::nullopt;
  const std::string text = lower(body.message);
  const std::optional<Api> other = asks_for(text, api);
  if (other && !learned.api) {
    learned.api = *other;
    return std::string("the server wants this model on ") +
           (*other == Api::kResponses ? "Responses" : "Chat Completions") + "; switched";
  }
  if (contains(text, "reasoning_content") && contains(text, "passed back") &&
      !learned.echo_reasoning) {
    learned.echo_reasoning = true;
    return "";
  }
  if (!complains_of_a_member(body)) return std::nullopt;
  const std::string member = top_member(body.param);
  if (sent.contains("tools") && (member.empty() || member == "tools")) {
    if (const auto notice = drop_strict(body, learned)) return notice;
  }
  if (const auto notice = other_limit(body, sent, learned)) return notice;
  if (body.param == "reasoning.summary" && learned.refused.insert("reasoning_summary").second) {
    return "the server refused reasoning_summary; left out";
  }
  // `param` is reliable where it is given; the text only where it is not.
  for (const Droppable& candidate : kDroppable) {
    const bool meant =
        member.empty() ? names(body.message, candidate.member) : member == candidate.member;
    if (!meant || !sent.contains(candidate.member)) continue;
    if (!learned.refused.insert(candidate.refused).second) continue;
    // A refusal of the whole group leaves none of its members.
    if (body.param == "reasoning") learned.refused.insert("reasoning_summary");
    return std::string("the server refused ") + candidate.member + "; left out";
  }
  return std::nullopt;
}

}  // namespace cartpilot::openai
