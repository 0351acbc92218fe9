// SecretScrub: takes the values of environment variables out of texts people will read.
//
// A plugin receives keys through its environment and may quote them in an error by accident (a URL,
// a header, a vendor's echo). Both sides of the plugin boundary run their texts through this class.
// A value; const functions are thread-safe.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

class SecretScrub {
 public:
  SecretScrub() = default;

  /// Keeps the values that can be secret. Those under 8 bytes would blank innocent text; an address
  /// without credentials must stay readable in "cannot reach ...".
  explicit SecretScrub(const std::map<std::string, std::string>& environment) {
    for (const auto& [name, whole] : environment) {
      // Keys are often sent without the blanks and line ends around them.
      const std::size_t begin = whole.find_first_not_of(" \t\r\n");
      if (begin == std::string::npos) continue;
      const std::string value = whole.substr(begin, whole.find_last_not_of(" \t\r\n") + 1 - begin);
      if (value.size() < kShortestSecret) continue;
      const bool address = value.find("://") != std::string::npos;
      if (address && value.find('@') == std::string::npos) continue;
      secrets_.emplace_back(value, "[" + name + "]");
    }
    std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) {
      return a.first.size() > b.first.size();  // a value inside another one goes last
    });
  }

  /// `text` with every known value replaced by its variable's name: "[OPENAI_API_KEY]".
  std::string apply(std::string text) const {
    for (const auto& [value, name] : secrets_) {
      for (std::size_t at = text.find(value); at != std::string::npos;
           at = text.find(value, at + name.size())) {
        text.replace(at, value.size(), name);
      }
    }
    return text;
  }

 private:
  static constexpr std::size_t kShortestSecret = 8;
  std::vector<std::pair<std::string, std::string>> secrets_;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
