#include "torture/parts_of_program.h"

#include <fmt/format.h>

#include <utility>

#include "cli/exit_code.h"
#include "cli/file_permission.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "commands/services.h"
#include "terminal/conversation_view.h"
#include "terminal/output.h"
#include "torture/worst_model.h"

namespace cartpilot::torture {
namespace {

constexpr const char* kProvider = "worst-model";

int converse(const host::FilePermission& permission, const Place& place,
             const std::string& script) {
  const host::Arguments& arguments = permission.arguments;
  host::CommandServices services(arguments, permission.rules);
  const auto view = host::make_jsonl_view();
  ProviderConfig config;
  config.options = {{"merchant", arguments.provider_options.at("merchant")},
                    {"foreign", place.foreign},
                    {"page", place.page_file}};
  app::SessionSettings settings = services.session_settings();
  settings.choice = {app::SessionChoice::Kind::kNamed, place.session};
  settings.model.emplace().provider = kProvider;
  const auto approver = services.make_approver();
  app::ShoppingSession session(services.app(), std::move(settings), {*view, *approver, view.get()},
                               host::Interrupt::cancellation(),
                               std::make_unique<WorstModel>(config));
  app::Turn(session, host::Interrupt::cancellation()).reconcile();
  const std::string wish = fmt::format("Please buy headphones. [{}]", script);
  view->on_turn_begin(1, wish);
  const app::TurnReport turn = app::Turn(session, host::Interrupt::cancellation()).say(wish);
  view->on_turn_end(1, turn.result);
  if (turn.result.error) view->on_error(*turn.result.error);
  host::run_purchases_list(services);  // spares a process that would only ask for it
  const auto& report = session.last_purchase();
  return report ? host::exit_code_of(report->end) : turn.result.error ? host::kFailed : host::kOk;
}

}  // namespace

int run_parts(const RunPlan& plan, const Place& place, const std::string& script) {
  host::Arguments arguments;
  arguments.command = "chat";
  arguments.no_plugins = true;
  arguments.api_url = place.api_url;
  if (plan.rules.empty()) arguments.approve = plan.approve;
  arguments.merchants = plan.merchants;
  arguments.output = "jsonl";
  arguments.json = true;
  arguments.provider_options = {{"merchant", plan.preferred}};
  try {
    host::Interrupt::install();
    return converse(host::with_file_permission(arguments), place, script);
  } catch (const Error& error) {
    host::err_line(error.what());
    return host::exit_code_of(error);
  } catch (const std::exception& error) {
    host::err_line(error.what());
    return host::kFailed;
  }
}

int list_attempts() {
  host::Arguments arguments;
  arguments.command = "purchases list";
  arguments.json = true;
  host::CommandServices services(arguments);
  return host::run_purchases_list(services);
}

}  // namespace cartpilot::torture
