#include <utility>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

constexpr std::size_t kMaxCallId = 64;
constexpr std::size_t kMaxOutput = 10'485'760;
constexpr const char* kIncludeReasoning = "reasoning.encrypted_content";

const std::set<std::string>& known_members() {
  static const std::set<std::string> kMembers = {
      "model",  "input",     "instructions",        "tools",
      "store",  "include",   "max_output_tokens",   "tool_choice",
      "stream", "reasoning", "temperature",         "parallel_tool_calls",
      "text",   "top_p",     "previous_response_id"};
  return kMembers;
}

void check_parts(const Json& item) {
  const std::string role = string_or(item, "role");
  if (role != "user" && role != "assistant" && role != "system" && role != "developer") {
    refuse("Q32",
           "Invalid value: '" + role +
               "'. Supported values are: 'assistant', 'system', "
               "'developer', and 'user'.",
           "input");
  }
  if (!item.contains("content")) refuse("Q33", "Missing required parameter: 'content'.", "input");
  if (item["content"].is_string()) return;
  if (role == "assistant" && (string_or(item, "id").empty() || string_or(item, "status").empty())) {
    refuse("Q33", "an output message needs id and status; else its content is a text", "input");
  }
  for (const Json& part : item["content"]) {
    if (string_or(part, "type") == "output_text" && !part.contains("annotations")) {
      refuse("Q33", "Missing required parameter: 'annotations'.", "input");
    }
    const std::string type = string_or(part, "type");
    const bool fits = role == "assistant" ? type == "output_text" || type == "refusal"
                                          : type == "input_text" || type == "input_image";
    if (!fits) refuse("Q33", "Invalid value: '" + type + "' for role " + role, "input");
  }
}

/// Follows the items: every call answered once, reasoning only where it led to something.
class ItemRules {
 public:
  /// `pending` are calls of a stored answer, which the input does not repeat.
  ItemRules(bool stored, bool refuse_ids, std::set<std::string> pending)
      : stored_(stored), refuse_ids_(refuse_ids), seen_(pending), open_(std::move(pending)) {}

  void check(const Json& item) {
    const std::string type = string_or(item, "type", item.contains("role") ? "message" : "");
    const std::string lost = "Item with id '" + string_or(item, "id") +
                             "' not found. Items are not persisted when 'store' is set to false.";
    if (!stored_ && type == "item_reference") refuse("Q36", lost);
    if (refuse_ids_ && item.contains("id")) refuse_learnable("Q36", lost);
    if (!refuse_ids_ && type == "reasoning" && string_or(item, "id").empty()) {
      refuse("Q36", "Missing required parameter: 'input[1].id'.", "input[1].id");
    }
    reasoning_last_ = type == "reasoning";
    if (type == "message") {
      check_parts(item);
    } else if (type == "function_call") {
      open_call(item);
      if (!Json::parse(string_or(item, "arguments"), nullptr, false).is_object()) {
        refuse("Q38", "arguments of a function_call are no JSON object", "input");
      }
    } else if (type == "custom_tool_call") {
      open_call(item);
    } else if (type == "function_call_output" || type == "custom_tool_call_output") {
      check_output(item);
    } else if (type == "reasoning") {
      if (!item.contains("summary") || string_or(item, "encrypted_content").empty()) {
        refuse("Q37", "reasoning without summary or encrypted_content", "input");
      }
    } else if (type.rfind("unknown_", 0) != 0) {
      refuse("Q32", "Invalid value: '" + type + "'.", "input");
    }
  }

  void end() const {
    if (!open_.empty()) {
      refuse("Q34", "No tool output found for function call " + *open_.begin() + ".", "input");
    }
    if (reasoning_last_) {
      refuse("Q40", "Item of type 'reasoning' was provided without its required following item.");
    }
  }

 private:
  static void check_call_id(const std::string& id) {
    if (!id.empty() && id.size() <= kMaxCallId) return;
    refuse("Q35", "Invalid 'input[0].call_id': string too long. Expected maximum length 64",
           "input", "string_above_max_length");
  }

