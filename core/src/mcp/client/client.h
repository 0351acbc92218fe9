// Client: the tools of one MCP server, whatever era it speaks.
//
// connect() asks for the modern revision first and falls back to `initialize`; what it found holds
// for the connection. Knows no transport and decides nothing about the tools. The peer is owned.
// Any thread, connect() first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mcp/client/peer.h"

namespace cartpilot::mcp {

/// Tools of one server that are looked at.
constexpr std::size_t kMaxForeignTools = 100;

class Client {
 public:
  explicit Client(std::unique_ptr<Peer> peer);

  /// Throws Error when there is no revision that both speak, or no server.
  void connect(const CallContext& context);
  const std::string& revision() const { return revision_; }

  /// The declarations as they came, at most kMaxForeignTools and one more.
  std::vector<Json> list_tools(const CallContext& context);

  /// The result object of tools/call. Throws as Peer::request().
  Json call_tool(const std::string& name, const Json& arguments, const CallContext& context,
                 std::function<void(const Json&)> on_progress = {});

  bool take_list_changed() { return peer_->take_list_changed(); }

 private:
  bool connect_modern(const CallContext& context);
  void connect_legacy(const CallContext& context);

  const std::unique_ptr<Peer> peer_;
  std::string revision_;
};

}  // namespace cartpilot::mcp
