// cartpilot's MCP client, for the official conformance runner: connects to the server whose address
// is the last argument, lists its tools, and calls each once with arguments that fit its schema.
// Exits 1 when anything fails.
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "mcp/client/client.h"
#include "mcp/client/http_peer.h"
#include "net/http_client.h"

namespace cartpilot::test {
namespace {

Json value_for(const Json& schema) {
  if (schema.contains("enum")) return schema.at("enum").at(0);
  const std::string type = string_or(schema, "type");
  if (type == "number" || type == "integer") return 1;
  if (type == "boolean") return true;
  if (type == "array") return Json::array();
  if (type == "object") return Json::object();
  return "x";
}

Json arguments_for(const Json& tool) {
  Json arguments = Json::object();
  const Json schema = tool.value("inputSchema", Json::object());
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) arguments[name] = value_for(property);
  return arguments;
}

int drive(const std::string& url) {
  net::HttpClient http;
  mcp::Client client(std::make_unique<mcp::HttpPeer>(http, url, HttpHeaders{}));
  const CallContext context;
  client.connect(context);
  int failed = 0;
  for (const Json& tool : client.list_tools(context)) {
    try {
      client.call_tool(string_or(tool, "name"), arguments_for(tool), context);
    } catch (const Error& error) {
      std::fprintf(stderr, "%s: %s\n", string_or(tool, "name").c_str(), error.what());
      failed = 1;
    }
  }
  return failed;
}

}  // namespace
}  // namespace cartpilot::test

int main(int count, char** words) {
  try {
    return count < 2 ? 2 : cartpilot::test::drive(words[count - 1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
