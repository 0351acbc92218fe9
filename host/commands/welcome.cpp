#include "commands/welcome.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/provider_choice.h"
#include "cli/interrupt.h"
#include "terminal/one_key.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

/// Who would answer a chat, and why; "" = nobody.
struct Answerer {
  std::string name;
  std::string why;
  bool several = false;
};

Answerer answerer(CommandServices& services) {
  const Settings& settings = services.settings();
  if (!settings.provider.empty()) return {settings.provider, "as you set it"};
  try {
    const app::ChosenProvider chosen =
        app::provider_by_key(services.plugins().list(), settings.environment);
    if (chosen.name.empty()) return {};
    return {chosen.name, chosen.key + " is set"};
  } catch (const Error&) {
    return {"", "", true};
  }
}

bool offer_demo() {
  const auto key = one_key([] {
    err_line("No key of a model is set. Enter starts the demo (play money), any other key leaves.");
  });
  return key == '\n' || key == '\r';
}

}  // namespace

bool welcome(CommandServices& services) {
  const Answerer model = answerer(services);
  out_line(fmt::format("cartpilot {}: a language model shops for you.", CARTPILOT_VERSION));
  out_line("Nothing is bought without your yes to exactly that purchase.");
  out_text("\n");
  out_row("  cartpilot chat --demo     a whole purchase with play money");
  out_row("  cartpilot doctor          what is set up, what is missing");
  out_row("  cartpilot help            all commands");
  out_text("\n");
  if (!model.name.empty()) {
    out_row(fmt::format("{} answers, {}. Next:", model.name, model.why));
    out_row("  cartpilot chat");
    return false;
  }
  if (model.several) {
    out_row("Several keys are set. Next:");
    out_row("  cartpilot chat --provider NAME");
    return false;
  }
  if (offer_demo()) return true;
  out_row("Next:");
  out_row("  cartpilot chat --demo");
  return false;
}

bool wants_demo_instead(CommandServices& services, const Error& error) {
  const Arguments& arguments = services.arguments();
  if (error.reason != "no_provider" || arguments.command != "chat") return false;
  if (!arguments.message.empty() || arguments.output != "text") return false;
  if (!is_terminal(STDIN_FILENO) || !is_terminal(STDOUT_FILENO)) return false;
  const Answerer model = answerer(services);
  return model.name.empty() && !model.several && offer_demo();
}

Arguments demo_arguments() {
  const char* const words[] = {"cartpilot", "chat", "--demo"};
  return parse_arguments(3, words).arguments;
}

}  // namespace cartpilot::host
