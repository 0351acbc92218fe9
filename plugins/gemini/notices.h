// Notices: lines the person should see once, collected where they arise and shown with the next
// answer.
//
// Owned by the provider and used on its thread only. A line that was said is not said again.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cartpilot::gemini {

class Notices {
 public:
  void add(std::string line) {
    if (said_.insert(line).second) pending_.push_back(std::move(line));
  }

  /// Lines added since the last call.
  std::vector<std::string> take() { return std::exchange(pending_, {}); }

 private:
  std::set<std::string> said_;
  std::vector<std::string> pending_;
};

}  // namespace cartpilot::gemini
