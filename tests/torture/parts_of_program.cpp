#include "torture/parts_of_program.h"

#include <fmt/format.h>

#include "chat/session.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/app_services.h"
#include "commands/commands.h"
#include "terminal/conversation_view.h"
#include "terminal/output.h"
#include "torture/worst_model.h"

namespace cartpilot::torture {
namespace {

constexpr const char* kSession = "torture";
constexpr const char* kProvider = "worst-model";

class StoredMessages final : public chat::MessageLog {
 public:
  explicit StoredMessages(store::SessionStore& sessions) : sessions_(sessions) {
    sessions_.open(kSession, kProvider, "worst-1");
  }
  void append(const Message& message) override { sessions_.append(kSession, message); }

 private:
  store::SessionStore& sessions_;
};

int converse(const host::Arguments& arguments, const Place& place, const std::string& script) {
  host::AppServices services(arguments);
  const auto view = host::make_jsonl_view();
  ProviderConfig config;
  config.options = {{"merchant", arguments.provider_options.at("merchant")},
                    {"foreign", place.foreign},
                    {"page", place.page_file}};
  WorstModel model(config);
  host::AppServices::Shop shop = services.make_shop(kSession, *view, services.make_tool_sets());
  StoredMessages messages(services.sessions());
  chat::ChatOptions options;
  options.provider = kProvider;
  chat::ChatSession session(model, *shop.router, *view, messages, options);
  session.restore(services.sessions().load(kSession));
  for (const auto& report : shop.gate->reconcile(host::Interrupt())) view->on_purchase(report);
  const std::string wish = fmt::format("Please buy headphones. [{}]", script);
  view->on_turn_begin(1, wish);
  const chat::TurnResult turn = session.run_turn(wish, host::Interrupt());
  view->on_turn_end(1, turn);
  if (turn.error) view->on_error(*turn.error);
  host::run_purchases_list(services);  // spares a process that would only ask for it
  const auto& report = shop.gate->last_report();
  return report ? report->exit_code : turn.error ? host::kFailed : host::kOk;
}

}  // namespace

int run_parts(const RunPlan& plan, const Place& place, const std::string& script) {
  host::Arguments arguments;
  arguments.command = "chat";
  arguments.no_plugins = true;
  arguments.api_url = place.api_url;
  arguments.approve = plan.approve;
  arguments.merchants = plan.merchants;
  arguments.output = "jsonl";
  arguments.json = true;
  arguments.provider_options = {{"merchant", plan.preferred}};
  try {
    host::Interrupt::install();
    return converse(arguments, place, script);
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
  host::AppServices services(arguments);
  return host::run_purchases_list(services);
}

}  // namespace cartpilot::torture
