#include "mcp/answers.h"

#include <utility>

#include "mcp/revision.h"

namespace cartpilot::mcp {
namespace {

/// How long a client may keep the list. It holds for one process, whose plugins and flags another
/// client does not have.
constexpr int kListLifetimeMs = 60'000;

Json server_info(const ServerIdentity& identity, std::string_view revision) {
  Json info = {{"name", identity.name}};
  if (has_titles(revision)) info["title"] = identity.title;
  info["version"] = identity.version;
  return info;
}

/// What every modern result carries.
Json completed(const ServerIdentity& identity, std::string_view revision, Json result) {
  if (revision != kModernRevision) return result;
  result["resultType"] = "complete";
  result["_meta"] = {
      {"io.modelcontextprotocol/serverInfo", server_info(identity, kModernRevision)}};
  return result;
}

void let_keep(Json& result) {
  result["ttlMs"] = kListLifetimeMs;
  result["cacheScope"] = "private";
}

Json declaration(const ToolDescription& tool, std::string_view revision) {
  Json json = {{"name", tool.name}};
  if (has_titles(revision)) json["title"] = tool.title;
  json["description"] = tool.description;
  json["inputSchema"] = tool.input_schema;
  if (has_annotations(revision)) {
    json["annotations"] = {{"title", tool.title},
                           {"readOnlyHint", tool.annotations.read_only},
                           {"destructiveHint", tool.annotations.destructive},
                           {"idempotentHint", tool.annotations.idempotent},
                           {"openWorldHint", tool.annotations.open_world}};
  }
  return json;
}

Json capabilities(bool logs) {
  Json declared = {{"tools", Json::object()}};
  if (logs) declared["logging"] = Json::object();
  return declared;
}

}  // namespace

Json initialize_result(const ServerIdentity& identity, std::string_view revision, bool logs) {
  Json result = {{"protocolVersion", revision},
                 {"capabilities", capabilities(logs)},
                 {"serverInfo", server_info(identity, revision)}};
  if (!identity.instructions.empty()) result["instructions"] = identity.instructions;
  return result;
}

Json discover_result(const ServerIdentity& identity, bool logs) {
  Json result = {{"supportedVersions", Json::array({kModernRevision})},
                 {"capabilities", capabilities(logs)}};
  if (!identity.instructions.empty()) result["instructions"] = identity.instructions;
  let_keep(result);
  return completed(identity, kModernRevision, std::move(result));
}

Json list_result(const ServerIdentity& identity, const std::vector<ToolDescription>& tools,
                 std::string_view revision) {
  Json list = Json::array();
  for (const ToolDescription& tool : tools) list.push_back(declaration(tool, revision));
  Json result = {{"tools", std::move(list)}};
  if (revision == kModernRevision) let_keep(result);
  return completed(identity, revision, std::move(result));
}

Json input_required_result(const ServerIdentity& identity, const Json& requests,
                           const std::string& state) {
  Json result =
      completed(identity, kModernRevision, {{"inputRequests", requests}, {"requestState", state}});
  result["resultType"] = "input_required";
  return result;
}

Json call_result(const ServerIdentity& identity, const CallResult& called,
                 std::string_view revision) {
  Json result = {{"content", called.content}};
  // Clients check structured content against a declared schema, failures included; there it is
  // left out. Legacy revisions know objects only.
  const bool fits = called.structured.is_object() ||
                    (revision == kModernRevision && !called.structured.is_null());
  if (fits && !called.is_error && has_structured_content(revision)) {
    result["structuredContent"] = called.structured;
  }
  if (called.is_error) result["isError"] = true;
  return completed(identity, revision, std::move(result));
}

}  // namespace cartpilot::mcp
