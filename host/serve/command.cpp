// `cartpilot serve`: the shop assistant for people with a browser, one on this machine or many
// behind a proxy that knows them.
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>

#include "base/deadline_context.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/model_settings.h"
#include "commands/commands.h"
#include "commerce/identity.h"
#include "http/listener.h"
#include "http/token_file.h"
#include "net/url_policy.h"
#include "purchase/question.h"
#include "serve/endpoint.h"
#include "serve/mcp_access.h"
#include "serve/neighbours.h"
#include "serve/page_announcement.h"
#include "serve/people.h"
#include "serve/program_door.h"
#include "serve/visitors.h"
#include "terminal/output.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr int kLookMs = 100;
constexpr int kMaxServeConnections = 4096;
/// Sessions that nobody used for that long are closed; a yes counts for five minutes.
constexpr std::chrono::minutes kIdle{10};
constexpr std::chrono::seconds kSweep{30};
constexpr std::chrono::milliseconds kLongestHealthCheck{10'000};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

/// One program at a time has the state folder for `serve`.
store::SessionLock hold_state(const std::filesystem::path& state) {
  try {
    return store::SessionLock(state / "locks", "cartpilot serve", "serve");
  } catch (const Error& error) {
    if (error.reason != "session_open") throw;
    throw error.with_message(
        fmt::format("another 'cartpilot serve' uses the state in {}; end it first, or point "
                    "XDG_STATE_HOME elsewhere",
                    state.string()));
  }
}

/// "shop.example" of "https://shop.example/"; "" for what is no address of a page.
std::string host_of(const std::string& url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string rest = url.substr(scheme.size());
    return rest.substr(0, rest.find_first_of("/?#"));
  }
  return "";
}

void check(const Arguments& arguments, const HttpListener::Socket& socket) {
  const bool proxy = !arguments.auth_header.empty();
  if (!arguments.session.empty()) {
    refuse("--session names one conversation, and a page has many");
  }
  if (arguments.approve.starts_with("up-to")) {
    refuse("--approve up-to is for one person's own run; on a page the person is asked");
  }
  if (!proxy && !arguments.auth_secret_file.empty()) {
    refuse("--auth-secret-file needs --auth-header NAME, the header that names the person");
  }
  if (!proxy && !socket.loopback()) {
    refuse(
        "others could reach this address: serve on 127.0.0.1, or put a proxy that authenticates "
        "people in front and name its header with --auth-header");
  }
  if (!arguments.advertise.empty() && host_of(arguments.advertise).empty()) {
    refuse("--advertise is where other processes reach this one: https://shop-1.example");
  }
  if (!arguments.public_url.empty() && host_of(arguments.public_url).empty()) {
    refuse("--public-url is the address of the page: https://shop.example/");
  }
  if (proxy && (arguments.openai_api || arguments.serve_mcp) && arguments.public_url.empty()) {
    refuse("--openai-api and --mcp behind a proxy need --public-url, which they link to");
  }
  if (proxy && !socket.is_unix() && arguments.auth_secret_file.empty()) {
    refuse(
        "--auth-header is believed from a Unix socket (--listen unix:FILE), or together with "
        "--auth-secret-file FILE, a secret that the proxy sends as X-Cartpilot-Secret");
  }
}

std::unique_ptr<Visitors> visitors_for(CommandServices& services, const std::string& place) {
  const Arguments& arguments = services.arguments();
  if (arguments.auth_header.empty()) {
    return std::make_unique<PairedVisitors>(services.app().open_state(), place);
  }
  ProxyOptions options{arguments.auth_header, ""};
  if (!arguments.auth_secret_file.empty()) {
    options.secret = token_of(arguments.auth_secret_file, MissingToken::kRefused);
    text::add_secret(options.secret);
  }
  return std::make_unique<ProxyVisitors>(std::move(options));
}

/// The conversations of a person: as the flags say, in that person's state.
app::SessionSettings settings_for(CommandServices& services, const std::string& person) {
  app::SessionSettings settings = services.session_settings();
  settings.own_sandbox = nullptr;  // asked for once, see below
  if (services.arguments().auth_header.empty()) return settings;
  settings.person = person;
  // All people share the account at CartPilot.
  settings.own_purchases_only = true;
  // What the person who runs the program permits beforehand is permitted to nobody else; what is
  // forbidden holds for all.
  settings.policy.rules.deny_only = true;
  return settings;
}

/// A CartPilot of this machine is asked once whether it is a sandbox, not by each conversation: one
/// that answers late would be another CartPilot for whoever began then.
commerce::ClientOptions with_identity(CommandServices& services, commerce::ClientOptions options) {
  if (!options.sandbox_id.empty()) return options;
  commerce::ClientOptions once = options;
  once.read_retries.max_attempts = 1;
  const commerce::CartPilotClient client(once, services.http());
  if (!net::parse_target(client.options().base_url).loopback) return options;
  try {
    options.sandbox_id =
        client.health(base::DeadlineContext(Interrupt(), kLongestHealthCheck)).sandbox_id;
  } catch (const commerce::CartPilotError& error) {
    throw Error(ErrorCode::kUnavailable,
                fmt::format("CartPilot at {} does not answer ({}); start it first",
                            options.base_url, error.what()));
  }
  return options;
}

std::string shown_cartpilot(const commerce::ClientOptions& options) {
  return options.sandbox_id.empty() ? options.base_url : std::string(purchase::kPlayMoney);
}

