#include "mcp/client/server_tools.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/wait.h"
#include "cartpilot/error.h"
#include "mcp/message.h"
#include "text/terminal_text.h"

namespace cartpilot::mcp {
namespace {

constexpr std::chrono::milliseconds kFirstPause{500};

bool is_lost(const Error& error) { return error.reason == "lost"; }

std::string progress_text(const Json& params) {
  const auto number = [&](const char* name) {
    const auto found = params.find(name);
    return found != params.end() && found->is_number() ? dump_json(*found) : std::string();
  };
  const std::string total = number("total");
  return fmt::format("{}{} {}", number("progress"), total.empty() ? "" : " of " + total,
                     text::field(string_or(params, "message")));
}

/// What a block of another kind than text leaves behind.
std::string block_text(const Json& block) {
  const std::string type = string_or(block, "type");
  if (type == "text") return string_or(block, "text");
  if (type == "resource_link") return string_or(block, "uri");
  if (type == "resource" && block.contains("resource")) {
    return string_or(block.at("resource"), "text", string_or(block.at("resource"), "uri"));
  }
  return fmt::format("({} left out)", type.empty() ? "content" : type);
}

std::string joined_text(const Json& result) {
  std::string text;
  const auto content = result.find("content");
  if (content == result.end() || !content->is_array()) return text;
  for (const Json& block : *content) {
    if (!text.empty()) text += '\n';
    text += block_text(block);
  }
  text = text::safe_text(text);
  if (text.size() <= kMaxForeignResult) return text;
  const std::size_t all = text.size();
  return text::to_utf8(text.substr(0, kMaxForeignResult)) +
         fmt::format("\n(cut: {} bytes in all)", all);
}

}  // namespace

std::string ServerSettings::identity() const {
  return command.empty() ? url : fmt::format("{}", fmt::join(command, "\n"));
}

ToolOutcome outcome_of_result(const Json& result) {
  if (string_or(result, "resultType", "complete") != "complete") {
    return tool_error("UNSUPPORTED", "The tool asks for something that is not given here.");
  }
  const std::string text = joined_text(result);
  const auto failed = result.find("isError");
  if (failed != result.end() && *failed == Json(true)) return tool_error("TOOL_FAILED", text);
  const auto structured = result.find("structuredContent");
  if (text.empty() && structured != result.end()) return {true, {{"structured", *structured}}};
  return {true, {{"text", text}}};
}

ServerTools::ServerTools(ServerToolsOptions options) : options_(std::move(options)) {}

void ServerTools::connect(const CallContext& context) {
  auto client = std::make_unique<Client>(options_.make_peer());
  client->connect(context);
  client_ = std::move(client);
}

ForeignTools ServerTools::read_list(const CallContext& context) {
  return read_foreign_tools(options_.server.name, options_.server.identity(),
                            client_->list_tools(context), options_.reserved);
}

ForeignTools ServerTools::open(const CallContext& context) {
  const std::lock_guard lock(mutex_);
  connect(context);
  return read_list(context);
}

std::vector<ToolSpec> ServerTools::list() const {
  std::vector<ToolSpec> specs;
  for (const ForeignTool& tool : tools_) {
    specs.push_back({tool.name,
                     tool.description.empty() ? "A tool of the server " + options_.server.name
                                              : tool.description,
                     tool.parameters, is_money(tool) ? EffectClass::kMoney : EffectClass::kWrite});
  }
  return specs;
}

bool ServerTools::is_money(const ForeignTool& tool) const {
  return options_.server.money_tools.contains(tool.remote_name);
}

/// After the connection was lost.
void ServerTools::reconnect(const CallContext& context) {
  const auto now = options_.now();
  while (!restarts_.empty() && now - restarts_.front() >= kRestartSpan) restarts_.pop_front();
  if (restarts_.size() >= kMaxRestarts) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("the server {} ended {} times in ten minutes and is not started again",
                            options_.server.name, restarts_.size()));
  }
  const auto pause = kFirstPause * (1 << restarts_.size());
  restarts_.push_back(now);
  if (!base::wait_unless_cancelled(pause, context, options_.sleep)) {
    throw Error(ErrorCode::kCancelled, "cancelled");
  }
  connect(context);
  look_for_changes(context);
}

/// A tool that is not what was agreed to is disabled until a person has looked at it.
void ServerTools::look_for_changes(const CallContext& context) {
  const ForeignTools now = read_list(context);
  changed_.clear();
  for (const ForeignTool& agreed : tools_) {
    const bool same = std::any_of(now.tools.begin(), now.tools.end(), [&](const ForeignTool& tool) {
      return tool.remote_name == agreed.remote_name && tool.digest == agreed.digest;
    });
    if (!same) changed_.insert(agreed.name);
  }
}

ToolOutcome ServerTools::call(const std::string& name, const Json& arguments,
                              const CallContext& context) {
  const std::lock_guard lock(mutex_);
  const auto tool = std::find_if(tools_.begin(), tools_.end(),
                                 [&](const ForeignTool& known) { return known.name == name; });
  if (tool == tools_.end()) return tool_error("UNKNOWN_FUNCTION", "There is no such tool.");
  try {
    if (!client_) {
      reconnect(context);
    } else if (client_->take_list_changed()) {
      look_for_changes(context);
    }
  } catch (const Error& error) {
    if (error.code == ErrorCode::kCancelled) throw;
    if (is_lost(error)) client_.reset();
    return tool_error("SERVER_UNAVAILABLE", fmt::format("Nothing was done: {}.", error.what()));
  }
  if (changed_.contains(name)) {
    return tool_error("TOOL_CHANGED",
                      fmt::format("Nothing was done: the server {} changed this tool. The person "
                                  "has to agree to it anew, when cartpilot is started again.",
                                  options_.server.name));
  }
  return call_connected(*tool, arguments, context);
}

ToolOutcome ServerTools::call_connected(const ForeignTool& tool, const Json& arguments,
                                        const CallContext& context) {
  try {
    return outcome_of_result(client_->call_tool(tool.remote_name,
                                                tool.wrapped ? arguments.at("input") : arguments,
                                                context, [this](const Json& params) {
                                                  if (options_.log)
                                                    options_.log(progress_text(params));
                                                }));
  } catch (const ProtocolError& error) {
    return tool_error("TOOL_FAILED", error.what());
  } catch (const Error& error) {
    if (is_lost(error)) client_.reset();
    // Whether money was spent is for the guard to say.
    if (is_money(tool) || error.code == ErrorCode::kCancelled) throw;
    return tool_error("OUTCOME_UNKNOWN",
                      fmt::format("The answer was lost ({}). It is not known whether it was done.",
                                  error.what()));
  }
}

}  // namespace cartpilot::mcp
