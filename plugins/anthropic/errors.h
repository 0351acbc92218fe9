// Errors that only this API writes: bound signatures, the order of turns, codes in `details`. Pure
// functions; any thread.
#pragma once

#include <optional>

#include "cartpilot/vendor/errors.h"

namespace cartpilot::anthropic {

/// The vendor::ErrorOverride of this plugin. `reason` is "signature" when thinking of earlier
/// answers was refused.
std::optional<Error> anthropic_error(int status, int told, const vendor::ErrorBody& body,
                                     const vendor::Service& service);

}  // namespace cartpilot::anthropic
