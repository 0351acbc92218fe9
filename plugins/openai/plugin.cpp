#include "cartpilot/plugin.h"

#include "openai/provider.h"

CARTPILOT_PROVIDER_PLUGIN(
    cartpilot::openai::OpenAiProvider, "openai", "0.1.0",
    R"(["OPENAI_API_KEY","OPENAI_BASE_URL","OPENAI_ORG_ID","OPENAI_PROJECT_ID","AZURE_OPENAI_API_KEY"])")
