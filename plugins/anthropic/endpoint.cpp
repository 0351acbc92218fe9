#include "anthropic/endpoint.h"

#include <array>

namespace cartpilot::anthropic {
namespace {

constexpr std::string_view kVertexModels = "/publishers/anthropic/models";

constexpr std::array<Server, 9> kServers = {{
    {"anthropic", "Anthropic", true, false, false, true, "claude-sonnet-5-5"},
    {"bedrock", "Bedrock", false, false, false, true, "anthropic.claude-sonnet-5-5"},
    {"vertex", "Vertex AI", false, true, true, true, "claude-sonnet-5-5"},
    {"ollama", "Ollama", false, false, false, false, ""},
    {"llama.cpp", "llama.cpp", false, false, false, true, ""},
    {"litellm", "LiteLLM", false, true, false, true, ""},
    {"deepseek", "DeepSeek", false, false, false, true, ""},
    {"kimi", "Kimi", false, true, false, true, ""},
    {"unknown", "", false, false, false, true, ""},
}};

const Server& detect_server(const vendor::BaseUrl& url) {
  const auto named = [](std::string_view name) -> const Server& { return *server_by_name(name); };
  const auto below = [&url](const std::string& domain) {
    return url.host == domain || vendor::ends_with(url.host, "." + domain);
  };
  if (below("anthropic.com")) return named("anthropic");
  if (vendor::contains(url.host, "aiplatform.") && below("googleapis.com")) return named("vertex");
  if (vendor::contains(url.host, "bedrock") && below("amazonaws.com")) return named("bedrock");
  if (below("deepseek.com")) return named("deepseek");
  if (below("moonshot.ai") || below("moonshot.cn") || below("kimi.com")) return named("kimi");
  if (url.loopback() && url.port == 11434) return named("ollama");
  if (url.loopback() && url.port == 8080) return named("llama.cpp");
  if (url.loopback() && url.port == 4000) return named("litellm");
  return named("unknown");
}

}  // namespace

const Server* server_by_name(std::string_view name) {
  for (const Server& server : kServers) {
    if (server.name == name) return &server;
  }
  return nullptr;
}

std::vector<std::string> server_names() {
  std::vector<std::string> names;
  for (const Server& server : kServers) names.emplace_back(server.name);
  return names;
}

Endpoint parse_endpoint(std::string_view text, const Server* server) {
  if (vendor::trim(text).empty()) text = kDefaultBaseUrl;
  Endpoint endpoint;
  endpoint.url =
      vendor::parse_base_url(text, {"ANTHROPIC_BASE_URL", std::string(kDefaultBaseUrl), false});
  endpoint.server = server != nullptr ? server : &detect_server(endpoint.url);
  if (endpoint.server->vertex) {
    endpoint.url.drop_suffix(kVertexModels);
    return endpoint;
  }
  endpoint.url.drop_suffix("/messages");
  endpoint.url.drop_suffix("/v1");
  return endpoint;
}

std::string messages_url(const Endpoint& endpoint, const std::string& model, bool stream) {
  if (!endpoint.server->vertex) return endpoint.base() + "/v1/messages";
  for (const char c : model) {
    if (vendor::is_word_char(c) || vendor::contains("-.@", std::string_view(&c, 1))) continue;
    throw Error(ErrorCode::kInvalidArgument,
                "'" + vendor::one_line(model, 80) + "' is no model id of Vertex AI");
  }
  return endpoint.base() + std::string(kVertexModels) + "/" + model +
         (stream ? ":streamRawPredict" : ":rawPredict");
}

std::string models_url(const Endpoint& endpoint) { return endpoint.base() + "/v1/models"; }

}  // namespace cartpilot::anthropic
