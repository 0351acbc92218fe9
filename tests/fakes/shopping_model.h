// A pretend model that shops, in neutral words; the fake vendors wrap it in their own formats.
//
// shopping_model() plays the three-turn purchase: it searches and reads two offers in parallel,
// prepares the cheapest headphones under the limit, and buys after "yes". It looks only at what a
// real model would see.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::fakes {

/// What the model was shown so far.
struct ModelView {
  std::vector<std::string> user_texts;
  std::vector<std::pair<std::string, Json>>
      results;                  ///< all function results so far: function name, JSON
  bool last_is_result = false;  ///< the newest content is results, not a user text
};

/// What it says next: text, or calls (or both).
struct ModelStep {
  std::string text;
  std::vector<std::pair<std::string, Json>> calls;  ///< function name, arguments
};

using Model = std::function<ModelStep(const ModelView&)>;

ModelStep shopping_model(const ModelView& view);

}  // namespace cartpilot::fakes
