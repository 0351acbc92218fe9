// Which server, which API, which rules: decided before anything is sent.
#include "openai/model_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"

namespace cartpilot::openai {
namespace {

std::string refused(const char* url) {
  try {
    parse_endpoint(url);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Endpoint, bases_are_read_however_they_are_written) {
  const auto chat = [](const char* url) { return api_url(parse_endpoint(url), Api::kChat); };
  EXPECT_EQ(chat("https://api.openai.com/v1"), "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(chat("https://api.openai.com/v1/"), "https://api.openai.com/v1/chat/completions");
  EXPECT_EQ(chat("HTTP://LocalHost:8080/v1//"), "http://localhost:8080/v1/chat/completions");
  EXPECT_EQ(chat("http://[::1]:9/v1"), "http://[::1]:9/v1/chat/completions");
  EXPECT_EQ(chat("https://x/v1/chat/completions"), "https://x/v1/chat/completions");
  EXPECT_EQ(chat("https://x/v1/responses/"), "https://x/v1/chat/completions");
  EXPECT_EQ(chat("https://x/v1?api-version=2"), "https://x/v1/chat/completions?api-version=2");
  EXPECT_EQ(chat("https://x/v1?"), "https://x/v1/chat/completions");
  EXPECT_EQ(chat("https://x"), "https://x/chat/completions");
  EXPECT_EQ(models_url(parse_endpoint("https://x/v1/models")), "https://x/v1/models");
  EXPECT_EQ(parse_endpoint("https://x/v1/chat/completions").pasted, Api::kChat);
  EXPECT_EQ(parse_endpoint("https://x/v1/responses").pasted, Api::kResponses);
  EXPECT_EQ(parse_endpoint("https://x/v1").pasted, std::nullopt);
}

TEST(Endpoint, azures_dated_form_puts_only_chat_below_the_deployment) {
  const Endpoint endpoint = parse_endpoint(
      "https://r.openai.azure.com/openai/deployments/my-gpt/chat/"
      "completions?api-version=2025-01-01");
  EXPECT_EQ(endpoint.deployment, "my-gpt");
  EXPECT_EQ(api_url(endpoint, Api::kChat),
            "https://r.openai.azure.com/openai/deployments/my-gpt/chat/"
            "completions?api-version=2025-01-01");
  EXPECT_EQ(api_url(endpoint, Api::kResponses),
            "https://r.openai.azure.com/openai/responses?api-version=2025-01-01");
  EXPECT_EQ(models_url(endpoint),
            "https://r.openai.azure.com/openai/models?api-version=2025-01-01");
  EXPECT_EQ(default_model(endpoint, Server::kAzure), "my-gpt");
}

TEST(Endpoint, what_is_no_base_url_is_refused_with_an_example) {
  EXPECT_EQ(refused("api.openai.com/v1"),
            "OPENAI_BASE_URL 'api.openai.com/v1' is not an http or https URL; it looks like "
            "https://api.openai.com/v1 or http://localhost:11434/v1");
  EXPECT_THAT(refused("http://10.0.0.1/v1"), ::testing::HasSubstr("plain http to another machine"));
}

TEST(ModelProfile, servers_are_known_by_host_or_port) {
  const std::vector<std::pair<const char*, Server>> table = {
      {"https://api.openai.com/v1", Server::kOpenAi},
      {"https://eu.api.openai.com/v1", Server::kOpenAi},
      {"https://api.openai.com.evil.example/v1", Server::kUnknown},
      {"https://r.openai.azure.com/openai/v1", Server::kAzure},
      {"https://r.services.ai.azure.com/openai/v1", Server::kAzure},
      {"https://openrouter.ai/api/v1", Server::kOpenRouter},
      {"https://api.groq.com/openai/v1", Server::kGroq},
      {"https://api.deepseek.com/v1", Server::kDeepSeek},
      {"https://generativelanguage.googleapis.com/v1beta/openai", Server::kGemini},
      {"http://localhost:11434/v1", Server::kOllama},
      {"http://127.0.0.1:8080/v1", Server::kLlamaCpp},
      {"http://localhost:8000/v1", Server::kVllm},
      {"http://localhost:1234/v1", Server::kLmStudio},
      {"http://localhost:4000/v1", Server::kUnknown},
      {"https://llm.example.com/v1", Server::kUnknown}};
  for (const auto& [url, server] : table) {
    EXPECT_EQ(detect_server(parse_endpoint(url)), server) << url;
  }
  for (const std::string& name : server_names()) {
    EXPECT_EQ(server_profile(server_by_name(name).value()).name, name);
  }
}

TEST(ModelProfile, models_are_read_by_generation) {
  const auto read = [](const char* model) {
    const ModelTraits t = model_traits(model);
    const char* tools = t.chat_tools == ChatTools::kYes     ? "chat"
                        : t.chat_tools == ChatTools::kNever ? "responses"
                                                            : "none-effort";
    return std::string(t.known ? "" : "unknown ") + (t.reasoning ? "thinks " : "") +
           (t.parallel_calls_field ? "" : "noparallel ") + tools;
  };
  const std::vector<std::pair<const char*, const char*>> table = {
      {"gpt-6-astra", "thinks responses"},
      {"gpt-6.2-sol", "thinks responses"},
      {"gpt-6.1-sol", "thinks responses"},
      {"gpt-6.1-terra", "thinks responses"},
      {"gpt-6-sol", "thinks none-effort"},
      {"gpt-6-luna", "thinks none-effort"},
      {"gpt-6-luna-2026-09-22", "thinks none-effort"},
      {"gpt-7", "thinks responses"},
      {"gpt-12.3-x", "thinks responses"},
      {"gpt-5.6", "thinks none-effort"},
      {"gpt-5.6-sol", "thinks none-effort"},
      {"gpt-5.4-mini", "thinks none-effort"},
      {"gpt-5.2", "thinks chat"},
      {"gpt-5", "thinks chat"},
      {"gpt-5-mini-2025-08-07", "thinks chat"},
      {"gpt-5-chat-latest", "chat"},
      {"gpt-5.3-codex", "thinks responses"},
      {"gpt-5.2-pro", "thinks responses"},
      {"o3", "thinks noparallel chat"},
      {"o4-mini", "thinks noparallel chat"},
      {"o3-pro", "thinks noparallel responses"},
      {"gpt-4.1-mini", "chat"},
      {"gpt-4o", "chat"},
      {"gpt-4o-mini", "chat"},
      {"gpt-3.5-turbo", "chat"},
      {"ft:gpt-4.1-mini:acme::id", "chat"},
      {"openai/gpt-5.6-luna", "thinks none-effort"},
      {"o3-deep-research", "thinks noparallel responses"},
      {"computer-use-preview", "responses"},
      {"llama3.1", "unknown chat"},
      {"gpt-oss-120b", "unknown chat"},
      {"", "unknown chat"},
      {"gpt-99999999999999999999", "thinks responses"}};
  for (const auto& [model, expected] : table) EXPECT_EQ(read(model), expected) << model;
}

TEST(ModelProfile, the_api_follows_server_and_model_unless_told) {
  const auto choose = [](const char* url, const char* model, std::optional<Api> wanted = {}) {
    const Endpoint endpoint = parse_endpoint(url);
    return api_name(choose_api(endpoint, detect_server(endpoint), model, wanted));
  };
  constexpr const char* kOpenAi = "https://api.openai.com/v1";
  EXPECT_STREQ(choose(kOpenAi, "gpt-6.1-terra"), "responses");
  EXPECT_STREQ(choose(kOpenAi, "gpt-5-mini"), "responses");
  EXPECT_STREQ(choose(kOpenAi, "gpt-4.1-mini"), "chat");
  EXPECT_STREQ(choose(kOpenAi, "a-model-of-next-year"), "responses");
  EXPECT_STREQ(choose(kOpenAi, "gpt-6.1-terra", Api::kChat), "chat");
  EXPECT_STREQ(choose("https://api.openai.com/v1/chat/completions", "gpt-6.1-terra"), "chat");
  EXPECT_STREQ(choose("https://r.openai.azure.com/openai/v1", "my-deployment"), "responses");
  EXPECT_STREQ(choose("https://r.openai.azure.com/openai/deployments/d?api-version=1", "d"),
               "chat");
  EXPECT_STREQ(choose("http://localhost:11434/v1", "gpt-6.1-terra"), "chat");
  EXPECT_STREQ(choose("https://llm.example.com/v1", "gpt-6.1-terra"), "chat");
  EXPECT_STREQ(choose("https://llm.example.com/v1", "x", Api::kResponses), "responses");
}

TEST(ModelProfile, only_openai_itself_has_a_default_model) {
  const auto model = [](const char* url) {
    const Endpoint endpoint = parse_endpoint(url);
    return default_model(endpoint, detect_server(endpoint));
  };
  EXPECT_EQ(model("https://api.openai.com/v1"), "gpt-6.1-terra");
  EXPECT_EQ(model("http://localhost:11434/v1"), "");
  EXPECT_EQ(model("https://r.openai.azure.com/openai/v1"), "");
}

}  // namespace
}  // namespace cartpilot::openai
