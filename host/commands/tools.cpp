#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "commands/model_instructions.h"
#include "commands/service_failure.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

const char* effect_word(EffectClass effect) {
  switch (effect) {
    case EffectClass::kRead: return "read";
    case EffectClass::kWrite: return "write";
    case EffectClass::kMoney: return "money";
  }
  return "write";
}

/// The gate's news as lines on standard error: standard output belongs to the JSON.
class PurchaseStatusPrinter final : public purchase::PurchaseObserver {
 public:
  void on_approval_request(const purchase::ApprovalRequest&) override {}
  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    const std::string line = decision_line(decision);
    if (!line.empty()) err_line(line);
  }
  void on_purchase(const purchase::PurchaseReport& report) override {
    for (const std::string& line : purchase_lines(report)) err_line(line);
  }
};

/// What an earlier process left unfinished comes before everything that is not a mere look.
void reconcile_earlier_purchases(AppServices::Shop& shop, PurchaseStatusPrinter& news) {
  for (const purchase::PurchaseReport& report : shop.gate->reconcile(Interrupt())) {
    news.on_purchase(report);
  }
}

/// How a loop of calls ended: a purchase that was reported last must not hide behind an interrupt.
int exit_code_of(const AppServices::Shop& shop) {
  const auto& report = shop.gate->last_report();
  if (Interrupt().cancelled() && !(report && shop.gate->reported_this_turn())) return kInterrupted;
  return report ? report->exit_code : kOk;
}

/// The conversation of this run: without a name, one of its own.
std::string session_of(const Arguments& arguments) {
  return arguments.session.empty() ? store::new_session_id() : arguments.session;
}

std::string read_all(std::istream& in) {
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/// Answers one line of `tools handle`.
Json handle_line(const std::string& line, const LLMProvider& provider, chat::ToolRouter& router) {
  try {
    router.guard().begin_turn();
    const std::vector<ToolCall> calls = provider.parse_function_calls(parse_json(line, "the line"));
    return provider.function_responses(router.run(calls, Interrupt()));
  } catch (const Error& error) {
    return tool_error("INVALID_INPUT", error.what()).content;
  }
}

}  // namespace

int run_tools_list(AppServices& services) {
  Json list = Json::array();
  for (const ToolSpec& spec : commerce::cartpilot_tool_specs()) {
    if (services.arguments().json) {
      list.push_back({{"name", spec.name},
                      {"effect", effect_word(spec.effect)},
                      {"description", spec.description},
                      {"parameters", spec.parameters}});
    } else {
      out_line(
          fmt::format("{:<18} {:<6} {}", spec.name, effect_word(spec.effect), spec.description));
    }
  }
  if (services.arguments().json) out(dump_json(list) + "\n");
  return kOk;
}

int run_tools_declarations(AppServices& services) {
  const auto provider = services.make_provider(services.provider_name());
  const std::vector<ToolSpec> specs = commerce::cartpilot_tool_specs();
  Json declarations = provider->function_declarations(specs);
  if (!services.arguments().with_effects) {
    out(dump_json(declarations) + "\n");
    return kOk;
  }
  Json effects = Json::object();
  for (const ToolSpec& spec : specs) effects[spec.name] = effect_word(spec.effect);
  out(dump_json({{"declarations", declarations}, {"effects", effects}}) + "\n");
  return kOk;
}

int run_tools_instructions(AppServices&) {
  out_line(std::string(model_instructions()));
  return kOk;
}

int run_tools_call(AppServices& services) {
  const Arguments& arguments = services.arguments();
  const std::string text =
      arguments.tool_arguments == "-" ? read_all(std::cin) : arguments.tool_arguments;
  ToolCall call;
  call.id = "call_1";
  call.name = arguments.name;
  try {
    call.arguments = parse_json(text, "the arguments");
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidArgument, error.what());
  }
  const std::string session = session_of(arguments);
  const store::SessionLock lock = services.lock_session(session);
  PurchaseStatusPrinter news;
  AppServices::Shop shop = services.make_shop(session, news, services.make_tool_sets());
  std::vector<std::string> names;
  for (const ToolSpec& spec : shop.router->specs()) names.push_back(spec.name);
  if (std::find(names.begin(), names.end(), call.name) == names.end()) {
    const auto near = text::near_names(call.name, names);
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no function '{}'{}; see 'cartpilot tools list'", call.name,
                            near.empty() ? "" : " (did you mean " + near.front() + "?)"));
  }
  const Interrupt interrupt;
  for (const ToolSpec& spec : shop.router->specs()) {
    if (spec.name == call.name && spec.effect != EffectClass::kRead) {
      reconcile_earlier_purchases(shop, news);
    }
  }
  return exit_code_of_shopping(*shop.gate, [&]() -> int {
    const ToolResult result = shop.router->run({call}, interrupt).front();
    if (arguments.session.empty() && call.name == "create_checkout" && !result.is_error) {
      err_line(fmt::format("cartpilot: this checkout can be bought with --session {}", session));
    }
    out(dump_json(result.content) + "\n");
    if (shop.gate->last_report()) return shop.gate->last_report()->exit_code;
    if (!result.is_error) return kOk;
    err_line(fmt::format("cartpilot: {}", string_or(result.content, "message")));
    if (interrupt.cancelled()) return kInterrupted;
    return is_service_failure(string_or(result.content, "error_code")) ? kCartPilotFailed : kFailed;
  });
}

int run_tools_handle(AppServices& services) {
  const auto provider = services.make_provider(services.provider_name());
  const std::string session = session_of(services.arguments());
  const store::SessionLock lock = services.lock_session(session);
  PurchaseStatusPrinter news;
  AppServices::Shop shop = services.make_shop(session, news, services.make_tool_sets());
  reconcile_earlier_purchases(shop, news);
  return exit_code_of_shopping(*shop.gate, [&] {
    for (std::string line; !Interrupt().cancelled() && std::getline(std::cin, line);) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      out(dump_json(handle_line(line, *provider, *shop.router)) + "\n");
    }
    return exit_code_of(shop);
  });
}

}  // namespace cartpilot::host
