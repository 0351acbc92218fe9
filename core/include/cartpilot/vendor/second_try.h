// SecondTry: lets a request whose answer was of no use be sent once more, and only once.
//
// The host repeats errors that are marked retryable, several times when it has to. An overloaded
// service deserves that; a model that gave two empty answers gives a third. Owned
// by the provider and used on its thread only; keeps a hash of the request, not the request.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

class SecondTry {
 public:
  /// To be called with the body of every request.
  void sending(std::string_view body) { current_ = std::hash<std::string_view>{}(body); }

  /// True at the first useless answer to a request, which may then be marked retryable; false at
  /// the next one to the same bytes.
  bool take() {
    if (spent_ == current_) return false;
    spent_ = current_;
    return true;
  }

 private:
  std::size_t current_ = 0;
  std::optional<std::size_t> spent_;
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
