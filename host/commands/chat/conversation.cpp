#include "commands/chat/conversation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/transcript.h"
#include "commands/commands.h"
#include "terminal/output.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

const std::vector<std::string> kCommands = {"provider", "model", "tools", "cost",
                                            "export",   "help",  "quit",  "exit"};

constexpr const char* kHelp =
    "/provider NAME [MODEL]  go on with another provider\n"
    "/model ID               go on with another model\n"
    "/tools                  the functions the model can call\n"
    "/cost                   tokens used so far\n"
    "/export                 this conversation as Markdown\n"
    "/quit, /exit            leave (so does end of input)\n"
    "//text                  a message that begins with a slash\n";

/// What --system adds to the program's own instructions.
std::string read_system(const std::string& file) {
  if (file.empty()) return "";
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || !text) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--system: cannot read '{}'", file));
  }
  if (!text::is_utf8(text.str())) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--system: '{}' is not UTF-8", file));
  }
  return text.str();
}

app::SessionChoice choice_of(const Arguments& arguments) {
  using Kind = app::SessionChoice::Kind;
  if (!arguments.resume.empty()) return {Kind::kEarlier, arguments.resume};
  if (arguments.continue_last) return {Kind::kNewest, ""};
  if (!arguments.session.empty()) return {Kind::kNamed, arguments.session};
  return {};
}

app::SessionSettings settings_of(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  app::SessionSettings settings = services.session_settings();
  settings.choice = choice_of(arguments);
  app::ModelSettings model;
  model.provider = services.settings().provider;
  model.provider_options = arguments.provider_options;
  model.model = services.settings().model;
  model.instructions = read_system(arguments.system_file);
  model.stream = !arguments.no_stream;
  model.max_rounds = arguments.max_steps;
  settings.model = std::move(model);
  return settings;
}

}  // namespace

Conversation::Conversation(CommandServices& services, ConversationView& view)
    : view_(view),
      approver_(services.make_approver()),
      session_(services.app(), settings_of(services), {view, *approver_, &view},
               Interrupt::cancellation()) {
  view_.on_session({session_.id(), session_.provider_name(), session_.model(),
                    services.policy_word(), session_.cartpilot().shown()});
  for (const std::string& notice : session_.notices()) view_.on_notice(notice);
  app::Turn(session_, Interrupt::cancellation()).reconcile();
}

void Conversation::fail(int code) {
  if (!first_failure_) first_failure_ = code;
}

void Conversation::refuse(const std::string& why) {
  refused_ = true;
  view_.on_error(Error(ErrorCode::kInvalidArgument, why));
  // On a terminal the person reads it and mends the line.
  if (!is_terminal(STDIN_FILENO)) fail(kUsage);
}

bool Conversation::say(const std::string& line) {
  refused_ = false;
  if (line.find_first_not_of(" \t\n") == std::string::npos) return true;
  if (!text::is_utf8(line)) {
    refuse(
        "the message is not valid UTF-8 and was not sent; check the terminal's or file's encoding");
    return true;
  }
  const TypedLine typed = read_typed_line(line, kCommands, [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
  });
  if (!typed.command.empty()) return run(typed);
  turn(typed.message);
  return true;
}

void Conversation::turn(const std::string& text) {
  view_.on_turn_begin(++turns_, text);
  const app::TurnReport report = app::Turn(session_, Interrupt::cancellation()).say(text);
  cancelled_ = report.result.finish == "cancelled";
  if (report.error && report.error->reason == "output") throw *report.error;  // nobody reads us
  view_.on_turn_end(turns_, report.result);
  if (!report.notice.empty()) view_.on_notice(report.notice);
  if (report.error) view_.on_error(*report.error);
  switch (report.end) {
    case app::TurnEnd::kAnswered: break;
    case app::TurnEnd::kLimit: fail(kFailed); break;
    case app::TurnEnd::kCancelled: fail(kInterrupted); break;
    case app::TurnEnd::kModelFailed: fail(provider_exit_code(*report.error)); break;
    case app::TurnEnd::kCartPilotFailed: fail(kCartPilotFailed); break;
    case app::TurnEnd::kNotStored: fail(exit_code_of(*report.error)); break;
  }
  Interrupt::reset();
}

bool Conversation::run(const TypedLine& line) {
  const std::string& command = line.command;
  const std::string first = line.words.empty() ? "" : line.words[0];
  if (command == "quit" || command == "exit") return false;
  try {
    if (command == "provider" && !first.empty()) {
      switch_to(first, line.words.size() > 1 ? line.words[1] : "");
    } else if (command == "model" && !first.empty()) {
      switch_to(session_.provider_name(), first);
    } else if (command == "provider" || command == "model") {
      refuse(fmt::format("/{} needs a name; /help lists commands", command));
    } else if (command == "tools") {
      for (const ToolSpec& spec : session_.tools())
        view_.on_notice(spec.name + " - " + spec.description);
    } else if (command == "cost") {
      const Usage& usage = session_.usage();
      view_.on_notice(fmt::format("{} tokens in ({} cached), {} out ({} reasoning) in this run",
                                  usage.input_tokens, usage.cached_tokens, usage.output_tokens,
                                  usage.reasoning_tokens));
    } else if (command == "export") {
      err_text(
          transcript_markdown(session_.id(), session_.cartpilot().shown(), session_.history()));
    } else if (command == "help") {
      err_text(kHelp);
    } else {
      const std::vector<std::string> near = text::near_names(command, kCommands);
      refuse(fmt::format("no command /{}; {}; //{} sends it as a message", command,
                         near.empty() ? "/help lists them" : "did you mean /" + near.front() + "?",
                         command));
    }
  } catch (const Error& error) {
    view_.on_error(error);
    fail(exit_code_of(error));
  }
  return true;
}

void Conversation::switch_to(const std::string& name, const std::string& model) {
  const std::string notice = session_.switch_model(name, model);
  view_.on_notice(
      fmt::format("now talking to {} ({})", session_.provider_name(), session_.model()));
  if (!notice.empty()) view_.on_notice(notice);
}

int Conversation::interrupted_exit_code() const {
  return session_.purchase_in_last_turn() ? exit_code() : kInterrupted;
}

int Conversation::exit_code() const {
  if (session_.last_purchase()) return exit_code_of(session_.last_purchase()->end);
  return first_failure_.value_or(kOk);
}

}  // namespace cartpilot::host
