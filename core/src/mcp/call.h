// Call: one running tools/call, between its request and its only answer.
//
// Whoever comes first ends it: the tool with a result, or the client with a cancellation, after
// which nothing more is sent for it, neither the answer nor progress. A question of the tool goes
// out at once to a legacy client, and with the answer to a modern one, which then calls again.
// Shared by the thread that receives messages and the one that runs the tool.
#pragma once

#include <atomic>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/reply_sink.h"
#include "mcp/tool_service.h"

namespace cartpilot::mcp {

/// What is known of the client that calls.
struct CallClient {
  bool shows_pages = false;
  bool takes_forms = false;
  std::optional<LogLevel> log_from;  ///< nullopt: it wants no log
  Json answers = Json::object();     ///< to the questions of earlier rounds, by their names
};

class Call final : public CallScope {
 public:
  /// `progress_token` null: the client did not ask for progress.
  Call(Json id, std::string_view revision, Json progress_token, CallClient client,
       std::shared_ptr<ReplySink> sink);

  bool cancelled() const noexcept override { return cancelled_; }
  void progress(double done, std::optional<double> total, const std::string& message) override;
  PageRequest show_page(const std::string& url, const std::string& message) override;
  FormReply ask_form(const Form& form) override;
  void log(LogLevel level, const std::string& logger, const Json& data) override;

  const Json& id() const { return id_; }
  std::string_view revision() const { return revision_; }
  /// What the client is asked for instead of being answered, by name. Once the tool is back.
  const Json& input_requests() const { return input_requests_; }
  /// The answers that the tool has used, for the next round. Once the tool is back.
  const Json& used_answers() const { return used_answers_; }

  /// What a client sent as the answer to a request of the server; false when it is not for the
  /// question that this call waits with.
  bool take_reply(const Json& id, const Json& response);
  void log_from(LogLevel level);

  void cancel();
  void finish(const Json& response);

  /// Asks the tool to stop and still sends its answer: the connection ends, not the call.
  void hurry();

 private:
  FormReply ask_with_the_answer(const Form& form, const schema::SchemaValidator& fields);
  FormReply ask_at_once(const Form& form, const schema::SchemaValidator& fields,
                        std::unique_lock<std::mutex>& lock);

  const Json id_;
  const std::string_view revision_;
  const Json progress_token_;
  CallClient client_;
  Json input_requests_ = Json::object();
  Json used_answers_ = Json::object();
  const std::shared_ptr<ReplySink> sink_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable replied_;
  std::string question_;  ///< the id of the request that a legacy client has to answer; "" = none
  Json reply_;            ///< to it; null until it comes
  bool page_asked_ = false;
  bool ended_ = false;
  double last_progress_ = -std::numeric_limits<double>::infinity();
};

}  // namespace cartpilot::mcp
