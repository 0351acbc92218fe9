// BatchSink: gathers the answers to a JSON-RPC batch into one array (revision 2025-03-26 only).
//
// Notifications pass at once. Borrows nothing; any thread.
#pragma once

#include <memory>
#include <mutex>

#include "mcp/reply_sink.h"

namespace cartpilot::mcp {

class BatchSink final : public ReplySink {
 public:
  /// `requests` answers are awaited, at least one.
  BatchSink(std::shared_ptr<ReplySink> outer, std::size_t requests);

  void notify(const Json& notification) override;
  bool carries_requests() const override { return outer_->carries_requests(); }
  void answer(const Json& response) override;

 private:
  const std::shared_ptr<ReplySink> outer_;
  std::mutex mutex_;
  std::size_t awaited_;
  Json answers_ = Json::array();
};

}  // namespace cartpilot::mcp
