#include "cartpilot/plugin.h"

#include "openai/provider.h"

CARTPILOT_PROVIDER_PLUGIN(
    cartpilot::openai::OpenAiProvider, "openai", "0.1.0",
    R"(["OPENAI_API_KEY","AZURE_OPENAI_API_KEY",{"name":"OPENAI_BASE_URL","secret":false},)"
    R"({"name":"OPENAI_ORG_ID","secret":false},{"name":"OPENAI_PROJECT_ID","secret":false}])")
