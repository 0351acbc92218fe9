#include "mcp/client/foreign_tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "cartpilot/error.h"
#include "mcp/canonical.h"
#include "mcp/client/client.h"
#include "schema/validator.h"
#include "text/ascii.h"
#include "text/terminal_text.h"

namespace cartpilot::mcp {
namespace {

constexpr std::size_t kKeptOfLongName = 51;
constexpr std::size_t kHashDigits = 8;
constexpr std::size_t kMaxRemoteName = 128;
constexpr std::size_t kMaxTitle = 100;

[[noreturn]] void refuse_schema(const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, why);
}

bool is_known_format(const std::string& format) {
  static const std::set<std::string, std::less<>> known = {
      "date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"};
  return known.contains(format);
}

/// The value that "#/$defs/a~1b" points at.
const Json& target_of(const Json& root, const std::string& reference) {
  if (reference != "#" && !reference.starts_with("#/")) {
    refuse_schema("its parameters refer to something outside");
  }
  const Json* at = &root;
  const std::string path = reference.size() > 1 ? reference.substr(2) : "";
  for (std::size_t begin = 0; reference.size() > 1 && begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    std::string step = base::percent_decoded(path.substr(begin, end - begin)).value_or("");
    for (const auto& [escaped, plain] : {std::pair("~1", "/"), std::pair("~0", "~")}) {
      for (std::size_t found; (found = step.find(escaped)) != std::string::npos;) {
        step.replace(found, 2, plain);
      }
    }
    const Json* next = nullptr;
    if (at->is_object() && at->contains(step)) next = &at->at(step);
    if (next == nullptr) refuse_schema("its parameters refer to something that is not there");
    at = next;
    begin = end + 1;
  }
  return *at;
}

/// Copies a schema with its references in place.
class Inliner {
 public:
  explicit Inliner(const Json& root) : root_(root) {}

  Json copy(const Json& value, int depth) {
    if (depth > kMaxForeignSchemaDepth) refuse_schema("its parameters nest too deep");
    if (++nodes_ > kMaxForeignSchemaBytes) refuse_schema("its parameters are too long");
    if (value.is_array()) {
      Json list = Json::array();
      for (const Json& entry : value) list.push_back(copy(entry, depth + 1));
      return list;
    }
    if (!value.is_object()) return value;
    for (const char* word : {"$dynamicRef", "$recursiveRef"}) {
      if (value.contains(word)) refuse_schema(fmt::format("its parameters have {}", word));
    }
    const auto reference = value.find("$ref");
    if (reference != value.end() && reference->is_string()) {
      Json placed = copy(target_of(root_, reference->get<std::string>()), depth + 1);
      // What stands beside a reference holds too; descriptions are the usual case.
      for (const auto& [name, member] : value.items()) {
        if (name == "$ref" || name == "$defs" || name == "definitions") continue;
        if (!placed.is_object()) break;
        placed[name] = copy(member, depth + 1);
      }
      return placed;
    }
    Json object = Json::object();
    for (const auto& [name, member] : value.items()) {
      if (name == "$defs" || name == "definitions" || name == "$schema" || name == "$id" ||
          name == "$comment") {
        if (!in_properties_) continue;
      }
      if (name == "format" && !in_properties_ && member.is_string() &&
          !is_known_format(member.get<std::string>())) {
        continue;
      }
      const bool is_value =
          name == "enum" || name == "const" || name == "default" || name == "examples";
      if (is_value && !in_properties_) {
        append_member(object, name, member);
        continue;
      }
      const bool outer = std::exchange(in_properties_, name == "properties" && !in_properties_);
      append_member(object, name, copy(member, depth + 1));
      in_properties_ = outer;
    }
    return object;
  }

 private:
  const Json& root_;
  std::size_t nodes_ = 0;
  bool in_properties_ = false;  ///< names of members are the server's own, not keywords
};

bool has_root_combinator(const Json& schema) {
  constexpr std::array kWords = {"anyOf", "oneOf", "allOf", "not", "if", "enum", "const"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return schema.contains(word); });
}

