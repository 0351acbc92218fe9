// A model that buys in three turns with eight answers, as scripts/live asks it to.
#pragma once

#include "fakes/shopping_model.h"

namespace cartpilot::e2e {

fakes::ModelStep thrifty_model(const fakes::ModelView& view);

/// Searches again and again, for something else each time.
fakes::ModelStep endless_model(const fakes::ModelView& view);

}  // namespace cartpilot::e2e
