// Notices: lines the person should see once, collected where they arise and shown with the next
// answer.
//
// Owned by the provider and used on its thread only. A line that was shown is not shown again.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/stream_event.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

class Notices {
 public:
  void add(const std::string& line) {
    if (known_.insert(line).second) pending_.push_back(line);
  }

  /// Emits what was added since the last call. Decoders call it with every event.
  void show(EventSink& sink) {
    for (std::string& line : std::exchange(pending_, {})) {
      sink.on_event(WarningEvent{std::move(line)});
    }
  }

 private:
  std::set<std::string> known_;
  std::vector<std::string> pending_;
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
