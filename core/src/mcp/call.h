// Call: one running tools/call, between its request and its only answer.
//
// Whoever comes first ends it: the tool with a result, or the client with a cancellation, after
// which nothing more is sent for it, neither the answer nor progress. Shared by the thread that
// receives messages and the one that runs the tool.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>

#include "mcp/reply_sink.h"
#include "mcp/tool_service.h"

namespace cartpilot::mcp {

/// What is known of the client that calls.
struct CallClient {
  bool shows_pages = false;
  bool was_asked = false;  ///< to show a page, for this call
};

class Call final : public CallScope {
 public:
  /// `progress_token` null: the client did not ask for progress.
  Call(Json id, std::string_view revision, Json progress_token, CallClient client,
       std::shared_ptr<ReplySink> sink);

  bool cancelled() const noexcept override { return cancelled_; }
  void progress(double done, std::optional<double> total, const std::string& message) override;
  PageRequest show_page(const std::string& url, const std::string& message) override;

  const Json& id() const { return id_; }
  std::string_view revision() const { return revision_; }
  /// What the client is asked for instead of being answered; null: nothing. Once the tool is back.
  const Json& input_request() const { return input_request_; }

  void cancel();
  void finish(const Json& response);

  /// Asks the tool to stop and still sends its answer: the connection ends, not the call.
  void hurry() { cancelled_ = true; }

 private:
  const Json id_;
  const std::string_view revision_;
  const Json progress_token_;
  CallClient client_;
  Json input_request_;
  const std::shared_ptr<ReplySink> sink_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  bool ended_ = false;
  double last_progress_ = -std::numeric_limits<double>::infinity();
};

}  // namespace cartpilot::mcp
