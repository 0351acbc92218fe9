#include "serve/event_log.h"

#include <algorithm>

#include "base/clock.h"
#include "mcp/message.h"

namespace cartpilot::host {
namespace {

/// Logs of the same conversation in two processes have numbers of their own; they stay below 2^53,
/// which is what JavaScript can count to.
std::int64_t first_number() { return base::unix_ms_now() * 1000; }

}  // namespace

EventLog::EventLog() : last_(first_number()) {}

std::int64_t EventLog::append(const Json& event) {
  const auto text = std::make_shared<const std::string>(mcp::wire_text(event));
  const std::lock_guard lock(mutex_);
  entries_.push_back({++last_, text});
  bytes_ += text->size();
  while (entries_.size() > 1 && (entries_.size() > kMaxKeptEvents || bytes_ > kMaxKeptBytes)) {
    bytes_ -= entries_.front().json->size();
    entries_.pop_front();
  }
  changed_.notify_all();
  return last_;
}

std::int64_t EventLog::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

EventLog::Slice EventLog::wait(std::int64_t after, std::chrono::milliseconds longest) const {
  std::unique_lock lock(mutex_);
  const std::int64_t before_first = last_ - static_cast<std::int64_t>(entries_.size());
  if (after < before_first || after > last_) return {true, closed_};
  changed_.wait_for(lock, longest, [&] { return closed_ || last_ > after; });
  Slice slice{false, closed_};
  const auto next = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry& entry) { return entry.id > after; });
  if (next != entries_.end() && next->id != after + 1) return {true, closed_};
  slice.entries.assign(next, entries_.end());
  return slice;
}

void EventLog::forget(std::int64_t until) {
  const std::lock_guard lock(mutex_);
  while (!entries_.empty() && entries_.front().id <= until) {
    bytes_ -= entries_.front().json->size();
    entries_.pop_front();
  }
}

void EventLog::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace cartpilot::host
