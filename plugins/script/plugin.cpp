#include "cartpilot/plugin.h"
#include "script/provider.h"

CARTPILOT_PROVIDER_PLUGIN(cartpilot::script::ScriptProvider, "script", "0.1.0", "[]")
