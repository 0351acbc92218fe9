#include "openai/model_profile.h"

#include <array>
#include <cctype>

#include "cartpilot/vendor/text.h"

namespace cartpilot::openai {
namespace {

using vendor::contains;
using vendor::ends_with;
using vendor::starts_with;

ServerProfile profile(Server server, std::string_view name, std::string_view title) {
  ServerProfile result;
  result.server = server;
  result.name = name;
  result.title = title;
  return result;
}

std::array<ServerProfile, 11> make_profiles() {
  ServerProfile openai = profile(Server::kOpenAi, "openai", "OpenAI");
  openai.openai_models = true;
  openai.named_tool_choice = true;
  openai.completion_limit = true;
  openai.stream_options = true;
  openai.strict = true;

  ServerProfile azure = openai;
  azure.server = Server::kAzure;
  azure.name = "azure";
  azure.title = "Azure OpenAI";

  // Ollama does not read max_completion_tokens and ignores tool_choice.
  ServerProfile ollama = profile(Server::kOllama, "ollama", "Ollama");
  ollama.stream_options = true;

  // llama.cpp treats a named tool_choice as "auto" without saying so.
  ServerProfile llama_cpp = profile(Server::kLlamaCpp, "llama.cpp", "llama.cpp");
  llama_cpp.stream_options = true;

  ServerProfile vllm = profile(Server::kVllm, "vllm", "vLLM");
  vllm.named_tool_choice = true;
  vllm.stream_options = true;

  ServerProfile lm_studio = profile(Server::kLmStudio, "lmstudio", "LM Studio");
  lm_studio.stream_options = true;

  ServerProfile openrouter = profile(Server::kOpenRouter, "openrouter", "OpenRouter");
  openrouter.named_tool_choice = true;
  openrouter.stream_options = true;
  openrouter.echo_reasoning_list = true;

  // Groq refuses every message member it does not know.
  ServerProfile groq = profile(Server::kGroq, "groq", "Groq");
  groq.named_tool_choice = true;
  groq.completion_limit = true;
  groq.stream_options = true;
  groq.echo_call_extras = false;

  ServerProfile deepseek = profile(Server::kDeepSeek, "deepseek", "DeepSeek");
  deepseek.named_tool_choice = true;
  deepseek.stream_options = true;
  deepseek.echo_reasoning = true;

  ServerProfile gemini = profile(Server::kGemini, "gemini", "Gemini's OpenAI endpoint");
  gemini.named_tool_choice = true;
  gemini.stream_options = true;

  return {openai,
          azure,
          ollama,
          llama_cpp,
          vllm,
          lm_studio,
          openrouter,
          groq,
          deepseek,
          gemini,
          profile(Server::kUnknown, "unknown", "")};
}

const std::array<ServerProfile, 11>& profiles() {
  static const std::array<ServerProfile, 11> kProfiles = make_profiles();
  return kProfiles;
}

bool digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]));
}

/// Reads digits from `at`, at most three (dates like -20260101 are no version).
int read_number(std::string_view text, std::size_t& at) {
  int value = 0;
  for (int digits = 0; digits < 3 && digit_at(text, at); ++digits)
    value = value * 10 + text[at++] - '0';
  return value;
}

ModelTraits gpt_traits(std::string_view name) {
  ModelTraits traits;
  traits.known = true;
  std::size_t at = 4;
  traits.major = read_number(name, at);
  if (at + 1 < name.size() && name[at] == '.' && digit_at(name, at + 1)) {
    traits.minor = read_number(name, ++at);
  }
  const std::string_view variant = name.substr(at);
  traits.reasoning = traits.major >= 5 && !contains(variant, "-chat");
  traits.responses_only = contains(variant, "-pro") || contains(variant, "-codex");
  if (!traits.reasoning) return traits;
  if (traits.major >= 6) {
    // Of the sixth generation only the first sol and luna take tools on Chat at effort none.
    const bool first = traits.major == 6 && traits.minor == 0;
    const bool small = starts_with(variant, "-sol") || starts_with(variant, "-luna");
    traits.chat_tools = first && small ? ChatTools::kOnlyWithoutReasoning : ChatTools::kNever;
  } else if (traits.minor >= 4) {
    traits.chat_tools = ChatTools::kOnlyWithoutReasoning;
  }
  return traits;
}

}  // namespace

const ServerProfile& server_profile(Server server) {
  for (const ServerProfile& candidate : profiles()) {
    if (candidate.server == server) return candidate;
  }
  return profiles().back();
}

std::optional<Server> server_by_name(std::string_view name) {
  for (const ServerProfile& candidate : profiles()) {
    if (candidate.name == name) return candidate.server;
  }
  return std::nullopt;
}

std::vector<std::string> server_names() {
  std::vector<std::string> names;
  for (const ServerProfile& candidate : profiles()) names.emplace_back(candidate.name);
  return names;
}

Server detect_server(const Endpoint& endpoint) {
  const std::string& host = endpoint.host;
  if (host == "api.openai.com" || ends_with(host, ".api.openai.com")) return Server::kOpenAi;
  if (ends_with(host, ".openai.azure.com") || ends_with(host, ".services.ai.azure.com")) {
    return Server::kAzure;
  }
  if (host == "openrouter.ai" || ends_with(host, ".openrouter.ai")) return Server::kOpenRouter;
  if (host == "api.groq.com") return Server::kGroq;
  if (host == "api.deepseek.com") return Server::kDeepSeek;
  if (host == "generativelanguage.googleapis.com") return Server::kGemini;
  switch (endpoint.port) {
    case 11434: return Server::kOllama;
    case 8080: return Server::kLlamaCpp;
    case 8000: return Server::kVllm;
    case 1234: return Server::kLmStudio;
    default: return Server::kUnknown;
  }
}

ModelTraits model_traits(std::string_view model) {
  // Fine-tuned models are "ft:<base>:<organisation>..."; gateways write "<vendor>/<model>".
  if (starts_with(model, "ft:")) model = model.substr(3, model.find(':', 3) - 3);
  if (starts_with(model, "openai/")) model.remove_prefix(7);
  ModelTraits traits;
  if (starts_with(model, "gpt-") && digit_at(model, 4)) {
    traits = gpt_traits(model);
  } else if (!model.empty() && model.front() == 'o' && digit_at(model, 1)) {
    traits.known = true;
    traits.reasoning = true;
    traits.parallel_calls_field = false;
    traits.responses_only = contains(model, "-pro");
  } else if (starts_with(model, "chatgpt-")) {
    traits.known = true;
  }
  if (contains(model, "deep-research") || starts_with(model, "computer-use")) {
    traits.known = true;
    traits.responses_only = true;
  }
  if (traits.responses_only) traits.chat_tools = ChatTools::kNever;
  return traits;
}

Api choose_api(const Endpoint& endpoint, Server server, std::string_view model,
               std::optional<Api> wanted) {
  if (wanted) return *wanted;
  if (endpoint.pasted) return *endpoint.pasted;
  if (!endpoint.deployment.empty()) return Api::kChat;
  if (!server_profile(server).openai_models) return Api::kChat;
  const ModelTraits traits = model_traits(model);
  // A name nobody knows yet is a newer model, and newer models call tools on Responses.
  const bool responses = traits.reasoning || traits.responses_only || !traits.known;
  return responses ? Api::kResponses : Api::kChat;
}

std::string default_model(const Endpoint& endpoint, Server server) {
  if (!endpoint.deployment.empty()) return endpoint.deployment;
  return server == Server::kOpenAi ? "gpt-6.1-terra" : "";
}

}  // namespace cartpilot::openai
