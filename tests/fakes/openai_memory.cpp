// What the pretend Responses API remembers of its own answers.
#include <algorithm>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

std::string text_of(const Json& message) {
  if (message["content"].is_string()) return message["content"];
  std::string text;
  for (const Json& part : message["content"]) {
    text += string_or(part, "text") + string_or(part, "refusal");
  }
  return text;
}

/// The part of an item that has to come back. A message may come back as its text.
Json essence(const Json& item) {
  if (string_or(item, "type") == "message" && item.contains("content")) {
    return {{"role", item["role"]}, {"phase", string_or(item, "phase")}, {"text", text_of(item)}};
  }
  Json copy = item;
  copy.erase("id");
  copy.erase("status");
  return copy;
}

bool is_call(const Json& item) { return string_or(item, "type") == "function_call"; }

/// Places in `input` where `output` may begin, seen from an item of it that can be recognised:
/// calls by their id, messages by what they say.
std::vector<std::size_t> places_of(const Json& input, const Json& output) {
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < input.size(); ++at) {
    const std::string type = string_or(input[at], "type");
    for (std::size_t i = 0; i < output.size(); ++i) {
      if (type != string_or(output[i], "type") || type == "reasoning") continue;
      const bool same = is_call(output[i])
                            ? string_or(input[at], "call_id") == string_or(output[i], "call_id")
                            : essence(input[at]) == essence(output[i]);
      if (same) places.push_back(at >= i ? at - i : 0);
    }
  }
  return places;
}

bool same(const Json& quoted, const Json& issued) {
  const bool other_id = quoted.contains("id") && quoted["id"] != issued["id"];
  return !other_id && essence(quoted) == essence(issued);
}

bool quoted_whole(const Json& input, std::size_t start, const Json& output) {
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (start + i >= input.size() || !same(input[start + i], output[i])) return false;
  }
  return true;
}

[[noreturn]] void refuse_quote(const Json& input, std::size_t start, const Json& output) {
  for (std::size_t i = 0; i < output.size(); ++i) {
    const Json found = start + i < input.size() ? input[start + i] : Json();
    if (found.is_object() && same(found, output[i])) continue;
    if (is_call(output[i]) && is_call(found)) {
      refuse("Q38", "a function_call did not come back as it was issued", "input");
    }
    break;
  }
  refuse("Q37",
         "Item of type 'function_call' was provided without its required 'reasoning' item, or not "
         "as it was issued",
         "input");
}

/// The origin of a call comes back on its output, too.
void check_callers(const Json& input, const Json& output) {
  for (const Json& call : output) {
    if (!call.contains("caller")) continue;
    for (const Json& item : input) {
      const bool answer =
          string_or(item, "type") == "function_call_output" && item["call_id"] == call["call_id"];
      if (answer && (!item.contains("caller") || item["caller"] != call["caller"])) {
        refuse("Q38", "the output of a call lost its caller", "input");
      }
    }
  }
}

}  // namespace

void check_quotes(const Json& body, const IssuedOutputs& issued) {
  const Json& input = body["input"];
  for (const Issued& one : issued) {
    const std::vector<std::size_t> places = places_of(input, one.output);
    if (places.empty()) continue;
    const bool whole = std::any_of(places.begin(), places.end(), [&](std::size_t start) {
      return quoted_whole(input, start, one.output);
    });
    if (!whole) refuse_quote(input, places.front(), one.output);
    check_callers(input, one.output);
    if (one.instructions && !body.contains("instructions")) {
      refuse("Q42", "the instructions of the first turn are gone", "instructions");
    }
  }
}

std::set<std::string> check_previous(const Json& body, const IssuedOutputs& issued) {
  std::set<std::string> pending;
  if (!body.contains("previous_response_id")) return pending;
  const std::string id = string_or(body, "previous_response_id");
  const auto found = std::find_if(issued.begin(), issued.end(),
                                  [&id](const Issued& one) { return one.stored && one.id == id; });
  if (found == issued.end()) {
    refuse("Q41", "Previous response with id '" + id + "' not found.", "previous_response_id",
           "previous_response_not_found");
  }
  std::set<std::string> answered;
  for (const Json& item : body["input"]) {
    if (string_or(item, "type") == "function_call_output") {
      answered.insert(string_or(item, "call_id"));
    }
    for (const Json& stored : found->output) {
      if (essence(item) == essence(stored)) {
        refuse("Q41", "Duplicate item found with id " + string_or(stored, "id"), "input");
      }
    }
  }
  for (const Json& item : found->output) {
    if (!is_call(item)) continue;
    pending.insert(string_or(item, "call_id"));
    if (answered.count(string_or(item, "call_id")) == 0) {
      refuse("Q41", "No tool output found for function call " + string_or(item, "call_id") + ".",
             "input");
    }
  }
  return pending;
}

}  // namespace cartpilot::fakes::openai
