#include "app/other_servers.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "app/server_pins.h"
#include "base/digest.h"
#include "cartpilot/error.h"
#include "commerce/tools.h"
#include "mcp/client/http_peer.h"
#include "mcp/client/pipe_peer.h"
#include "text/terminal_text.h"

namespace cartpilot::app {
namespace {

/// Longer texts take several rows of a question.
constexpr std::size_t kRowBytes = 150;
/// Rows of one description; the digest covers all of it.
constexpr std::size_t kMaxDescriptionRows = 3;

using Digests = std::map<std::string, std::string>;

/// `text` on rows of its own, at most `most`.
void add_rows(purchase::ApprovalQuestion& question, const std::string& label,
              const std::string& text, std::size_t most) {
  const std::string ascii = text::escape_for_receipt(text);
  std::size_t rows = 0;
  for (std::size_t at = 0; at < ascii.size() || rows == 0; at += kRowBytes, ++rows) {
    if (rows == most) {
      question.fields.push_back({"", fmt::format("(and {} characters more)", ascii.size() - at)});
      return;
    }
    question.fields.push_back({rows == 0 ? label : "", ascii.substr(at, kRowBytes)});
  }
}

std::set<std::string> own_names() {
  std::set<std::string> names = {"get_approval_status"};
  for (const ToolSpec& spec : commerce::cartpilot_tool_specs()) names.insert(spec.name);
  return names;
}

purchase::ApprovalQuestion question_about_server(const mcp::ServerSettings& server, bool known) {
  purchase::ApprovalQuestion question;
  question.title = "MCP SERVER";
  question.fields = {{"Server", server.name}};
  constexpr std::size_t kMaxRows = 40;
  if (server.command.empty()) {
    add_rows(question, "Address", server.url, kMaxRows);
  } else {
    add_rows(question, "Program", server.command.front(), kMaxRows);
    for (std::size_t i = 1; i < server.command.size(); ++i) {
      add_rows(question, "Argument", server.command[i], kMaxRows);
    }
    question.warnings.push_back("cartpilot starts this program with your rights");
  }
  for (const std::string& name : server.own_variables) add_rows(question, "Variable", name, 2);
  if (known) question.warnings.push_back("this is another one than you agreed to before");
  question.detail = {{"server", server.name}};
  return question;
}

purchase::ApprovalQuestion question_about_tools(const mcp::ServerSettings& server,
                                                const std::vector<mcp::ForeignTool>& tools,
                                                const Digests& pins) {
  purchase::ApprovalQuestion question;
  question.title = "MCP TOOLS";
  question.fields = {{"Server", server.name}};
  bool changed = false;
  for (const mcp::ForeignTool& tool : tools) {
    const bool known = pins.contains(tool.remote_name);
    changed = changed || known;
    add_rows(question, known ? "CHANGED" : "Tool", tool.name, 2);
    add_rows(question, "  says", tool.description, kMaxDescriptionRows);
  }
  question.notes.push_back("the model may call these tools; what they say is the server's word");
  if (changed) {
    question.warnings.push_back("CHANGED tools are others than you agreed to under these names");
  }
  question.detail = {{"server", server.name}};
  return question;
}

/// What came of asking, for the notice about what is left out.
std::string why_not(const OtherServersOptions& options) {
  return options.ask ? "you did not agree to it"
                     : fmt::format("nobody has agreed to it; {}", options.be_asked);
}

class OneServer {
 public:
  OneServer(const OtherServersOptions& options, const mcp::ServerSettings& server,
            store::StateDb& state, const CallContext& context)
      : options_(options), server_(server), pins_(state), context_(context) {}

