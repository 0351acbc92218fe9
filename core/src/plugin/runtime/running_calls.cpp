#include "plugin/runtime/running_calls.h"

#include <array>
#include <atomic>
#include <mutex>
#include <set>

namespace cartpilot::plugin {
namespace {

constexpr int kPlaces = 64;  // more calls at once are not marked
std::array<std::atomic<const char*>, kPlaces> places{};
static_assert(std::atomic<const char*>::is_always_lock_free);

/// Ids are few, and a signal handler may read them at any time: they stay.
const char* kept_name(const std::string& plugin) {
  static auto* mutex = new std::mutex;
  static auto* names = new std::set<std::string>;
  const std::lock_guard<std::mutex> lock(*mutex);
  return names->insert(plugin).first->c_str();
}

}  // namespace

RunningCall::RunningCall(const std::string& plugin) : place_(-1) {
  const char* name = kept_name(plugin);
  for (int i = 0; i < kPlaces; ++i) {
    const char* empty = nullptr;
    if (places[static_cast<std::size_t>(i)].compare_exchange_strong(empty, name)) {
      place_ = i;
      return;
    }
  }
}

RunningCall::~RunningCall() {
  if (place_ >= 0) places[static_cast<std::size_t>(place_)] = nullptr;
}

const char* running_plugin() noexcept {
  for (const auto& place : places) {
    if (const char* name = place.load()) return name;
  }
  return nullptr;
}

}  // namespace cartpilot::plugin
