// Shopper: a person, a shop and the loop between them and a provider.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "provider_testing.h"

namespace cartpilot::openai::testing {

/// A shop that knows two offers.
Json shop_answer(const ToolCall& call);

struct Shopper {
  Shopper(OpenAiProvider& chosen, std::string chosen_model, bool whole)
      : provider(chosen), stream(!whole), model(std::move(chosen_model)) {}

  /// One turn of a person; returns the last words of the model.
  std::string says(const std::string& text);

  OpenAiProvider& provider;
  bool stream;
  std::string model;
  std::vector<Message> history;
  std::vector<std::string> steps;  ///< names of the calls of each round
  std::vector<std::string> warnings;
  std::set<std::string> ids;
  int usages = 0;
  CallContext context;

 private:
  void answer(const std::vector<ToolCall>& calls);
};

/// The rounds of the three-turn purchase.
const std::vector<std::string>& purchase_steps();

}  // namespace cartpilot::openai::testing
