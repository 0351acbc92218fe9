#include "openai/quirks.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "cartpilot/vendor/text.h"

namespace cartpilot::openai {
namespace {

using vendor::contains;
using vendor::contains_any;
using vendor::contains_word;

/// What a refusal says, in one spelling.
std::string said(const vendor::ErrorBody& refusal) {
  return vendor::lower(refusal.param + " " + refusal.code + " " + refusal.message);
}

bool speaks_of_thoughts(const std::string& text) {
  return contains_any(vendor::plain_spelling(text),
                      {"reasoningcontent", "reasoning content", "thinking content"}) ||
         (contains_any(text, {"thinking", "reasoning"}) && contains(text, "passed back"));
}

bool refuses_a_member(const std::string& text) {
  return contains_any(text, {"unsupported", "not support", "unknown", "unrecognized", "unexpected",
                             "extra", "not permitted", "not allowed", "must not", "should not",
                             "cannot be", "not accept", "additional propert", "remove"});
}

bool misses_a_member(const std::string& text) {
  return contains_any(
      text, {"missing", "must be", "must contain", "must include", "require", "passed back",
             "should be", "need", "expected", "lack", "absent", "without", "not found", "empty"});
}

/// "input[3].id", "body.input.3.id"
bool names_an_item_id(const std::string& text) {
  for (std::size_t at = text.find("input"); at != std::string::npos;
       at = text.find("input", at + 1)) {
    std::string_view rest = std::string_view(text).substr(at + 5);
    const std::size_t end = std::min(rest.find_first_not_of("[].0123456789"), rest.size());
    if (end > 0 && rest[end - 1] == '.' && rest.substr(end, 2) == "id" &&
        (rest.size() == end + 2 || !vendor::is_word_char(rest[end + 2]))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<ThoughtsWanted> thoughts_wanted(const vendor::ErrorBody& refusal) {
  const std::string text = said(refusal);
  if (!speaks_of_thoughts(text)) return std::nullopt;
  if (refuses_a_member(text)) return ThoughtsWanted::kNone;
  if (misses_a_member(text)) return ThoughtsWanted::kAll;
  return std::nullopt;
}

bool refuses_item_ids(const vendor::ErrorBody& refusal) {
  const std::string text = said(refusal);
  const bool gone = contains_any(
      text, {"not found", "not persisted", "does not exist", "no longer", "could not find",
             "cannot find", "unknown item", "no such item", "no item", "not exist"});
  if (contains_word(text, "item") || contains_word(text, "items")) {
    if (gone && !contains(text, "call_id")) return true;
    if (contains_word(text, "id") && refuses_a_member(text)) return true;
  }
  // Ids are also what makes a service look for the neighbours of an item.
  if (names_an_item_id(text) || contains(text, "without its required")) return true;
  return contains_any(text, {"'id'", "`id`", "\"id\""}) && refuses_a_member(text);
}

std::vector<vendor::Quirk> known_quirks() {
  return {
      {"/messages",  // only Chat Completions has it
       {"use /v1/responses", "use the v1/responses", "use the responses api",
        "only supported in v1/responses", "only supported in the responses",
        "only available in the responses", "not supported in the v1/chat/completions"},
       "",
       "responses",
       "is wanted on Responses by the server; switched"},
      {"/input",  // only Responses has it
       {"use /v1/chat/completions", "use the chat completions",
        "only supported in v1/chat/completions", "not supported in the v1/responses"},
       "",
       "chat",
       "is wanted on Chat Completions by the server; switched"},
      {"/messages",
       {"content part", "content parts", "content type", "content block", "content chunk",
        "content must be a string", "content should be a string", "content: input should be"},
       "",
       "plain_content",
       "-"},
      {"/tools",
       {"invalid schema for function", "invalid_function_parameters", "strict"},
       "",
       "plain_schema",
       "does not accept a strict function schema; the schemas are sent as they are"},
      {"/tools", {"strict"}, "", "no_strict_member", "does not know strict schemas; left out"},
      {"/max_tokens", {}, "/max_completion_tokens", "", "-"},
      {"/max_completion_tokens", {}, "/max_tokens", "", "-"},
      {"/temperature", {}},
      {"/parallel_tool_calls", {}},
      {"/stream_options", {}},
      {"/reasoning_effort", {}},
      {"/reasoning/summary", {"reasoning.summary"}},
      {"/reasoning/effort", {"reasoning.effort", "reasoning_effort"}},
      {"/reasoning", {}},
      {"/include", {}},
      {"/store", {}},
      {"/tool_choice", {}},
      {"/max_output_tokens", {}},
      {"/stream", {}, "", "no_stream", "does not stream; answers come whole"},
  };
}

}  // namespace cartpilot::openai
