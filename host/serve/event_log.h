// EventLog: what happens in one conversation, numbered, for the pages that show it.
//
// Keeps the latest events, so that a page that was away goes on where it stopped. Numbers grow and
// begin at another place in every process: a number that is not of this log is noticed. A slow
// reader holds nobody up: it reads at its own pace, and learns when what it wants is gone. Any
// thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::host {

/// Events that are kept, and their bytes.
constexpr std::size_t kMaxKeptEvents = 1000;
constexpr std::size_t kMaxKeptBytes = 1024 * 1024;

class EventLog {
 public:
  struct Entry {
    std::int64_t id = 0;
    std::shared_ptr<const std::string> json;
  };
  struct Slice {
    bool lost = false;    ///< what came after the wanted number is not kept (any more)
    bool closed = false;  ///< nothing will come
    std::vector<Entry> entries{};
  };

  EventLog();

  /// Returns the number of the event.
  std::int64_t append(const Json& event);
  /// The number of the latest event, or the one before the first.
  std::int64_t last() const;

  /// Waits at most `longest` until there is something after `after`.
  Slice wait(std::int64_t after, std::chrono::milliseconds longest) const;

  /// What is not after `until` is kept no longer: it is stored as messages.
  void forget(std::int64_t until);

  /// Ends all waits, for good.
  void close();

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::int64_t last_;
  bool closed_ = false;
};

}  // namespace cartpilot::host
