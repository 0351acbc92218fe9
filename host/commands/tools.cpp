#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "app/model_instructions.h"
#include "app/offered_tools.h"
#include "app/service_failure.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/purchase_flags.h"
#include "commands/commands.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

/// The gate's news as lines on standard error: standard output belongs to the JSON.
class PurchaseStatusPrinter final : public purchase::PurchaseObserver {
 public:
  void on_approval_request(const purchase::ApprovalRequest&) override {}
  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    const std::string line = decision_line(decision);
    if (!line.empty()) err_marked(line);
  }
  void on_purchase(const purchase::PurchaseReport& report) override {
    for (const std::string& line : purchase_lines(report)) err_marked(line);
  }
};

/// What became of the lines of `tools handle`.
struct HandledLines {
  bool cartpilot_failed = false;
  bool no_call = false;
};

/// How a loop of calls ended: a purchase that was reported last must not hide behind an interrupt.
int exit_code_of_lines(const app::ShoppingSession& session, const HandledLines& lines) {
  if (Interrupt().cancelled() && !session.purchase_in_last_turn()) return kInterrupted;
  if (session.last_purchase()) return exit_code_of(session.last_purchase()->end);
  if (lines.cartpilot_failed) return kCartPilotFailed;
  return lines.no_call ? kFailed : kOk;
}

/// A session for calls; without a name it is a conversation of its own.
app::SessionSettings settings_of(CommandServices& services) {
  app::SessionSettings settings = services.session_settings();
  const std::string& name = services.arguments().session;
  if (!name.empty()) settings.choice = {app::SessionChoice::Kind::kNamed, name};
  return settings;
}

std::vector<ToolSpec> offered_tools(CommandServices& services) {
  return app::offered_tools(services.app(), services.money_plugins(), flag_remedy);
}

std::string read_all(std::istream& in) {
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/// Answers one line of `tools handle`.
Json handle_line(const std::string& line, const LLMProvider& provider,
                 app::ShoppingSession& session, HandledLines& lines) {
  try {
    app::Turn turn(session, Interrupt::cancellation());
    const std::vector<ToolResult> results =
        turn.run(provider.parse_function_calls(parse_json(line, "the line")));
    for (const ToolResult& result : results) {
      const bool service =
          result.is_error && app::is_service_failure(string_or(result.content, "error_code"));
      lines.cartpilot_failed = lines.cartpilot_failed || service;
    }
    return provider.function_responses(results);
  } catch (const Error& error) {
    lines.no_call = true;
    return tool_error("INVALID_INPUT", error.what()).content;
  }
}

}  // namespace

const char* effect_word(EffectClass effect) {
  switch (effect) {
    case EffectClass::kRead: return "read";
    case EffectClass::kWrite: return "write";
    case EffectClass::kMoney: return "money";
  }
  return "write";
}

int run_tools_list(CommandServices& services) {
  Json list = Json::array();
  for (const ToolSpec& spec : offered_tools(services)) {
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
  if (services.arguments().json) out_json(list);
  return kOk;
}

int run_tools_declarations(CommandServices& services) {
  const auto provider = services.make_provider(services.provider_name());
  const std::vector<ToolSpec> specs = offered_tools(services);
  Json declarations = provider->function_declarations(specs);
  if (!services.arguments().with_effects) {
    out_json(declarations);
    return kOk;
  }
  Json effects = Json::object();
  for (const ToolSpec& spec : specs) effects[spec.name] = effect_word(spec.effect);
  out_json({{"declarations", declarations}, {"effects", effects}});
  return kOk;
}

int run_tools_instructions(CommandServices&) {
  out_line(std::string(app::model_instructions()));
  return kOk;
}

int run_tools_call(CommandServices& services) {
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
  PurchaseStatusPrinter news;
  const auto approver = services.make_approver();
  app::ShoppingSession session(services.app(), settings_of(services), {news, *approver},
                               Interrupt::cancellation());
  const std::vector<ToolSpec>& specs = session.tools();
  const auto spec = std::find_if(specs.begin(), specs.end(),
                                 [&](const ToolSpec& known) { return known.name == call.name; });
  if (spec == specs.end()) {
    std::vector<std::string> names;
    for (const ToolSpec& known : specs) names.push_back(known.name);
    const auto near = text::near_names(call.name, names);
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no function '{}'{}; see 'cartpilot tools list'", call.name,
                            near.empty() ? "" : " (did you mean " + near.front() + "?)"));
  }
  app::Turn turn(session, Interrupt::cancellation());
  if (spec->effect != EffectClass::kRead) turn.reconcile();
  return exit_code_of_shopping(session, [&]() -> int {
    const ToolResult result = turn.run({call}).front();
    if (arguments.session.empty() && call.name == "create_checkout" && !result.is_error) {
      err_line(
          fmt::format("cartpilot: this checkout can be bought with --session {}", session.id()));
    }
    out_json(result.content);
    if (session.last_purchase()) return exit_code_of(session.last_purchase()->end);
    if (!result.is_error) return kOk;
    err_line(fmt::format("cartpilot: {}", string_or(result.content, "message")));
    if (Interrupt().cancelled()) return kInterrupted;
    return app::is_service_failure(string_or(result.content, "error_code")) ? kCartPilotFailed
                                                                            : kFailed;
  });
}

int run_tools_handle(CommandServices& services) {
  const auto provider = services.make_provider(services.provider_name());
  PurchaseStatusPrinter news;
  const auto approver = services.make_approver();
  app::ShoppingSession session(services.app(), settings_of(services), {news, *approver},
                               Interrupt::cancellation());
  app::Turn(session, Interrupt::cancellation()).reconcile();
  return exit_code_of_shopping(session, [&] {
    HandledLines lines;
    for (std::string line; !Interrupt().cancelled() && std::getline(std::cin, line);) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      out_json(handle_line(line, *provider, session, lines));
    }
    return exit_code_of_lines(session, lines);
  });
}

}  // namespace cartpilot::host
