#include "openai/endpoint.h"

#include <cctype>

#include "cartpilot/error.h"
#include "openai/text_match.h"

namespace cartpilot::openai {
namespace {

constexpr std::string_view kChatPath = "/chat/completions";
constexpr std::string_view kResponsesPath = "/responses";
constexpr std::string_view kModelsPath = "/models";
constexpr std::string_view kDeployments = "/deployments/";

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument,
              "the base URL '" + std::string(text) + "' " + why +
                  "; it looks like https://api.openai.com/v1 or http://localhost:11434/v1");
}

bool strip_end(std::string& text, std::string_view end) {
  if (!ends_with(text, end)) return false;
  text.resize(text.size() - end.size());
  return true;
}

/// Azure's dated surface puts only Chat Completions below the deployment.
std::string without_deployment(const Endpoint& endpoint) {
  if (endpoint.deployment.empty()) return endpoint.base;
  return endpoint.base.substr(0, endpoint.base.rfind(kDeployments));
}

void read_authority(std::string_view authority, std::string_view text, Endpoint& endpoint) {
  if (authority.find('@') != std::string_view::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                "the base URL carries a user name or password; put the key into OPENAI_API_KEY");
  }
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) refuse(text, "has an unclosed IPv6 address");
    endpoint.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() == ':') port.remove_prefix(1);
  } else {
    const std::size_t colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  for (char& c : endpoint.host) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (endpoint.host.empty()) refuse(text, "names no host");
  for (const char c : port) {
    if (c < '0' || c > '9' || endpoint.port > 65535) refuse(text, "has an invalid port");
    endpoint.port = endpoint.port * 10 + (c - '0');
  }
  if (endpoint.port > 65535) refuse(text, "has an invalid port");
}

}  // namespace

bool Endpoint::loopback() const {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0 ||
         ends_with(host, ".localhost");
}

bool Endpoint::has_version() const {
  for (std::size_t at = base.find("/v"); at != std::string::npos; at = base.find("/v", at + 1)) {
    if (at + 2 < base.size() && std::isdigit(static_cast<unsigned char>(base[at + 2]))) return true;
  }
  return false;
}

Endpoint parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) refuse(text, "contains a blank");
  }
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) refuse(text, "is no absolute URL");
  endpoint.scheme = text.substr(0, mark);
  for (char& c : endpoint.scheme) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (endpoint.scheme != "https" && endpoint.scheme != "http") refuse(text, "is not http or https");

  std::string_view rest = text.substr(mark + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos && question + 1 < rest.size()) {
    endpoint.query = rest.substr(question);
  }
  rest = rest.substr(0, question);
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  read_authority(authority, text, endpoint);

  std::string path(slash == std::string_view::npos ? std::string_view() : rest.substr(slash));
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (strip_end(path, kChatPath)) {
    endpoint.pasted = Api::kChat;
  } else if (strip_end(path, kResponsesPath)) {
    endpoint.pasted = Api::kResponses;
  } else {
    strip_end(path, kModelsPath);
  }
  while (!path.empty() && path.back() == '/') path.pop_back();
  const std::size_t deployments = path.rfind(kDeployments);
  if (deployments != std::string::npos) {
    endpoint.deployment = path.substr(deployments + kDeployments.size());
    if (endpoint.deployment.find('/') != std::string::npos) endpoint.deployment.clear();
  }
  endpoint.base = endpoint.scheme + "://" + std::string(authority) + path;
  return endpoint;
}

std::string api_url(const Endpoint& endpoint, Api api) {
  if (api == Api::kChat) return endpoint.base + std::string(kChatPath) + endpoint.query;
  return without_deployment(endpoint) + std::string(kResponsesPath) + endpoint.query;
}

std::string models_url(const Endpoint& endpoint) {
  return without_deployment(endpoint) + std::string(kModelsPath) + endpoint.query;
}

}  // namespace cartpilot::openai
