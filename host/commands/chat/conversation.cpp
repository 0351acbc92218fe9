#include "commands/chat/conversation.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/transcript.h"
#include "commands/commands.h"
#include "terminal/output.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

constexpr const char* kHelp =
    "/provider NAME [MODEL]  go on with another provider\n"
    "/model ID               go on with another model\n"
    "/tools                  the functions the model can call\n"
    "/cost                   tokens used so far\n"
    "/export                 this conversation as Markdown\n"
    "/quit                   leave (so does end of input)\n";

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
      session_(services.app(), settings_of(services), {view, *approver_, &view}) {
  view_.on_session(
      {session_.id(), session_.provider_name(), session_.model(), services.policy_word()});
  for (const std::string& notice : session_.notices()) view_.on_notice(notice);
  app::Turn(session_, Interrupt::cancellation()).reconcile();
}

void Conversation::fail(int code) {
  if (!first_failure_) first_failure_ = code;
}

void Conversation::refuse(const std::string& why) {
  view_.on_error(Error(ErrorCode::kInvalidArgument, why));
  fail(kUsage);
}

bool Conversation::say(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos) return true;
  if (line.front() == '/') return slash(line);
  if (!text::is_utf8(line)) {
    refuse(
        "the message is not valid UTF-8 and was not sent; check the terminal's or file's encoding");
    return true;
  }
  turn(line);
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

bool Conversation::slash(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  std::string first;
  std::string second;
  words >> command >> first >> second;
  if (command == "/quit" || command == "/exit") return false;
  try {
    if (command == "/provider" && !first.empty()) {
      switch_to(first, second);
    } else if (command == "/model" && !first.empty()) {
      switch_to(session_.provider_name(), first);
    } else if (command == "/tools") {
      for (const ToolSpec& spec : session_.tools())
        view_.on_notice(spec.name + " - " + spec.description);
    } else if (command == "/cost") {
      const Usage& usage = session_.usage();
      view_.on_notice(fmt::format("{} tokens in ({} cached), {} out ({} reasoning) in this run",
                                  usage.input_tokens, usage.cached_tokens, usage.output_tokens,
                                  usage.reasoning_tokens));
    } else if (command == "/export") {
      err(transcript_markdown(session_.id(), session_.history()));
    } else {
      if (command != "/help") view_.on_notice("unknown or incomplete command: " + command);
      err(kHelp);
    }
  } catch (const Error& error) {
    view_.on_error(error);
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
  if (session_.last_purchase()) return session_.last_purchase()->exit_code;
  return first_failure_.value_or(kOk);
}

}  // namespace cartpilot::host
