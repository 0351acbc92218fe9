#include "cartpilot/plugin.h"
#include "offline/provider.h"

CARTPILOT_PROVIDER_PLUGIN(cartpilot::offline::OfflineProvider, "offline", "0.1.0", "[]")
