// What really was ordered at the merchants, whatever any answer said.
//
// Plain values, written by FaultCartPilot at the moment a merchant books. The harness compares them
// with what the person agreed to and with what the program said.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cartpilot::torture {

struct OrderedLine {
  std::string product_id;
  std::string variant_id;  ///< "" = none
  std::int64_t quantity = 0;
  std::int64_t unit_price = 0;
  friend bool operator==(const OrderedLine&, const OrderedLine&) = default;
};

struct Booking {
  std::string merchant_order_id;
  std::string checkout_id;
  std::string session_id;  ///< the merchant's own session
  std::string merchant_id;
  std::vector<OrderedLine> lines;
  std::int64_t total = 0;
  std::string currency;
  std::int64_t charged = 0;  ///< what left the account; differs from total only with finding 14
  bool by_program = true;    ///< false: another holder of the key confirmed
  std::int64_t unix_ms = 0;  ///< by the clock of the page
  friend bool operator==(const Booking&, const Booking&) = default;
};

}  // namespace cartpilot::torture
