#include <fmt/format.h>

#include <exception>
#include <functional>
#include <map>

#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/file_permission.h"
#include "cli/interrupt.h"
#include "cli/process_guard.h"
#include "cli/purchase_rules.h"
#include "commands/commands.h"
#include "commands/recordings.h"
#include "commands/welcome.h"
#include "commerce/client.h"
#include "record/tape.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

const std::map<std::string, int (*)(CommandServices&)>& commands() {
  static const std::map<std::string, int (*)(CommandServices&)> table = {
      {"chat", run_chat},
      {"models", run_models},
      {"tools list", run_tools_list},
      {"tools declarations", run_tools_declarations},
      {"tools instructions", run_tools_instructions},
      {"tools call", run_tools_call},
      {"tools handle", run_tools_handle},
      {"plugin list", run_plugin_list},
      {"plugin info", run_plugin_info},
      {"plugin check", run_plugin_check},
      {"plugin new", run_plugin_new},
      {"plugin install", run_plugin_install},
      {"plugin remove", run_plugin_remove},
      {"plugin path", run_plugin_path},
      {"plugin doctor", run_plugin_doctor},
      {"approve", run_approve},
      {"mcp", run_mcp},
      {"serve", run_serve},
      {"token new", run_token_new},
      {"token list", run_token_list},
      {"token revoke", run_token_revoke},
      {"pair", run_pair},
      {"purchases list", run_purchases_list},
      {"purchases show", run_purchases_show},
      {"purchases explain", run_purchases_explain},
      {"purchases resolve", run_purchases_resolve},
      {"purchases verify", run_purchases_verify},
      {"sessions list", run_sessions_list},
      {"sessions show", run_sessions_show},
      {"sessions export", run_sessions_export},
      {"sessions rename", run_sessions_rename},
      {"sessions fork", run_sessions_fork},
      {"sessions delete", run_sessions_delete},
      {"db migrate", run_db_migrate},
      {"db check", run_db_check},
      {"stats", run_stats},
      {"sandbox", run_sandbox},
      {"doctor", run_doctor},
  };
  return table;
}

}  // namespace

int exit_code_of(const Error& error) {
  if (dynamic_cast<const commerce::CartPilotError*>(&error) != nullptr) return kCartPilotFailed;
  switch (error.code) {
    case ErrorCode::kInvalidArgument: return kUsage;
    case ErrorCode::kCancelled: return kInterrupted;
    case ErrorCode::kNotFound:
    case ErrorCode::kUnsupported: return kConfiguration;
    case ErrorCode::kUnauthenticated:
      return error.http_status == 0 ? kConfiguration : kProviderFailed;
    default: return kFailed;
  }
}

int exit_code_of(purchase::PurchaseEnd end) {
  switch (end) {
    case purchase::PurchaseEnd::kBought:
    case purchase::PurchaseEnd::kDryRun: return kOk;
    case purchase::PurchaseEnd::kNoRecord: return kFailed;
    case purchase::PurchaseEnd::kCartPilotFailed: return kCartPilotFailed;
    case purchase::PurchaseEnd::kDeclined: return kDeclined;
    case purchase::PurchaseEnd::kRefused: return kRefusedByPolicy;
    case purchase::PurchaseEnd::kChanged: return kPriceChanged;
    case purchase::PurchaseEnd::kUnknown: return kOutcomeUnknown;
    case purchase::PurchaseEnd::kNotAsAgreed: return kNotAsAgreed;
    case purchase::PurchaseEnd::kInterrupted: return kInterrupted;
  }
  return kFailed;
}

int provider_exit_code(const Error& error) {
  if (error.code == ErrorCode::kCancelled) return kInterrupted;
  if (error.code == ErrorCode::kUnauthenticated && error.http_status == 0) return kConfiguration;
  return kProviderFailed;
}