/// Where other processes that share the database reach this one; "" = they cannot.
std::string address_of(const Arguments& arguments, const HttpListener::Socket& socket) {
  if (!arguments.advertise.empty()) return arguments.advertise;
  return socket.loopback() ? "http://" + socket.host_and_port() : "";
}

bool can_open(CommandServices& services) {
  try {
    const auto state = services.app().open_shared_state();
    state->checked([&] { state->prepared("SELECT 1")->step(); });
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Each page, and each conversation that talks, has some: as many as this process may have.
void allow_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Turns end first, and with them what they do about money; then the streams that show them.
void end(ServeEndpoint& endpoint, People& people, HttpListener& listener) {
  endpoint.drain();
  people.stop_all();
  const std::size_t running = people.running_turns();
  if (running > 0) {
    err_line(fmt::format("Waiting for {} answer{} to end (again to leave at once)", running,
                         running == 1 ? "" : "s"));
  }
  const int asked = Interrupt::cancellation().requests();
  const auto asked_again = [&] { return Interrupt::cancellation().requests() > asked; };
  while (people.running_turns() > 0 && !asked_again()) ::poll(nullptr, 0, kLookMs);
  if (people.running_turns() > 0) people.abandon_all();
  endpoint.hurry();
  listener.stop();
}

/// Conversations of programs come whole with each request.
std::size_t body_limit(const std::string& path) {
  const bool program = path.starts_with("/v1/") || path == mcp::kEndpointPath;
  return program ? mcp::kMaxBodyBytes : kMaxServeBody;
}

/// Where people reach the page, for links to it.
std::string page_url_of(const Arguments& arguments, const std::string& place) {
  if (!arguments.public_url.empty()) return arguments.public_url;
  return arguments.auth_header.empty() ? "http://" + place + "/" : "the page of this program";
}

std::unique_ptr<McpAccess> mcp_access(CommandServices& services, McpAccess::Settings settings,
                                      const std::string& place, const std::string& page_url) {
  if (!services.arguments().serve_mcp) return nullptr;
  std::vector<std::string> hosts;
  if (services.arguments().auth_header.empty()) {
    const std::string port = place.substr(place.rfind(':'));
    hosts = {"127.0.0.1" + port, "localhost" + port};
  } else {
    hosts = {host_of(services.arguments().public_url)};
  }
  return std::make_unique<McpAccess>(services.app(), std::move(settings), std::move(hosts),
                                     page_url);
}

}  // namespace

int run_serve(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  const HttpListener::Socket socket(arguments.listen, "--listen");
  check(arguments, socket);
  allow_open_files();
  services.app().open_shared_state();  // makes the folder, and says early when there is no state
  std::optional<store::SessionLock> held;
  if (!services.app().database()) held.emplace(hold_state(services.settings().state_directory));
  app::ModelSettings model = model_settings(services);
  const std::string provider = model.provider = services.provider_name();
  services.make_provider(provider)->check();
  // Asked for once: sessions begin on many threads.
  const commerce::ClientOptions cartpilot = with_identity(services, services.cartpilot());

  const auto people_settings = [&services, cartpilot](const std::string& person) {
    app::SessionSettings settings = settings_for(services, person);
    settings.cartpilot = [cartpilot] { return cartpilot; };
    return settings;
  };
  const bool pairs = arguments.auth_header.empty();
  const std::string place = socket.host_and_port();
  // Where nobody else could share the state, nobody is asked.
  const auto neighbours =
      pairs ? nullptr : Neighbours::of(services.app(), address_of(arguments, socket));
  People people(
      services.app(),
      [people_settings, model](const std::string& person) {
        app::SessionSettings settings = people_settings(person);
        settings.model = model;
        return settings;
      },
      neighbours ? neighbours->other_owner() : nullptr);
  const auto watching = neighbours ? neighbours->watch(people) : nullptr;
  const auto visitors = visitors_for(services, place);
  SiteOptions site;
  site.host = pairs ? place : "";
  site.provider = provider;
  site.model = model.model;
  site.cartpilot = shown_cartpilot(cartpilot);
  site.mode = pairs ? "pairing" : "proxy";
  site.ready = [&] { return can_open(services); };
  site.relay = neighbours ? &neighbours->relay() : nullptr;
  const std::string page_url = page_url_of(arguments, place);
  ProgramDoor programs(services.app().open_shared_state(), people, page_url, arguments.openai_api,
                       mcp_access(services, people_settings, place, page_url), pairs);
  ServeEndpoint endpoint(people, *visitors, programs, site);
  HttpListener listener(
      socket,
      [&](const mcp::EndpointRequest& request, mcp::EndpointReply& reply) {
        endpoint.handle(request, reply);
      },
      kMaxServeConnections, body_limit);
  std::optional<PageAnnouncement> announced;
  if (pairs) {
    announced.emplace(services.app().open_state(), "http://" + place + "/");
    err_line(fmt::format("Page on http://{}/ (pair a browser with 'cartpilot pair')", place));
  } else {
    err_line(fmt::format("Serving people that {} names on {} (Ctrl-C stops)", arguments.auth_header,
                         place));
  }
  auto swept = base::steady_now();
  while (!Interrupt().cancelled()) {
    ::poll(nullptr, 0, kLookMs);
    if (base::steady_now() - swept < kSweep) continue;
    swept = base::steady_now();
    people.rest(kIdle);
    programs.sweep();
  }
  end(endpoint, people, listener);
  return kOk;
}

}  // namespace cartpilot::host
