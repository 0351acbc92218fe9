#include "cartpilot/plugin.h"

#include "anthropic/provider.h"

CARTPILOT_PROVIDER_PLUGIN(cartpilot::anthropic::AnthropicProvider, "anthropic", "0.1.0",
                          R"(["ANTHROPIC_API_KEY","ANTHROPIC_AUTH_TOKEN",)"
                          R"({"name":"ANTHROPIC_BASE_URL","secret":false}])")
