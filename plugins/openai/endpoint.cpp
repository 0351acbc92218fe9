#include "openai/endpoint.h"

namespace cartpilot::openai {
namespace {

constexpr std::string_view kChatPath = "/chat/completions";
constexpr std::string_view kResponsesPath = "/responses";
constexpr std::string_view kModelsPath = "/models";
constexpr std::string_view kDeployments = "/deployments/";

/// Azure's dated surface puts only Chat Completions below the deployment.
std::string without_deployment(const Endpoint& endpoint) {
  const std::string base = endpoint.base();
  return endpoint.deployment.empty() ? base : base.substr(0, base.rfind(kDeployments));
}

}  // namespace

Endpoint parse_endpoint(std::string_view text) {
  const vendor::BaseUrlText words = {
      "OPENAI_BASE_URL", "https://api.openai.com/v1 or http://localhost:11434/v1", true};
  Endpoint endpoint{vendor::parse_base_url(text, words), std::nullopt, ""};
  if (endpoint.drop_suffix(kChatPath)) {
    endpoint.pasted = Api::kChat;
  } else if (endpoint.drop_suffix(kResponsesPath)) {
    endpoint.pasted = Api::kResponses;
  } else {
    endpoint.drop_suffix(kModelsPath);
  }
  const std::size_t at = endpoint.path.rfind(kDeployments);
  if (at != std::string::npos) {
    endpoint.deployment = endpoint.path.substr(at + kDeployments.size());
    if (vendor::contains(endpoint.deployment, "/")) endpoint.deployment.clear();
  }
  return endpoint;
}

std::string api_url(const Endpoint& endpoint, Api api) {
  if (api == Api::kChat) return endpoint.base() + std::string(kChatPath) + endpoint.query;
  return without_deployment(endpoint) + std::string(kResponsesPath) + endpoint.query;
}

std::string models_url(const Endpoint& endpoint) {
  return without_deployment(endpoint) + std::string(kModelsPath) + endpoint.query;
}

}  // namespace cartpilot::openai
