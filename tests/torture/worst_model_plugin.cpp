// WorstModel as an ordinary provider plugin, for the program itself.
#include "cartpilot/plugin.h"
#include "torture/worst_model.h"

using cartpilot::torture::WorstModel;

CARTPILOT_PROVIDER_PLUGIN(WorstModel, "worst-model", "1.0.0", R"([])")
