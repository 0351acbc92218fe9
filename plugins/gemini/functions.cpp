#include "gemini/functions.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "cartpilot/error.h"
#include "cartpilot/vendor/call_arguments.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/text.h"
#include "gemini/schema.h"

namespace cartpilot::gemini {
namespace {

constexpr std::size_t kMaxNameLength = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

std::string without_prefix(const std::string& written) {
  for (const std::string_view prefix : {"default_api:", "default_api."}) {
    if (written.size() > prefix.size() && written.compare(0, prefix.size(), prefix) == 0) {
      return written.substr(prefix.size());
    }
  }
  return written;
}

/// True when `value` holds an object with the key "$ref" at any depth.
bool holds_reference(const Json& value) {
  if (value.is_object() && value.contains("$ref")) return true;
  if (!value.is_structured()) return false;
  for (const Json& child : value) {
    if (holds_reference(child)) return true;
  }
  return false;
}

// The form of a call, kept in its provider_metadata until the response is written.
constexpr const char* kForm = "form";
constexpr const char* kWireId = "wire_id";
constexpr const char* kWireName = "wire_name";

ToolCall read_call(const Json& function_call, const char* form) {
  ToolCall call;
  const std::string written = string_or(function_call, "name");
  call.name = without_prefix(written);
  read_arguments(function_call, call);
  call.provider_metadata = Json{{kForm, form}};
  if (call.name != written) call.provider_metadata[kWireName] = written;
  call.id = string_or(function_call, "id");
  if (call.id.empty()) {
    call.id = vendor::new_call_id();
  } else {
    call.provider_metadata[kWireId] = call.id;
  }
  return call;
}

bool is_function_call(const Json& value) {
  return value.is_object() && value.contains("name") && value["name"].is_string() &&
         !value["name"].get_ref<const std::string&>().empty();
}

/// The functionCall of a part in either spelling; the service itself accepts both.
const Json* call_of_part(const Json& part) {
  if (!part.is_object()) return nullptr;
  for (const char* key : {"functionCall", "function_call"}) {
    const auto found = part.find(key);
    if (found != part.end() && is_function_call(*found)) return &*found;
  }
  return nullptr;
}

[[noreturn]] void refuse_message() {
  throw Error(
      ErrorCode::kInvalidArgument,
      R"(not a Gemini function call; expected {"name","args","id"?}, {"functionCall":{...}},)"
      R"( {"role":"model","parts":[...]} or a whole response with "candidates")");
}

Json bare_response(const ToolResult& result) {
  Json response = Json::object();
  const std::string id = string_or(result.provider_metadata, kWireId);
  if (!id.empty()) response["id"] = id;
  response["name"] = string_or(result.provider_metadata, kWireName, result.name);
  response["response"] = response_object(result.content, result.is_error);
  return response;
}

}  // namespace

std::string wire_name(const std::string& name) {
  bool fits = !name.empty() && name.size() <= kMaxNameLength && is_letter(name[0]);
  for (std::size_t i = 0; fits && i < name.size(); ++i) fits = is_name_char(name[i]);
  if (fits) return name;
  constexpr std::size_t kHashLength = 8;
  std::string clean;
  if (name.empty() || !is_letter(name[0])) clean = "_";
  for (const char c : name) {
    if (clean.size() + 1 + kHashLength >= kMaxNameLength) break;
    clean += is_name_char(c) ? c : '_';
  }
  return clean + fmt::format("_{:08x}", vendor::stable_hash(name) >> 32U);
}

NameMap wire_names(const std::vector<ToolSpec>& tools) {
  NameMap names;
  for (const ToolSpec& tool : tools) names.emplace(wire_name(tool.name), tool.name);
  return names;
}

std::string declared_name(const std::string& written, const NameMap& names) {
  const auto direct = names.find(written);
  if (direct != names.end()) return direct->second;
  const auto bare = names.find(without_prefix(written));
  return bare != names.end() ? bare->second : written;
}

Json encode_declarations(const std::vector<ToolSpec>& tools, SchemaForm form,
                         std::vector<std::string>& notices) {
  Json declarations = Json::array();
  std::set<std::string> declared;
  for (const ToolSpec& tool : tools) {
    const std::string name = wire_name(tool.name);
    // One name declared twice fails the whole request.
    if (!declared.insert(name).second) continue;
    Json declaration{{"name", name}, {"description", tool.description}};
    if (takes_no_arguments(tool.parameters)) {
      declarations.push_back(std::move(declaration));
      continue;
    }
    if (form == SchemaForm::kJsonSchema) {
      declaration["parametersJsonSchema"] = json_schema_of(tool.parameters);
    } else {
      std::vector<std::string> losses;
      declaration["parameters"] = parameters_of(tool.parameters, name, losses);
      for (std::string& loss : losses) notices.push_back("schema of " + std::move(loss));
    }
    declarations.push_back(std::move(declaration));
  }
  return declarations;
}

void read_arguments(const Json& function_call, ToolCall& call) {
  const auto args = function_call.find("args");
  vendor::CallArguments read = vendor::read_call_arguments(
      args == function_call.end() ? Json() : *args, vendor::one_line(call.name, 80));
  call.arguments = std::move(read.value);
  call.arguments_error = vendor::one_line(read.problem, 300);
}

Json response_object(const Json& content, bool is_error) {
  if (holds_reference(content)) return Json{{is_error ? "error" : "output", dump_json(content)}};
  if (content.is_object()) return content;
  return Json{{is_error ? "error" : "output", content}};
}

std::vector<ToolCall> parse_calls(const Json& message) {
  std::vector<ToolCall> calls;
  if (message.is_array()) {
    for (const Json& item : message) {
      const Json* call = is_function_call(item) ? &item : call_of_part(item);
      if (!call) refuse_message();
      calls.push_back(read_call(*call, call == &item ? "calls" : "parts"));
    }
    return calls;
  }
  if (!message.is_object()) refuse_message();
  if (is_function_call(message)) return {read_call(message, "call")};
  if (const Json* call = call_of_part(message)) return {read_call(*call, "part")};

  const Json* content = &message;
  const auto candidates = message.find("candidates");
  if (candidates != message.end()) {
    if (!candidates->is_array() || candidates->empty() || !candidates->front().is_object()) {
      refuse_message();
    }
    const Json& candidate = candidates->front();
    if (!candidate.contains("content")) return calls;
    content = &candidate["content"];
  }
  if (!content->is_object()) refuse_message();
  const std::string role = string_or(*content, "role", "model");
  const auto parts = content->find("parts");
  if (parts == content->end()) {
    // A model content without parts is an answer without calls; anything else is not Gemini's.
    const bool named = content->contains("role") && role == "model";
    if (candidates == message.end() && !named) refuse_message();
    return calls;
  }
  if (!parts->is_array() || role != "model") refuse_message();
  for (const Json& part : *parts) {
    if (const Json* call = call_of_part(part)) calls.push_back(read_call(*call, "content"));
  }
  return calls;
}

Json encode_responses(const std::vector<ToolResult>& results) {
  // Nothing follows a message without calls; a content needs parts.
  if (results.empty()) return Json::array();
  const std::string fallback = results.size() == 1 ? "call" : "content";
  const std::string form = string_or(results[0].provider_metadata, kForm, fallback);
  if (form == "call" && results.size() == 1) return bare_response(results[0]);
  if (form == "part" && results.size() == 1) {
    return Json{{"functionResponse", bare_response(results[0])}};
  }
  Json list = Json::array();
  for (const ToolResult& result : results) {
    if (form == "calls") {
      list.push_back(bare_response(result));
    } else {
      list.push_back(Json{{"functionResponse", bare_response(result)}});
    }
  }
  if (form == "calls" || form == "parts") return list;
  return Json{{"role", "user"}, {"parts", std::move(list)}};
}

}  // namespace cartpilot::gemini
