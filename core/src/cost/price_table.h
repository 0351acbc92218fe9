// PriceTable: the prices of models, those of the program and those of the person.
//
// Filled before use, then only read; any thread may read. Models are looked up by provider and id.
// An id that ends in a date ("gpt-4.1-mini-2025-04-14") is found under the id without it. "*" as
// a model stands for all others of its provider.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cost/price.h"

namespace cartpilot::cost {

class PriceTable {
 public:
  /// The prices that come with the program.
  static PriceTable built_in();

  /// Reads a list in the form of prices.json. Throws Error{kInvalidArgument} for another form.
  static PriceTable parse(std::string_view json);

  /// The person's own price, in the place of all others of that model. `model` is "openai/gpt-5";
  /// `text` is "input=1.25 cached=0.125 output=10 currency=USD". Throws Error{kInvalidArgument}
  /// with what is wrong, without saying where.
  void set(const std::string& model, const std::string& text);

  /// The price that holds on `day`; nullptr when none is known.
  const Price* find(const std::string& provider, const std::string& model,
                    std::string_view day) const;

 private:
  /// By provider and model; several of one model begin on different days.
  std::map<std::pair<std::string, std::string>, std::vector<Price>> prices_;
};

}  // namespace cartpilot::cost
