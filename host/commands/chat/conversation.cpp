#include "commands/chat/conversation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/external_editor.h"
#include "commands/chat/model_settings.h"
#include "commands/chat/session_choice.h"
#include "commands/chat/slash_commands.h"
#include "commands/chat/transcript.h"
#include "commands/commands.h"
#include "commerce/identity.h"
#include "commerce/money.h"
#include "cost/totals.h"
#include "terminal/line_reader.h"
#include "terminal/output.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

constexpr std::size_t kSessionsShown = 10;

app::SessionChoice choice_of(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  using Kind = app::SessionChoice::Kind;
  if (arguments.resume == kChooseSession) return {Kind::kEarlier, chosen_session(services)};
  if (!arguments.resume.empty()) {
    const std::string whole = services.sessions().resolve(arguments.resume);
    return {Kind::kEarlier, whole.empty() ? arguments.resume : whole};
  }
  if (arguments.continue_last) return {Kind::kNewest, ""};
  if (!arguments.session.empty()) return {Kind::kNamed, arguments.session};
  return {};
}

app::SessionSettings settings_of(CommandServices& services) {
  app::SessionSettings settings = services.session_settings();
  settings.choice = choice_of(services);
  settings.model = model_settings(services);
  return settings;
}

}  // namespace

Conversation::Conversation(CommandServices& services, ConversationView& view)
    : services_(services),
      view_(view),
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

void Conversation::show_last_exchange() {
  constexpr std::size_t kShown = 600;
  std::string asked;
  std::string answered;
  for (const Message& message : session_.history()) {
    const std::string text = text_of(message);
    if (text.empty()) continue;
    if (message.role == Role::kUser) {
      asked = text;
      answered.clear();
    } else if (message.role == Role::kAssistant) {
      answered = text;
    }
  }
  if (asked.empty()) return;
  err_line(fmt::format("Before: {}", text::field(asked, kShown)));
  if (!answered.empty()) err_line(fmt::format("Answer: {}", text::field(answered, kShown)));
}

bool Conversation::say(const std::string& line) {
  refused_ = false;
  if (line.find_first_not_of(" \t\n") == std::string::npos) return true;
  if (!text::is_utf8(line)) {
    refuse(
        "the message is not valid UTF-8 and was not sent; check the terminal's or file's encoding");
    return true;
  }
  const TypedLine typed = read_typed_line(line, slash_command_names(), [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
  });
  if (!typed.command.empty()) return run(typed);
  turn(typed.message);
  return true;
}

std::vector<std::string> Conversation::completions(const std::string& begun) {
  return slash_completions(begun, [this](const std::string& kind) {
    if (kind == "PROVIDER") return services_.plugins().provider_names();
    std::vector<std::string> values;
    if (kind == "MODEL") values.push_back(session_.model());
    for (const store::SessionSummary& session : services_.sessions().list()) {
      if (kind == "SESSION") values.push_back(session.id);
      if (kind == "MODEL") values.push_back(session.model);
    }
    return values;
  });
}