std::string cleaned(const std::string& name) {
  std::string clean;
  for (const char c : text::lower_case(name)) {
    clean += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  }
  return clean;
}

ForeignTool read_tool(const std::string& identity, const Json& declaration) {
  ForeignTool tool;
  tool.remote_name = string_or(declaration, "name");
  if (tool.remote_name.empty() || tool.remote_name.size() > kMaxRemoteName) {
    refuse_schema("it has no name, or too long a one");
  }
  const Json empty = {{"type", "object"}};
  const auto schema = declaration.find("inputSchema");
  tool.parameters = portable_schema(schema == declaration.end() ? empty : *schema, tool.wrapped);
  const schema::SchemaValidator usable(tool.parameters);
  tool.title = text::field(string_or(declaration, "title"), kMaxTitle);
  tool.description = text::safe_text(string_or(declaration, "description"));
  if (tool.description.size() > kMaxForeignDescription) {
    tool.description = text::to_utf8(tool.description.substr(0, kMaxForeignDescription)) + "...";
  }
  Json agreed = {{"server", identity}};
  for (const char* name : {"name", "title", "description", "inputSchema", "annotations"}) {
    if (declaration.contains(name)) agreed[name] = declaration.at(name);
  }
  tool.digest = base::sha256_hex(canonical_text(agreed));
  return tool;
}

}  // namespace

Json portable_schema(const Json& schema, bool& wrapped) {
  wrapped = false;
  if (!schema.is_object()) refuse_schema("its parameters are no schema");
  Json portable = Inliner(schema).copy(schema, 0);
  if (!portable.contains("type") && !has_root_combinator(portable)) portable["type"] = "object";
  if (has_root_combinator(portable)) {
    wrapped = true;
    portable = {{"type", "object"},
                {"properties", {{"input", std::move(portable)}}},
                {"required", Json::array({"input"})},
                {"additionalProperties", false}};
  }
  if (portable.at("type") != Json("object")) refuse_schema("its parameters are no object");
  if (dump_json(portable).size() > kMaxForeignSchemaBytes) {
    refuse_schema("its parameters are too long");
  }
  return portable;
}

std::string foreign_name(const std::string& server, const std::string& tool, bool hashed) {
  const std::string full = server + "_" + tool;
  std::string name = cleaned(full);
  if (!hashed && name.size() <= kMaxForeignName) return name;
  return name.substr(0, kKeptOfLongName) + "_" + base::sha256_hex(full).substr(0, kHashDigits);
}

ForeignTools read_foreign_tools(const std::string& server, const std::string& identity,
                                const std::vector<Json>& declarations,
                                const std::set<std::string>& reserved) {
  ForeignTools result;
  std::map<std::string, int> wanted;
  std::set<std::string> seen;
  for (const Json& declaration : declarations) {
    const std::string name = text::field(string_or(declaration, "name"), kMaxTitle);
    try {
      if (result.tools.size() >= kMaxForeignTools) refuse_schema("the server has more than 100");
      ForeignTool tool = read_tool(identity, declaration);
      if (!seen.insert(tool.remote_name).second) refuse_schema("the server names it twice");
      ++wanted[foreign_name(server, tool.remote_name, false)];
      result.tools.push_back(std::move(tool));
    } catch (const Error& error) {
      result.left_out.push_back({name, error.what()});
    }
  }
  for (ForeignTool& tool : result.tools) {
    tool.name = foreign_name(server, tool.remote_name, false);
    // Every one of those that clash, so that the order of the list means nothing.
    if (wanted.at(tool.name) > 1 || reserved.contains(tool.name)) {
      tool.name = foreign_name(server, tool.remote_name, true);
    }
  }
  return result;
}

}  // namespace cartpilot::mcp
