// `cartpilot mcp`: CartPilot's functions for agent applications that speak the Model Context
// Protocol, on standard input and output.
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "mcp/approval_board.h"
#include "mcp/call_threads.h"
#include "mcp/confirm_command.h"
#include "mcp/dispatcher.h"
#include "mcp/pending_approver.h"
#include "mcp/private_streams.h"
#include "mcp/purchase_lane.h"
#include "mcp/purchase_lines.h"
#include "mcp/shop_service.h"
#include "mcp/stdio.h"
#include "mcp/tool_list.h"
#include "purchase/confirm_process.h"
#include "terminal/output.h"

namespace cartpilot::host {
namespace {

/// What a confirm needs that another process carries out.
Json confirm_setting(const commerce::ClientOptions& options, const store::StateDb& state,
                     const std::string& user_agent) {
  return Json{{"base_url", options.base_url},
              {"api_key", options.api_key},
              {"session_id", options.session_id},
              {"state_db", state.path().string()},
              {"user_agent", user_agent}};
}

app::SessionSettings settings_for(CommandServices& services) {
  app::SessionSettings settings = services.session_settings();
  const Arguments& arguments = services.arguments();
  if (!arguments.session.empty()) {
    settings.choice = {app::SessionChoice::Kind::kNamed, arguments.session};
  }
  // A server that is told to end does so at once, except while the confirm needs its sandbox.
  const bool stays = arguments.sandbox;
  const std::string user_agent = services.app().settings().user_agent;
  settings.confirm_runner = [stays, user_agent](store::StateDb& state,
                                                const purchase::PurchaseJournal& journal,
                                                const commerce::ClientOptions& options) {
    return std::make_unique<purchase::ConfirmProcess>(
        state, journal, std::vector<std::string>{"/proc/self/exe", kConfirmCommand},
        confirm_setting(options, state, user_agent),
        [stays] { return !stays && Interrupt().cancelled(); });
  };
  return settings;
}

}  // namespace

int run_mcp(CommandServices& services) {
  const PrivateStreams streams;
  PurchaseLines lines;
  PendingApprover approver;
  app::ShoppingSession session(services.app(), settings_for(services), {lines, approver});
  ToolList list = describe_tools(session.tools());
  for (const std::string& notice : list.notices) err_line("cartpilot: " + notice);

  ApprovalBoard board;
  PurchaseLane lane(session, lines, board);
  ShopService service(session, lane, board, std::move(list.tools));
  mcp::CallThreads threads;
  mcp::Dispatcher dispatcher(
      {"cartpilot", "CartPilot", CARTPILOT_VERSION, std::string(mcp_instructions())}, service,
      threads);
  mcp::StdioOptions options;
  options.input = streams.input();
  options.output = streams.output();
  options.must_end = [] { return Interrupt().cancelled(); };
  return mcp::serve_stdio(dispatcher, options) == mcp::StdioEnd::kStopped ? kInterrupted : kOk;
}

}  // namespace cartpilot::host