void Conversation::turn(const std::string& text) {
  last_message_ = text;
  view_.on_turn_begin(++turns_, text);
  const app::TurnReport report = app::Turn(session_, Interrupt::cancellation()).say(text);
  cancelled_ = report.result.finish == "cancelled";
  if (report.error && report.error->reason == "output") throw *report.error;  // nobody reads us
  view_.on_turn_end(turns_, report.result);
  if (!report.notice.empty()) view_.on_notice(report.notice);
  if (report.error) view_.on_error(advised(*report.error));
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
    } else if (command == "retry") {
      retry();
    } else if (command == "edit") {
      edit();
    } else if (!show(command, first)) {
      const std::vector<std::string> near = text::near_names(command, slash_command_names());
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

bool Conversation::show(const std::string& command, const std::string& word) {
  if (command == "tools") {
    for (const ToolSpec& spec : session_.tools()) {
      view_.on_notice(spec.name + " - " + spec.description);
    }
  } else if (command == "cost") {
    show_cost();
  } else if (command == "status") {
    show_status();
  } else if (command == "purchases") {
    show_purchases();
  } else if (command == "sessions") {
    show_sessions(word);
  } else if (command == "export") {
    export_to(word);
  } else if (command == "clear") {
    clear_screen();
  } else if (command == "help") {
    err_text(slash_command_help());
  } else {
    return false;
  }
  return true;
}

void Conversation::show_cost() {
  const Usage& usage = session_.usage();
  view_.on_notice(fmt::format("{} tokens in ({} cached), {} out ({} reasoning) in this run",
                              usage.input_tokens, usage.cached_tokens, usage.output_tokens,
                              usage.reasoning_tokens));
  const auto models = cost::totals_by_model(session_.spending().entries());
  if (models.empty()) {
    return view_.on_notice("this conversation: no request to a model is on record");
  }
  for (const auto& [model, total] : models) {
    view_.on_notice(fmt::format("this conversation, {}: {} in {} request{}{}", model,
                                cost::cost_text(total), total.requests,
                                total.requests == 1 ? "" : "s",
                                total.nanos.empty() && total.unknown > 0
                                    ? "; no price is known, add one to [prices] in config.toml"
                                    : ""));
  }
}

void Conversation::show_status() {
  const Usage& usage = session_.usage();
  view_.on_notice(
      fmt::format("conversation {}, {} messages", session_.id(), session_.history().size()));
  view_.on_notice(fmt::format("model {} of {}", session_.model(), session_.provider_name()));
  view_.on_notice(fmt::format("CartPilot: {}; permission to buy: {}", session_.cartpilot().shown(),
                              services_.policy_word()));
  view_.on_notice(
      fmt::format("{} tokens in, {} out in this run", usage.input_tokens, usage.output_tokens));
}

void Conversation::show_purchases() {
  bool any = false;
  for (const purchase::Attempt& attempt : services_.journal().list()) {
    if (attempt.session != session_.id()) continue;
    any = true;
    view_.on_notice(fmt::format(
        "{}  {}  {} at {}{}", attempt.id, purchase::attempt_state_name(attempt.state),
        commerce::format_money(attempt.total), attempt.merchant_id,
        attempt.merchant_order_id.empty() ? "" : ", merchant order " + attempt.merchant_order_id));
  }
  if (!any) view_.on_notice("no purchase was tried in this conversation");
}

void Conversation::show_sessions(const std::string& id) {
  if (!id.empty()) {
    const std::string whole = services_.sessions().resolve(id);
    const auto session = services_.sessions().find(whole);
    if (!session) return refuse(fmt::format("no conversation '{}'; /sessions lists them", id));
    err_text(transcript_markdown(whole,
                                 commerce::CartPilotIdentity::from_text(session->cartpilot).shown(),
                                 services_.sessions().load(whole)));
    return;
  }
  const std::vector<store::SessionSummary> all = services_.sessions().list();
  for (std::size_t i = 0; i < std::min(all.size(), kSessionsShown); ++i) {
    view_.on_notice(fmt::format("{}  {}  {}", all[i].id, all[i].provider, all[i].title));
  }
  if (all.empty()) view_.on_notice("no conversation is kept");
  if (all.size() > kSessionsShown) {
    view_.on_notice(
        fmt::format("and {} more; see 'cartpilot sessions list'", all.size() - kSessionsShown));
  }
}

void Conversation::export_to(const std::string& file) {
  const std::string text =
      transcript_markdown(session_.id(), session_.cartpilot().shown(), session_.history());
  if (file.empty()) return err_text(text);
  write_transcript(file, text);
  view_.on_notice(fmt::format("written to {}", file));
}

void Conversation::retry() {
  if (last_message_.empty()) return refuse("nothing was sent in this run yet");
  turn(std::string(last_message_));
}

void Conversation::edit() {
  if (!is_terminal(STDIN_FILENO)) return refuse("/edit needs a terminal");
  const std::string message = edited_message(services_.settings().state_directory);
  if (message.find_first_not_of(" \t\n") == std::string::npos) {
    return view_.on_notice("the message is empty and was not sent");
  }
  if (message.size() > kMaxMessageBytes || !text::is_utf8(message)) {
    return refuse("the message is not UTF-8 of at most 256 KiB and was not sent");
  }
  turn(message);
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
