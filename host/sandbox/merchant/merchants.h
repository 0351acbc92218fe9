// Merchants: the shops of this sandbox in their fixed order.
//
// Owned by the application; the pointers it hands out live as long as it does.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sandbox/merchant/merchant.h"

namespace cartpilot::sandbox {

class Merchants {
 public:
  explicit Merchants(std::vector<std::unique_ptr<Merchant>> merchants)
      : merchants_(std::move(merchants)) {}

  /// Disabled ones included.
  const std::vector<std::unique_ptr<Merchant>>& all() const { return merchants_; }

  /// Whether or not it is disabled; nullptr when there is no such merchant.
  Merchant* find(std::string_view id) const {
    for (const auto& merchant : merchants_) {
      if (merchant->id() == id) return merchant.get();
    }
    return nullptr;
  }

 private:
  std::vector<std::unique_ptr<Merchant>> merchants_;
};

}  // namespace cartpilot::sandbox
