#include "commands/chat/conversation.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/chat/transcript.h"
#include "commands/commands.h"
#include "commands/model_instructions.h"
#include "commands/service_failure.h"
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

std::string read_system(const std::string& file) {
  if (file.empty()) return std::string(model_instructions());
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || !text) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--system: cannot read '{}'", file));
  }
  if (!text::is_utf8(text.str())) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--system: '{}' is not UTF-8", file));
  }
  return std::string(model_instructions()) + "\n\n" + text.str();
}

}  // namespace

/// Passes everything on to the view and notices when CartPilot fails, for the exit code.
class Conversation::ShopWatch final : public chat::ChatObserver {
 public:
  explicit ShopWatch(ConversationView& view) : view_(view) {}
  void on_event(const StreamEvent& event) override { view_.on_event(event); }
  void on_tool_call(const ToolCall& call) override { view_.on_tool_call(call); }
  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override {
    view_.on_tool_result(call, result, ms);
    if (result.is_error && !failure &&
        is_service_failure(string_or(result.content, "error_code"))) {
      failure = string_or(result.content, "message");
    }
  }
  void on_retry(std::int64_t wait_ms, const std::string& reason) override {
    view_.on_retry(wait_ms, reason);
  }

  std::optional<std::string> failure;  ///< first failure of CartPilot in this turn

 private:
  ConversationView& view_;
};

Conversation::Conversation(AppServices& services, ConversationView& view)
    : services_(services), view_(view), watch_(std::make_unique<ShopWatch>(view)) {
  const Arguments& arguments = services.arguments();
  const purchase::PurchasePolicy policy =
      services.policy();  // a wrong flag is found before anything is opened
  chat::ChatOptions options;
  options.system = read_system(arguments.system_file);
  const bool continued = open_session();
  provider_ = services.make_provider(provider_name_);
  auto tool_sets = services.make_tool_sets();
  provider_->check();
  const ProviderInfo info = provider_->info();
  options.provider = provider_name_;
  options.model = services.settings().model;
  options.stream = !arguments.no_stream;
  options.limits.max_rounds = arguments.max_steps;
  shop_ = services.make_shop(session_id_, view_, std::move(tool_sets));
  chat::MessageLog& log = *this;
  session_ = std::make_unique<chat::ChatSession>(*provider_, *shop_.router, *watch_, log, options);
  view_.on_session({session_id_, provider_name_, session_->model(), services.policy_word(),
                    services.identity().shown()});
  if (!info.notice.empty()) view_.on_notice(info.notice);
  services.sessions().open(session_id_, provider_name_, session_->model());
  if (continued) {
    const std::string notice = session_->restore(services.sessions().load(session_id_));
    if (!notice.empty()) view_.on_notice(notice);
  }
  for (const purchase::PurchaseReport& report : shop_.gate->reconcile(Interrupt())) {
    view_.on_purchase(report);
  }
}

Conversation::~Conversation() {
  session_.reset();
  shop_ = {};
  provider_.reset();
}

/// False when it begins here.
bool Conversation::open_session() {
  const Arguments& arguments = services_.arguments();
  std::optional<store::SessionSummary> earlier;
  if (!arguments.resume.empty()) {
    earlier = services_.sessions().find(arguments.resume);
    if (!earlier) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("no conversation '{}'; see 'cartpilot sessions list'", arguments.resume));
    }
  } else if (arguments.continue_last) {
    const auto all = services_.sessions().list();
    if (all.empty())
      throw Error(ErrorCode::kInvalidArgument, "there is no conversation to continue yet");
    earlier = all.front();
  } else if (!arguments.session.empty()) {
    earlier = services_.sessions().find(arguments.session);
  }
  session_id_ = earlier                     ? earlier->id
                : arguments.session.empty() ? store::new_session_id()
                                            : arguments.session;
  lock_.emplace(services_.lock_session(session_id_));
  services_.bind_session(session_id_);
  const bool named = !services_.settings().provider.empty();
  provider_name_ = earlier && !named && !earlier->provider.empty() ? earlier->provider
                                                                   : services_.provider_name();
  return earlier.has_value();
}

void Conversation::append(const Message& message) {
  services_.sessions().append(session_id_, message);
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
  const Interrupt interrupt;
  view_.on_turn_begin(++turns_, text);
  watch_->failure.reset();
  chat::TurnResult result = session_->run_turn(text, interrupt);
  cancelled_ = result.finish == "cancelled";
  std::string notice;
  if (result.not_stored && (result.error || cancelled_)) {  // the turn keeps its own ending
    notice = fmt::format("the conversation is not stored yet: {}", result.not_stored->what());
  } else if (result.not_stored) {
    fail(exit_code_of(*result.not_stored));
    result.finish = "error";
    result.error = result.not_stored;
  }
  if (result.error && result.error->reason == "output") throw *result.error;  // nobody reads us
  view_.on_turn_end(turns_, result);
  if (!notice.empty()) view_.on_notice(notice);
  if (result.error) {
    view_.on_error(*result.error);
    fail(provider_exit_code(*result.error));
  } else if (watch_->failure) {
    Error error(ErrorCode::kUnavailable, "CartPilot: " + *watch_->failure);
    view_.on_error(error);
    fail(kCartPilotFailed);
  } else if (cancelled_) {
    fail(kInterrupted);
  } else if (result.finish == "limit") {
    fail(kFailed);
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
      switch_to(provider_name_, first);
    } else if (command == "/tools") {
      for (const ToolSpec& spec : shop_.router->specs())
        view_.on_notice(spec.name + " - " + spec.description);
    } else if (command == "/cost") {
      const Usage& usage = session_->total_usage();
      view_.on_notice(fmt::format("{} tokens in ({} cached), {} out ({} reasoning) in this run",
                                  usage.input_tokens, usage.cached_tokens, usage.output_tokens,
                                  usage.reasoning_tokens));
    } else if (command == "/export") {
      err(transcript_markdown(session_id_, services_.identity().shown(), session_->history()));
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
  std::string notice;
  if (name == provider_name_) {
    notice = session_->switch_provider(*provider_, name, model);
  } else {
    auto next = services_.make_provider(name);
    next->check();
    notice = session_->switch_provider(*next, name, model);
    provider_ = std::move(next);
    provider_name_ = name;
  }
  services_.sessions().open(session_id_, provider_name_, session_->model());
  view_.on_notice(fmt::format("now talking to {} ({})", provider_name_, session_->model()));
  if (!notice.empty()) view_.on_notice(notice);
}

int Conversation::interrupted_exit_code() const {
  return shop_.gate->last_report() && shop_.gate->reported_this_turn() ? exit_code() : kInterrupted;
}

int Conversation::exit_code() const {
  if (shop_.gate->last_report()) return shop_.gate->last_report()->exit_code;
  return first_failure_.value_or(kOk);
}

}  // namespace cartpilot::host
