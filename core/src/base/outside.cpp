#include "base/outside.h"

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

namespace cartpilot::base {

namespace {

std::atomic<Outside*> outside_set{nullptr};

std::string& lane_of_thread() {
  thread_local std::string lane;
  return lane;
}

}  // namespace

void set_outside(Outside* outside) { outside_set = outside; }

Outside* outside_here() {
  Outside* const outside = outside_set.load(std::memory_order_acquire);
  return outside == nullptr || lane_of_thread().empty() ? nullptr : outside;
}

const std::string& current_lane() { return lane_of_thread(); }

Lane::Lane(std::string name) : before_(std::exchange(lane_of_thread(), std::move(name))) {}

Lane::~Lane() { lane_of_thread() = std::move(before_); }

Fanout::Fanout() {
  const std::string& lane = lane_of_thread();
  if (outside_here() == nullptr) return;
  static std::mutex mutex;
  static auto* const begun = new std::map<std::string, std::size_t>;
  const std::lock_guard lock(mutex);
  name_ = lane + "." + std::to_string((*begun)[lane]++) + ".";
}

std::string Fanout::lane(std::size_t job) const {
  return name_.empty() ? "" : name_ + std::to_string(job);
}

}  // namespace cartpilot::base
