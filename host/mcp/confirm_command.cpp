#include "mcp/confirm_command.h"

#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>

#include "app/services.h"
#include "base/clock.h"
#include "cli/exit_code.h"
#include "cli/process_guard.h"
#include "cli/purchase_flags.h"
#include "commerce/client.h"
#include "net/http_client.h"
#include "net/proxy.h"
#include "purchase/confirm_report.h"
#include "purchase/gate.h"
#include "store/state_db.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::seconds kTime{60};
/// Should all else fail.
constexpr unsigned kHardEndSeconds = 70;

class KeptReport final : public purchase::PurchaseObserver {
 public:
  purchase::PurchaseReport report;
  void on_approval_request(const purchase::ApprovalRequest&) override {}
  void on_approval_decision(const purchase::ApprovalDecision&) override {}
  void on_purchase(const purchase::PurchaseReport& heard) override { report = heard; }
};

/// Nobody is asked here: the consent came before.
class NobodyToAsk final : public purchase::Approver {
 public:
  std::optional<std::string> unavailable() override { return "nobody is asked here"; }
  std::chrono::milliseconds lifetime() const override { return std::chrono::milliseconds(0); }
  void ask(const purchase::ApprovalQuestion&, purchase::Questions&, const CallContext&) override {}
};

/// Cancelled when the minute is over.
class MinuteContext final : public CallContext {
 public:
  bool cancelled() const noexcept override { return base::steady_now() >= end_; }

 private:
  const base::SteadyTime end_ = base::steady_now() + kTime;
};

std::string read_input() {
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
    if (got <= 0) return text;
    text.append(block, static_cast<std::size_t>(got));
  }
}

void write_output(const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t part = ::write(STDOUT_FILENO, text.data() + sent, text.size() - sent);
    if (part <= 0) return;  // nobody waits any more; the record has it
    sent += static_cast<std::size_t>(part);
  }
}

/// Enough to find the state.
app::AppSettings app_settings(const Json& state) {
  app::AppSettings settings;
  settings.state_directory = string_or(state, "folder");
  if (state.contains("database")) {
    settings.database = {string_or(state, "conninfo"), string_or(state, "database")};
    settings.person = string_or(state, "person");
  }
  return settings;
}

}  // namespace

int run_confirm_command() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) std::signal(signal, SIG_IGN);
  ::alarm(kHardEndSeconds);
  forbid_core_files();
  reduce_environment({"CARTPILOT_API_KEY"});
  const MinuteContext minute;
  try {
    const Json input = parse_json(read_input(), "the input");
    const Json proxies = input.value("proxies", Json::object());
    net::keep_proxies(
        net::ProxySettings([&](const char* name) { return string_or(proxies, name); }));
    commerce::ClientOptions options;
    options.base_url = string_or(input, "base_url");
    options.api_key = string_or(input, "api_key");
    options.session_id = string_or(input, "session_id");
    options.sandbox_id = string_or(input, "sandbox_id");
    text::add_secret(options.api_key);
    const app::AppServices services(app_settings(input.at("state")));
    const auto state = services.open_state();
    store::StateDb& db = *state;
    purchase::PurchaseJournal journal(db);
    purchase::Questions questions(db);
    purchase::ConfirmHandovers handovers(db, journal);
    net::HttpClientOptions http_options;
    http_options.user_agent = string_or(input, "user_agent");
    net::HttpClient http(http_options);
    const commerce::CartPilotClient client(options, http);
    NobodyToAsk nobody;
    KeptReport kept;
    purchase::PurchaseGate gate(client, journal, parse_policy("never", ""), questions, nobody, kept,
                                options.session_id, {}, [&] { return minute.cancelled(); });
    const ToolOutcome outcome = gate.confirm_handed_over(handovers, string_or(input, "attempt"),
                                                         string_or(input, "token"), minute);
    if (!kept.report.attempt.empty()) write_output(purchase::to_text({kept.report, outcome}));
    return outcome.ok ? kOk : kFailed;
  } catch (const std::exception&) {
    return kFailed;  // before it was taken; after that nothing throws
  }
}

}  // namespace cartpilot::host
