#include "cartpilot/plugin.h"
#include "gemini/provider.h"

CARTPILOT_PROVIDER_PLUGIN(
    cartpilot::gemini::GeminiProvider, "gemini", "0.1.0",
    R"(["GEMINI_API_KEY","GOOGLE_API_KEY",{"name":"GEMINI_BASE_URL","secret":false}])")