  void open_call(const Json& item) {
    const std::string id = string_or(item, "call_id");
    check_call_id(id);
    if (!seen_.insert(id).second) refuse("Q34", "call_id used twice: " + id, "input");
    if (string_or(item, "name").empty()) refuse("Q38", "function_call without name", "input");
    open_.insert(id);
  }

  void check_output(const Json& item) {
    const std::string id = string_or(item, "call_id");
    check_call_id(id);
    if (open_.erase(id) == 0) {
      refuse("Q34", "No tool call found for function call output with call_id " + id + ".",
             "input");
    }
    const Json output = item.value("output", Json());
    const bool text = output.is_string() && output.get<std::string>().size() <= kMaxOutput;
    bool parts = output.is_array() && !output.empty();
    for (const Json& part : output.is_array() ? output : Json::array()) {
      parts = parts && string_or(part, "type").rfind("input_", 0) == 0;
    }
    if (!text && !parts) refuse("Q35", "Invalid 'output': expected a string or parts.", "input");
  }

  bool stored_;
  bool refuse_ids_;
  std::set<std::string> seen_;
  std::set<std::string> open_;
  bool reasoning_last_ = false;
};

void check_top(const Json& body, bool may_store) {
  for (const char* key : {"messages", "max_tokens", "max_completion_tokens", "reasoning_effort",
                          "response_format", "functions", "stop", "n", "stream_options"}) {
    if (body.contains(key)) refuse("Q28", std::string("Unknown parameter: '") + key + "'.", key);
  }
  check_members(body, known_members(), "Q6");
  // Left out, everything would be kept by the service.
  if (!body.contains("store") || !body["store"].is_boolean()) {
    refuse("Q30", "this test server wants to be told whether to store", "store");
  }
  if (body["store"] == true && !may_store) refuse("Q30", "nothing is to be stored", "store");
  const bool included =
      body.contains("include") && body["include"] == Json::array({kIncludeReasoning});
  if (included != model_rules(string_or(body, "model")).reasoning) {
    refuse("Q31", "include of encrypted reasoning belongs to reasoning models, and to all of them",
           "include");
  }
  if (body.contains("max_output_tokens") && integer_or(body, "max_output_tokens") < 16) {
    refuse("Q39", "Invalid 'max_output_tokens': integer below minimum value 16",
           "max_output_tokens", "integer_below_min_value");
  }
  if (body.contains("temperature") && model_rules(string_or(body, "model")).reasoning) {
    refuse_learnable("Q24",
                     "Unsupported parameter: 'temperature' is not supported with this model.",
                     "temperature");
  }
}

}  // namespace

DeclaredTools check_responses(const Json& body, const IssuedOutputs& issued, bool may_store,
                              const OpenAiQuirks& quirks) {
  check_top(body, may_store);
  DeclaredTools declared;
  const Json tools = body.value("tools", Json::array());
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::string param = "tools[" + std::to_string(i) + "]";
    if (string_or(tools[i], "type") != "function" || tools[i].contains("function")) {
      refuse("Q28", "Missing required parameter: '" + param + ".name'.", param + ".name");
    }
    check_function(tools[i], param, declared);
    if (!tools[i].contains("strict") || !tools[i]["strict"].is_boolean()) {
      refuse("Q29", "strict is not explicit", param + ".strict");
    }
  }
  if (body.contains("tools") && tools.empty()) refuse("Q13", "Invalid 'tools': empty array.");
  check_tool_choice(body, declared, false);
  const Json input = body.value("input", Json());
  if (!input.is_array() || input.empty()) refuse("Q11", "Invalid 'input'.", "input");
  ItemRules rules(body["store"] == true, quirks.refuse_item_ids, check_previous(body, issued));
  for (const Json& item : input) rules.check(item);
  rules.end();
  check_quotes(body, issued);
  return declared;
}

}  // namespace cartpilot::fakes::openai
