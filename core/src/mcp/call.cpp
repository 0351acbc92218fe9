#include "mcp/call.h"

#include <utility>

#include "base/random.h"
#include "mcp/answers.h"
#include "mcp/message.h"
#include "mcp/revision.h"

namespace cartpilot::mcp {
namespace {

constexpr std::size_t kElicitationIdBytes = 16;

Json as_message(const std::string& id, const Json& request) {
  Json message = {{"jsonrpc", "2.0"}, {"id", id}};
  message.update(request);
  return message;
}

}  // namespace

Call::Call(Json id, std::string_view revision, Json progress_token, CallClient client,
           std::shared_ptr<ReplySink> sink)
    : id_(std::move(id)),
      revision_(revision),
      progress_token_(std::move(progress_token)),
      client_(std::move(client)),
      sink_(std::move(sink)) {}

void Call::progress(double done, std::optional<double> total, const std::string& message) {
  if (progress_token_.is_null()) return;
  const std::lock_guard lock(mutex_);
  if (ended_ || done <= last_progress_) return;
  last_progress_ = done;
  Json params = {{"progressToken", progress_token_}, {"progress", done}};
  if (total) params["total"] = *total;
  if (!message.empty() && has_progress_messages(revision_)) params["message"] = message;
  sink_->notify(make_notification("notifications/progress", std::move(params)));
}

PageRequest Call::show_page(const std::string& url, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (!client_.shows_pages || ended_) return PageRequest::kNotPossible;
  if (client_.answers.contains(kPageInput)) used_answers_[kPageInput] = true;
  if (page_asked_ || used_answers_.contains(kPageInput)) return PageRequest::kSent;
  page_asked_ = true;
  Json request = {{"method", "elicitation/create"},
                  {"params", {{"mode", "url"}, {"url", url}, {"message", message}}}};
  if (revision_ == kModernRevision) {
    input_requests_[kPageInput] = std::move(request);
    return PageRequest::kReturn;
  }
  const std::string id = base::random_hex(kElicitationIdBytes);
  request["params"]["elicitationId"] = id;
  // Its answer is a response to a request that nobody remembers.
  sink_->notify(as_message("page-" + id, request));
  return PageRequest::kSent;
}

FormReply Call::ask_form(const Form& form) {
  const schema::SchemaValidator fields = form_fields(form);
  std::unique_lock lock(mutex_);
  if (!client_.takes_forms || ended_ || cancelled_) return {};
  return revision_ == kModernRevision ? ask_with_the_answer(form, fields)
                                      : ask_at_once(form, fields, lock);
}

/// What does not fit is asked again, like what is missing.
FormReply Call::ask_with_the_answer(const Form& form, const schema::SchemaValidator& fields) {
  const auto answer = client_.answers.find(form.name);
  if (answer != client_.answers.end()) {
    FormReply reply = read_form_reply(fields, *answer);
    if (reply.outcome != FormOutcome::kNoAnswer) {
      used_answers_[form.name] = *answer;
      return reply;
    }
  }
  input_requests_[form.name] = form_request(form);
  return {FormOutcome::kReturn, nullptr};
}

FormReply Call::ask_at_once(const Form& form, const schema::SchemaValidator& fields,
                            std::unique_lock<std::mutex>& lock) {
  if (!sink_->carries_requests()) return {};
  question_ = "form-" + base::random_hex(kElicitationIdBytes);
  sink_->notify(as_message(question_, form_request(form)));
  replied_.wait_for(lock, form.limit, [&] { return !reply_.is_null() || cancelled_; });
  const Json response = std::exchange(reply_, nullptr);
  const std::string id = std::exchange(question_, "");
  if (response.is_null()) {
    // So that the client takes the form from the screen.
    if (!ended_) sink_->notify(make_notification("notifications/cancelled", {{"requestId", id}}));
    return {FormOutcome::kNoAnswer, nullptr};
  }
  return read_form_reply(fields, response.contains("result") ? response.at("result") : Json());
}

bool Call::take_reply(const Json& id, const Json& response) {
  const std::lock_guard lock(mutex_);
  if (question_.empty() || id != Json(question_) || !reply_.is_null()) return false;
  reply_ = response;
  replied_.notify_all();
  return true;
}

void Call::log(LogLevel level, const std::string& logger, const Json& data) {
  const std::lock_guard lock(mutex_);
  if (ended_ || !client_.log_from || level < *client_.log_from) return;
  sink_->notify(make_notification("notifications/message",
                                  {{"level", name_of(level)}, {"logger", logger}, {"data", data}}));
}

void Call::log_from(LogLevel level) {
  const std::lock_guard lock(mutex_);
  client_.log_from = level;
}

void Call::cancel() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  cancelled_ = true;
  replied_.notify_all();
  sink_->answer(nullptr);
}

void Call::hurry() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  replied_.notify_all();
}

void Call::finish(const Json& response) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  sink_->answer(response);
}

}  // namespace cartpilot::mcp
