#include "anthropic/functions.h"

#include <set>
#include <utility>

#include "cartpilot/vendor/call_arguments.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/function_names.h"
#include "cartpilot/vendor/object_schema.h"

namespace cartpilot::anthropic {
namespace {

// The form of a call, kept in its provider_metadata until the result is written.
constexpr const char* kForm = "form";
constexpr const char* kWireId = "wire_id";

[[noreturn]] void refuse_calls() {
  throw Error(ErrorCode::kInvalidArgument,
              R"(no Anthropic function call: expected {"type":"tool_use","id","name","input"}, )"
              R"(a list of such blocks, or {"role":"assistant","content":[...]})");
}

bool is_call_block(const Json& value) { return string_or(value, "type") == "tool_use"; }

ToolCall read_block(const Json& block, const char* form) {
  ToolCall call;
  call.name = string_or(block, "name");
  if (call.name.empty()) refuse_calls();
  const auto input = block.find("input");
  vendor::CallArguments read =
      vendor::read_call_arguments(input == block.end() ? Json() : *input, call.name);
  call.arguments = std::move(read.value);
  call.arguments_error = std::move(read.problem);
  const std::string id = string_or(block, "id");
  call.id = id.empty() ? vendor::new_call_id() : id;
  call.provider_metadata = Json{{kForm, form}, {kWireId, call.id}};
  return call;
}

std::vector<ToolCall> read_blocks(const Json& blocks, const char* form) {
  std::vector<ToolCall> calls;
  if (!blocks.is_array()) refuse_calls();
  for (const Json& block : blocks) {
    if (!block.is_object() || string_or(block, "type").empty()) refuse_calls();
    if (is_call_block(block)) calls.push_back(read_block(block, form));
  }
  return calls;
}

}  // namespace

Json encode_tools(const std::vector<ToolSpec>& tools) {
  Json list = Json::array();
  std::set<std::string> declared;
  for (const ToolSpec& tool : tools) {
    const std::string name = vendor::wire_function_name(tool.name);
    // One name declared twice fails the whole request.
    if (!declared.insert(name).second) continue;
    Json schema = vendor::object_schema(tool.parameters);
    vendor::drop_remote_references(schema);
    list.push_back(Json{
        {"name", name}, {"description", tool.description}, {"input_schema", std::move(schema)}});
  }
  return list;
}

Json result_block(const std::string& tool_use_id, const Json& content, bool is_error) {
  Json block{
      {"type", "tool_result"}, {"tool_use_id", tool_use_id}, {"content", dump_json(content)}};
  if (is_error) block["is_error"] = true;
  return block;
}

std::vector<ToolCall> parse_calls(const Json& message) {
  if (is_call_block(message)) return {read_block(message, "block")};
  if (message.is_array()) return read_blocks(message, "list");
  if (!message.is_object() || string_or(message, "role") != "assistant") refuse_calls();
  const auto content = message.find("content");
  if (content == message.end()) refuse_calls();
  if (content->is_string()) return {};  // a message that only talks
  return read_blocks(*content, "message");
}

Json encode_results(const std::vector<ToolResult>& results) {
  Json blocks = Json::array();
  for (const ToolResult& result : results) {
    blocks.push_back(result_block(string_or(result.provider_metadata, kWireId, result.call_id),
                                  result.content, result.is_error));
  }
  if (results.empty()) return blocks;  // nothing follows a message without calls
  const std::string form = string_or(results[0].provider_metadata, kForm, "message");
  if (form == "block" && results.size() == 1) return blocks[0];
  if (form == "list") return blocks;
  return Json{{"role", "user"}, {"content", std::move(blocks)}};
}

}  // namespace cartpilot::anthropic
