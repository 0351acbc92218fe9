// The JSON texts that cross the plugin boundary and go to disk: one encoder and one decoder per
// type.
//
// Both sides of the boundary compile these functions for themselves. Decoders ignore unknown
// members and throw Error{kProtocol} naming what is missing or of the wrong type. Members with
// their default value are left out.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "cartpilot/tool_set.h"

// (definitions follow)
