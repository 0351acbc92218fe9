// `cartpilot mcp`: CartPilot's functions for agent applications that speak the Model Context
// Protocol, on standard input and output or over HTTP.
#include <fmt/format.h>
#include <poll.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "http/listener.h"
#include "http/token_file.h"
#include "mcp/call_threads.h"
#include "mcp/confirm_command.h"
#include "mcp/dispatcher.h"
#include "mcp/http_endpoint.h"
#include "mcp/private_streams.h"
#include "mcp/session_tools.h"
#include "mcp/stdio.h"
#include "mcp/tool_list.h"
#include "net/proxy.h"
#include "page/server.h"
#include "purchase/confirm_process.h"
#include "terminal/output.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr int kLookMs = 100;

/// What a confirm needs that another process carries out.
Json confirm_setting(const commerce::ClientOptions& options, const Json& state,
                     const std::string& user_agent, const Json& proxies) {
  return Json{{"proxies", proxies},
              {"base_url", options.base_url},
              {"api_key", options.api_key},
              {"session_id", options.session_id},
              {"sandbox_id", options.sandbox_id},
              {"state", state},
              {"user_agent", user_agent}};
}

/// Where that process finds the state.
Json state_setting(const app::AppSettings& settings) {
  Json state{{"folder", settings.state_directory.string()}};
  if (settings.database) {
    state["conninfo"] = settings.database->conninfo;
    state["database"] = settings.database->text;
    state["person"] = settings.person;
  }
  return state;
}

/// The page that this process shows, when it is to show one.
std::unique_ptr<PageServer> page_of(CommandServices& services) {
  if (!services.arguments().approval_page) return nullptr;
  auto page = std::make_unique<PageServer>(services.app());
  err_line(fmt::format("Approval page on {} (pair a browser with 'cartpilot pair')", page->url()));
  return page;
}

std::string url_of(const std::unique_ptr<PageServer>& page) { return page ? page->url() : ""; }

app::SessionSettings settings_for(CommandServices& services, const std::string& page_url) {
  app::SessionSettings settings = services.session_settings();
  const Arguments& arguments = services.arguments();
  if (!page_url.empty()) {
    settings.policy.remedies = [page_url, flags = settings.policy.remedies](
                                   purchase::Remedy remedy, const std::string& about) {
      const std::string text = flags(remedy, about);
      return remedy == purchase::Remedy::kAnswerQuestion
                 ? fmt::format("{}, or to look at the approval page {}", text, page_url)
                 : text;
    };
  }
  if (!arguments.session.empty()) {
    settings.choice = {app::SessionChoice::Kind::kNamed, arguments.session};
  }
  // A server that is told to end does so at once, except while the confirm needs its sandbox.
  const bool stays = arguments.sandbox;
  const std::string user_agent = services.app().settings().user_agent;
  Json proxies = Json::object();
  for (const char* name : net::kProxyVariables) {
    const auto set = services.settings().environment.find(name);
    if (set != services.settings().environment.end()) proxies[name] = set->second;
  }
  const Json place = state_setting(services.app().settings());
  settings.confirm_runner = [stays, user_agent, proxies, place](
                                store::StateDb& state, const purchase::PurchaseJournal& journal,
                                const commerce::ClientOptions& options) {
    return std::make_unique<purchase::ConfirmProcess>(
        state, journal, std::vector<std::string>{"/proc/self/exe", kConfirmCommand},
        confirm_setting(options, place, user_agent, proxies),
        [stays] { return !stays && Interrupt().cancelled(); });
  };
  return settings;
}

int serve_pipe(CommandServices& services) {
  const PrivateStreams streams;
  const auto page = page_of(services);
  SessionTools tools(services.app(), settings_for(services, url_of(page)), url_of(page));
  mcp::CallThreads threads;
  mcp::Dispatcher dispatcher(server_identity(), tools, threads);
  mcp::StdioOptions options;
  options.input = streams.input();
  options.output = streams.output();
  options.must_end = [] { return Interrupt().cancelled(); };
  return mcp::serve_stdio(dispatcher, options) == mcp::StdioEnd::kStopped ? kInterrupted : kOk;
}

/// How this server may be called in a Host header.
std::vector<std::string> own_names(const HttpListener::Socket& socket) {
  const std::string place = socket.host_and_port();
  if (!socket.loopback()) return {place};
  const std::string port = place.substr(place.rfind(':'));
  return {"127.0.0.1" + port, "localhost" + port, "[::1]" + port};
}

int serve_http(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  if (!arguments.session.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "--session names one conversation, and --http has one for each client");
  }
  const HttpListener::Socket socket(arguments.http);
  if (arguments.no_token && !socket.loopback()) {
    throw Error(ErrorCode::kInvalidArgument,
                "--no-token is for 127.0.0.1: others could reach this address");
  }
  mcp::EndpointOptions options;
  options.hosts = own_names(socket);
  const auto token_file = services.settings().state_directory / "mcp-token";
  const auto page = page_of(services);
  app::SessionSettings settings = settings_for(services, url_of(page));
  // Asked for once: sessions begin on many threads.
  const commerce::ClientOptions cartpilot = settings.cartpilot();
  settings.cartpilot = [cartpilot] { return cartpilot; };
  settings.own_sandbox = nullptr;  // every session is a new one
  services.app().open_state();     // makes the folder, and says early when there is no state
  if (!arguments.no_token) {
    options.token = token_of(token_file);
    text::add_secret(options.token);
  }
  mcp::HttpEndpoint endpoint(
      server_identity(),
      [&] { return std::make_shared<SessionTools>(services.app(), settings, url_of(page)); },
      options);
  HttpListener listener(socket,
                        [&](const mcp::EndpointRequest& request, mcp::EndpointReply& reply) {
                          endpoint.handle(request, reply);
                        });
  err_line(
      fmt::format("MCP on http://{}{} (Ctrl-C stops)", socket.host_and_port(), mcp::kEndpointPath));
  if (!arguments.no_token) err_line("The bearer token is in " + token_file.string());
  while (!Interrupt().cancelled()) ::poll(nullptr, 0, kLookMs);
  endpoint.hurry();
  listener.stop();
  return kOk;
}

}  // namespace

int run_mcp(CommandServices& services) {
  return services.arguments().http.empty() ? serve_pipe(services) : serve_http(services);
}

}  // namespace cartpilot::host
