// ForeignTool: one tool of another MCP server, judged and put into a form that every model takes.
//
// A server's declarations are somebody else's text. What cannot be used is left out with the
// reason; nothing a server says makes its tool count as safer than it is. Pure functions; any
// thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::mcp {

constexpr std::size_t kMaxForeignDescription = 2'000;
constexpr std::size_t kMaxForeignSchemaBytes = 64'000;
constexpr int kMaxForeignSchemaDepth = 32;
constexpr std::size_t kMaxForeignName = 60;

struct ForeignTool {
  std::string name;         ///< as models see it: "github_search"
  std::string remote_name;  ///< as the server calls it
  std::string title;
  std::string description;
  Json parameters;       ///< root of type object, without references
  bool wrapped = false;  ///< the arguments are the member "input" of what the model gives
  std::string digest;    ///< of all that a person agrees to: declaration and server
};

/// Why a tool was left out.
struct LeftOut {
  std::string remote_name;
  std::string reason;
};

struct ForeignTools {
  std::vector<ForeignTool> tools;  ///< in the order of the server
  std::vector<LeftOut> left_out;
};

/// `identity`: the command or the address. `reserved`: names that belong to others.
ForeignTools read_foreign_tools(const std::string& server, const std::string& identity,
                                const std::vector<Json>& declarations,
                                const std::set<std::string>& reserved);

/// `schema` with local references put in place, a combinator at the root wrapped into the member
/// "input", and formats that are not known dropped. Throws Error{kInvalidArgument} when it cannot
/// be done, is too deep or too long.
Json portable_schema(const Json& schema, bool& wrapped);

/// "server_tool" in [a-z0-9_], at most kMaxForeignName bytes; `hashed` gives the form that no other
/// tool has.
std::string foreign_name(const std::string& server, const std::string& tool, bool hashed);

}  // namespace cartpilot::mcp