Error advised(const Error& error) {
  static const std::map<std::string, std::string> advice = {
      {"no_provider",
       "pass --provider NAME ('cartpilot plugin list' names them) or set CARTPILOT_PROVIDER, or "
       "try "
       "'cartpilot chat --demo'"},
      {"no_session", "see 'cartpilot sessions list'"},
      {"model_cost_limit",
       "--limit-model-cost sets the limit, and [prices] in config.toml adds a price"}};
  const auto found = advice.find(error.reason);
  if (found == advice.end()) return error;
  return error.with_message(fmt::format("{}; {}", error.what(), found->second));
}

int report_error(const Error& error) {
  if (error.reason == "output") return report_output_failure();
  const auto* refused = dynamic_cast<const commerce::CartPilotError*>(&error);
  const std::string text =
      refused != nullptr ? commerce::described(*refused) : advised(error).what();
  err_line("cartpilot: " + text);
  return exit_code_of(error);
}

int exit_code_of_shopping(const app::ShoppingSession& session, const std::function<int()>& work) {
  try {
    const int code = work();
    // A view that failed under the gate was not heard of.
    if (!session.last_purchase()) require_output();
    return code;
  } catch (const Error& error) {
    if (!session.last_purchase()) throw;
    report_error(error);
  }
  return exit_code_of(session.last_purchase()->end);
}

namespace {

/// Runs the command, whose exit code is `code` then. True when the person, who has no key, wants
/// the demo instead. Its services are gone then: a process has one of them at a time.
bool runs_into_demo(const Arguments& arguments, const purchase::PurchaseRules& rules, int& code) {
  CommandServices services(arguments, rules);
  if (arguments.command.empty()) return welcome(services);
  try {
    code = commands().at(arguments.command)(services);
    return false;
  } catch (const Error& error) {
    if (wants_demo_instead(services, error)) return true;
    throw;
  }
}

/// A shell that completes a line wants no words about it.
int run_quietly(const Arguments& arguments) {
  try {
    CommandServices services(arguments);
    return run_complete(services);
  } catch (const std::exception&) {  // NOLINT: as above
    return kFailed;
  }
}

/// Writes down what the file permits, or takes it from a recording.
void pass_by_tape(FilePermission& permission, record::Tape& tape) {
  Json seen{{"said", permission.announcement}};
  if (!permission.rules.rules.empty()) {
    seen["rules"] = rules_text(permission.rules.rules);
    seen["rules_file"] = permission.rules.file;
    seen["deny_only"] = permission.rules.deny_only;
  }
  const Json came = tape.came("permission", seen);
  permission.announcement = string_or(came, "said");
  permission.rules.file = string_or(came, "rules_file");
  permission.rules.rules = parse_rules(string_or(came, "rules"), permission.rules.file);
  permission.rules.deny_only = came.value("deny_only", false);
}

int run_in_world(const Arguments& arguments) {
  if (arguments.log_format == "json") use_json_errors();
  try {
    if (arguments.command == kCompleteCommand) return run_quietly(arguments);
    if (arguments.command.starts_with("config ")) return run_config(arguments);
    FilePermission permission = with_file_permission(arguments);
    if (record::Tape* const tape = record::tape()) pass_by_tape(permission, *tape);
    if (!permission.announcement.empty()) err_line("cartpilot: " + permission.announcement);
    int code = kOk;
    if (!runs_into_demo(permission.arguments, permission.rules, code)) return code;
    return run_in_world(demo_arguments());
  } catch (const Error& error) {
    return report_error(error);
  } catch (const std::exception& error) {
    err_line(fmt::format("cartpilot: internal error: {}; please report it", error.what()));
    return kFailed;
  }
}

}  // namespace

int run_command(const Arguments& arguments) {
  forbid_core_files();
  Interrupt::install();
  if (!arguments.replay_file.empty()) return run_replay(arguments, run_in_world);
  if (!arguments.record_file.empty()) return run_recorded(arguments, run_in_world);
  return run_in_world(arguments);
}

}  // namespace cartpilot::host
