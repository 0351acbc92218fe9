#include <fmt/format.h>

#include <set>

#include "fakes/gemini_rules.h"

// The rules about the conversation itself: which content may follow which, and what pairs calls
// with their responses.

namespace cartpilot::fakes::gemini_rules {
namespace {

bool is_role(const Json& content, const char* role) {
  return string_or(content, "role", "user") == role;
}

bool holds_image(const Json& content) {
  for (const Json& part : content["parts"]) {
    if (part.contains("inlineData")) return true;
  }
  return false;
}

void check_part(const Json& part, const Keys& issued_kinds, const std::string& path,
                Violations& violations) {
  static const char* const kKinds[] = {
      "text",           "inlineData",          "fileData", "functionCall", "functionResponse",
      "executableCode", "codeExecutionResult", "toolCall", "toolResponse"};
  int kinds = 0;
  for (const char* kind : kKinds) kinds += part.contains(kind) ? 1 : 0;
  for (const std::string& kind : issued_kinds) kinds += part.contains(kind) ? 1 : 0;
  if (kinds != 1) {
    refuse_argument("Q11",
                    "* GenerateContentRequest." + path +
                        ".data: required oneof field 'data' must have one initialized field");
  }
  if (part.contains("text") && part["text"] == "" && !part.contains("thoughtSignature")) {
    violations.push_back("Q12 unsigned empty text at " + path);
  }
  if (part.contains("inlineData") && (string_or(part["inlineData"], "mimeType").empty() ||
                                      string_or(part["inlineData"], "data").empty())) {
    refuse_argument("Q42", "Invalid value at '" + path + ".inline_data'");
  }
}

void check_response_content(const Json& content, const std::string& path) {
  for (const Json& part : content["parts"]) {
    if (!part.contains("functionResponse")) {
      refuse_argument("Q20", "Requests ending with a model turn are not supported.");
    }
    const Json& response = part["functionResponse"];
    if (string_or(response, "name").empty()) {
      refuse_argument("Q19", "* GenerateContentRequest." + path +
                                 ".function_response.name: Name cannot be empty");
    }
    if (!response.contains("response") || !response["response"].is_object()) {
      refuse_argument("Q21", "Invalid value at '" + path +
                                 ".function_response.response' "
                                 "(type.googleapis.com/google.protobuf.Struct)");
    }
  }
}

}  // namespace

Json calls_of(const Json& content) {
  Json calls = Json::array();
  for (const Json& part : content["parts"]) {
    if (part.contains("functionCall")) calls.push_back(part["functionCall"]);
  }
  return calls;
}

bool holds_response(const Json& content) {
  for (const Json& part : content["parts"]) {
    if (part.contains("functionResponse")) return true;
  }
  return false;
}

void check_contents(const Json& body, const std::string& model, const Keys& issued_kinds,
                    Violations& violations) {
  const Json contents = body.value("contents", Json::array());
  if (contents.empty()) {
    refuse_argument("Q9", "* GenerateContentRequest.contents: contents is not specified");
  }
  bool has_calls = false;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const Json& content = contents[i];
    const std::string path = fmt::format("contents[{}]", i);
    if (!is_role(content, "user") && !is_role(content, "model")) {
      refuse_argument("Q10", "Role '" + string_or(content, "role") +
                                 "' is not supported. Please use a valid role: user, model.");
    }
    if (!content.contains("parts") || content["parts"].empty()) {
      refuse_argument("Q9", "* GenerateContentRequest." + path + ".parts: must not be empty.");
    }
    for (std::size_t j = 0; j < content["parts"].size(); ++j) {
      check_part(content["parts"][j], issued_kinds, fmt::format("{}.parts[{}]", path, j),
                 violations);
    }
    const std::size_t calls = calls_of(content).size();
    const bool responds = holds_response(content);
    has_calls = has_calls || calls > 0;
    if (i == 0 && (!is_role(content, "user") || responds)) {
      refuse_argument("Q13", "Please ensure that the conversation begins with a user turn.");
    }
    if ((calls > 0 && !is_role(content, "model")) || (responds && !is_role(content, "user"))) {
      refuse_argument("Q14", "Function calls belong to the model, function responses to the user.");
    }
    if (calls > 0 && !is_role(contents[i - 1], "user")) {
      refuse_argument(
          "Q15",
          "Please ensure that function call turn comes immediately after a user turn or "
          "after a function response turn.");
    }
    const bool takes_images = model.rfind("gemini-2", 0) != 0;
    if (takes_images && i > 0 && holds_response(contents[i - 1]) && holds_image(content)) {
      violations.push_back("Q42 an image of a result stands outside of it at " + path);
    }
    const std::size_t open = i > 0 ? calls_of(contents[i - 1]).size() : 0;
    if (responds) {
      check_response_content(content, path);
      if (open == 0) {
        refuse_argument("Q16",
                        "Please ensure that function response turn comes immediately after a "
                        "function call turn.");
      }
    }
    if ((responds ? content["parts"].size() : 0) != open) {
      refuse_argument("Q17",
                      "Please ensure that the number of function response parts is equal to the "
                      "number of function call parts of the function call turn.");
    }
  }
  if (!is_role(contents.back(), "user")) {
    refuse_argument("Q22", "Requests ending with a model turn are not supported.");
  }
  if (has_calls && declared_functions(body).empty()) {
    violations.push_back("Q37 the history holds calls but no function is declared");
  }
}

bool responses_match(const Json& contents, Violations& violations) {
  bool match = true;
  const auto fail = [&](const std::string& what) {
    violations.push_back(what);
    match = false;
  };
  for (std::size_t i = 1; i < contents.size(); ++i) {
    if (!holds_response(contents[i])) continue;
    const Json calls = calls_of(contents[i - 1]);
    std::set<std::string> ids;
    for (std::size_t j = 0; j < calls.size(); ++j) {
      const Json& response = contents[i]["parts"][j]["functionResponse"];
      const std::string id = string_or(response, "id");
      if (id != string_or(calls[j], "id")) {
        fail(fmt::format("Q18 response {} of contents[{}] has the id '{}'", j, i, id));
      }
      if (!id.empty() && !ids.insert(id).second) {
        fail(fmt::format("Q18 the id '{}' answers twice in contents[{}]", id, i));
      }
      if (string_or(response, "name") != string_or(calls[j], "name")) {
        fail(fmt::format("Q19 response {} of contents[{}] has another name than its call", j, i));
      }
    }
  }
  return match;
}

}  // namespace cartpilot::fakes::gemini_rules