  std::unique_ptr<ToolSet> open() {
    const Digests known = pins_.of(server_.name);
    if (!may_start(known)) return nullptr;
    mcp::ServerToolsOptions options;
    options.server = server_;
    options.reserved = own_names();
    options.make_peer = [server = server_, http = options_.http, log = options_.log] {
      return make_peer(server, *http, log);
    };
    options.log = [name = server_.name, log = options_.log](const std::string& line) {
      if (log) log(name, line);
    };
    auto tools = std::make_unique<mcp::ServerTools>(std::move(options));
    mcp::ForeignTools found = tools->open(context_);
    for (const mcp::LeftOut& left_out : found.left_out) {
      notice(fmt::format("the tool {} is left out: {}", left_out.remote_name, left_out.reason));
    }
    std::vector<mcp::ForeignTool> agreed = agreed_to(std::move(found.tools), known);
    if (agreed.empty()) return nullptr;
    tools->agree(std::move(agreed));
    return tools;
  }

 private:
  static std::unique_ptr<mcp::Peer> make_peer(
      const mcp::ServerSettings& server, HttpTransport& http,
      const std::function<void(const std::string&, std::string_view)>& log) {
    if (server.command.empty()) {
      return std::make_unique<mcp::HttpPeer>(http, server.url, server.headers);
    }
    return std::make_unique<mcp::PipePeer>(server.command, server.environment,
                                           [name = server.name, log](std::string_view line) {
                                             if (log) log(name, line);
                                           });
  }

  void notice(const std::string& what) const {
    options_.notice(fmt::format("MCP server {}: {}", server_.name, what));
  }

  bool ask(purchase::ApprovalQuestion question) const {
    if (!options_.ask) return false;
    if (const auto why = purchase::cannot_be_shown(question)) {
      notice(fmt::format("it cannot be asked about: {}", *why));
      return false;
    }
    return options_.ask(std::move(question));
  }

  bool may_start(const Digests& known) {
    std::string seen = server_.identity();
    for (const std::string& name : server_.own_variables) seen += "\nvariable " + name;
    const std::string digest = base::sha256_hex(seen);
    const auto pin = known.find("");
    if (pin != known.end() && pin->second == digest) return true;
    if (!ask(question_about_server(server_, pin != known.end()))) {
      notice("left out: " + why_not(options_));
      return false;
    }
    pins_.agree(server_.name, {{"", digest}});
    return true;
  }

  std::vector<mcp::ForeignTool> agreed_to(std::vector<mcp::ForeignTool> tools,
                                          const Digests& known) {
    std::vector<mcp::ForeignTool> agreed;
    std::vector<mcp::ForeignTool> other;
    for (mcp::ForeignTool& tool : tools) {
      const auto pin = known.find(tool.remote_name);
      const bool same = pin != known.end() && pin->second == tool.digest;
      (same ? agreed : other).push_back(std::move(tool));
    }
    if (other.empty()) return agreed;
    if (!ask(question_about_tools(server_, other, known))) {
      for (const mcp::ForeignTool& tool : other) {
        notice(fmt::format("the tool {} is left out: {}", tool.name, why_not(options_)));
      }
      return agreed;
    }
    Digests fresh;
    for (const mcp::ForeignTool& tool : other) fresh[tool.remote_name] = tool.digest;
    pins_.agree(server_.name, fresh);
    for (mcp::ForeignTool& tool : other) agreed.push_back(std::move(tool));
    return agreed;
  }

  const OtherServersOptions& options_;
  const mcp::ServerSettings& server_;
  ServerPins pins_;
  const CallContext& context_;
};

}  // namespace

std::string server_plugin_id(const std::string& server) { return "mcp:" + server; }

std::vector<plugin::PluginHost::NamedToolSet> open_other_servers(const OtherServersOptions& options,
                                                                 store::StateDb& state,
                                                                 const CallContext& context) {
  std::vector<plugin::PluginHost::NamedToolSet> sets;
  for (const mcp::ServerSettings& server : options.servers) {
    try {
      auto tools = OneServer(options, server, state, context).open();
      if (tools) sets.push_back({server.name, server_plugin_id(server.name), std::move(tools)});
    } catch (const Error& error) {
      if (error.code == ErrorCode::kCancelled) throw;
      options.notice(fmt::format("MCP server {}: left out: {}", server.name, error.what()));
    }
  }
  return sets;
}

}  // namespace cartpilot::app
