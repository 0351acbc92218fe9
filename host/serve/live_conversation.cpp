#include "serve/live_conversation.h"

#include <utility>

#include "base/random.h"
#include "commands/commands.h"
#include "commerce/failure.h"
#include "serve/page_json.h"
#include "terminal/output.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kRunIdBytes = 8;
/// Events, for a page that lags behind a little. What they told is stored.
constexpr std::int64_t kKeptOfEarlierTurns = 8;

std::string words_of(const Error& error) {
  const auto* refused = dynamic_cast<const commerce::CartPilotError*>(&error);
  return refused != nullptr ? commerce::described(*refused) : std::string(advised(error).what());
}

std::string code_of(const Error& error) {
  return error.reason.empty() ? std::string(error_code_name(error.code)) : error.reason;
}

/// The process was stopped for so long that another one may have the conversation.
constexpr std::string_view kFenced = "fenced";

bool is_fenced(const std::optional<Error>& error) { return error && error->reason == kFenced; }

}  // namespace

LiveConversation::LiveConversation(app::AppServices& services, app::SessionSettings settings,
                                   std::string id, Stored stored)
    : services_(services),
      settings_(std::move(settings)),
      id_(std::move(id)),
      stored_(std::move(stored)),
      view_(log_, stored_.attempt),
      approver_(view_) {
  settings_.choice = {app::SessionChoice::Kind::kNamed, id_};
}

LiveConversation::~LiveConversation() {
  end();
  {
    std::unique_lock lock(mutex_);
    wait_for_thread(lock);
  }
  log_.close();
}

std::string LiveConversation::say(const std::string& text, const std::string& run_id) {
  std::unique_lock lock(mutex_);
  refuse_if_busy();
  wait_for_thread(lock);
  refuse_if_busy();  // another one may have waited too
  const std::string run = run_id.empty() ? base::random_hex(kRunIdBytes) : run_id;
  cancellation_.reset();
  log_.forget(log_.last() - kKeptOfEarlierTurns);
  const auto stored = stored_.summary();
  begun_ = {true, log_.last(), stored ? stored->message_count : 0};
  running_ = true;
  last_used_ = base::steady_now();
  try {
    has_thread_ = true;
    // Not to be joined: a thread that ended keeps its stack until then, and most conversations
    // rest.
    std::thread([this, text, run] {
      run_turn(text, run);
      const std::lock_guard ended(mutex_);
      has_thread_ = false;
      thread_ended_.notify_all();
    }).detach();
  } catch (const std::system_error&) {
    has_thread_ = false;
    running_ = false;
    throw Error(ErrorCode::kUnavailable, "too much is going on here; send the message again later");
  }
  return run;
}

/// With the mutex held.
void LiveConversation::refuse_if_busy() const {
  if (!running_ && !ending_) return;
  Error busy(ErrorCode::kUnavailable,
             ending_ ? "the program is ending; send the message again in a moment"
                     : "an answer is on its way; stop it first, or wait for its end");
  busy.reason = "turn_running";
  throw busy;
}

/// The last event of a turn comes before the end of its thread.
void LiveConversation::wait_for_thread(std::unique_lock<std::mutex>& lock) {
  thread_ended_.wait(lock, [this] { return !has_thread_; });
}

app::ShoppingSession& LiveConversation::session() {
  if (!session_) {
    session_ = std::make_unique<app::ShoppingSession>(
        services_, settings_, app::SessionSurface{view_, approver_, &view_}, cancellation_);
    for (const std::string& notice : session_->notices()) {
      view_.custom("cartpilot.notice", {{"text", notice}});
    }
    app::Turn(*session_, cancellation_).reconcile();
  }
  return *session_;
}

void LiveConversation::run_turn(const std::string& text, const std::string& run) {
  lost_lease_ = false;
  const std::string said = view_.begin(id_, run);
  view_.custom("cartpilot.user_message", {{"message", user_message(said, text)}});
  try {
    const std::string before = this->title();
    const app::TurnReport done = app::Turn(session(), cancellation_).say(text);
    lost_lease_ = is_fenced(done.error) || is_fenced(done.result.not_stored);
    const std::string after = title();
    if (after != before) view_.custom("cartpilot.title", {{"title", after}});
    report(done);
  } catch (const Error& error) {
    lost_lease_ = error.reason == kFenced;
    if (cancellation_.cancelled()) view_.custom("cartpilot.stopped", Json::object());
    fail(words_of(error), code_of(error));
  } catch (const std::exception& error) {
    err_line(std::string("cartpilot: a turn failed: ") + error.what());
    fail("the program failed in this answer; its log says more", "internal");
  }
}

/// Whoever reads the last event of a turn may begin the next one.
void LiveConversation::end_turn() {
  if (lost_lease_) session_.reset();  // the next turn takes the conversation anew, where it can
  if (session_) session_->release_memory();
  last_used_ = base::steady_now();
  running_ = false;
}

void LiveConversation::fail(const std::string& message, const std::string& code) {
  end_turn();
  view_.fail(message, code);
}

void LiveConversation::report(const app::TurnReport& report) {
  using app::TurnEnd;
  if (!report.notice.empty()) view_.custom("cartpilot.notice", {{"text", report.notice}});
  switch (report.end) {
    case TurnEnd::kModelFailed:
    case TurnEnd::kCartPilotFailed:
    case TurnEnd::kNotStored: fail(words_of(*report.error), code_of(*report.error)); return;
    case TurnEnd::kCancelled: view_.custom("cartpilot.stopped", Json::object()); break;
    case TurnEnd::kLimit:
      view_.custom("cartpilot.notice",
                   {{"text", "The answer stopped at a limit. Say 'go on' to continue."}});
      break;
    case TurnEnd::kAnswered: break;
  }
  end_turn();
  view_.finish(report.result.usage);
}

std::string LiveConversation::title() const {
  const auto stored = stored_.summary();
  return stored ? stored->title : "";
}

LiveConversation::Position LiveConversation::position() const {
  const std::lock_guard lock(mutex_);
  if (running_) return begun_;
  const std::int64_t after = log_.last();
  const auto stored = stored_.summary();
  return {false, after, stored ? stored->message_count : 0};
}

void LiveConversation::stop() {
  if (cancellation_.requests() == 0) cancellation_.cancel();
}

void LiveConversation::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  stop();
}

void LiveConversation::abandon() {
  stop();
  cancellation_.cancel();
}

bool LiveConversation::idle_for(std::chrono::seconds idle) const {
  return !running_ && base::steady_now() - last_used_.load() >= idle;
}

void LiveConversation::rest() {
  std::unique_lock lock(mutex_);
  if (running_) return;
  wait_for_thread(lock);
  if (running_) return;  // another one has begun meanwhile
  session_.reset();
}

}  // namespace cartpilot::host
