// The functions a session would offer, without a session.
//
// For programs that only want the list: no CartPilot is asked and no state is opened. One thread.
#pragma once

#include <string>
#include <vector>

#include "app/services.h"
#include "cartpilot/tool.h"
#include "purchase/remedy.h"

namespace cartpilot::app {

/// CartPilot's own functions, then those of plugins under the names a session gives them. What is
/// left out goes to the notices of `services`, with what helps in the front end's words.
std::vector<ToolSpec> offered_tools(AppServices& services,
                                    const std::vector<std::string>& money_plugins,
                                    const purchase::Remedies& remedies);

}  // namespace cartpilot::app
