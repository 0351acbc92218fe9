// What is known in advance about servers and models.
//
// Server profiles say how a server differs from OpenAI's own; model traits are read off the model's
// name by generation ("gpt-<major>.<minor>-<variant>"), never from a list of allowed names. Both
// are only first guesses: what a server refuses is learned while it runs (see openai_provider.h).
// Values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openai/endpoint.h"

namespace cartpilot::openai {

enum class Server {
  kOpenAi,
  kAzure,
  kOllama,
  kLlamaCpp,
  kVllm,
  kLmStudio,
  kOpenRouter,
  kGroq,
  kDeepSeek,
  kGemini,
  kUnknown,
};

struct ServerProfile {
  Server server = Server::kUnknown;
  std::string_view name;             ///< value of --provider-option server=
  std::string_view title;            ///< for people; "" = use the host name
  bool openai_models = false;        ///< parameter rules by model name apply
  bool named_tool_choice = false;    ///< "call this function" as an object is understood
  bool completion_limit = false;     ///< the limit is max_completion_tokens, else max_tokens
  bool stream_options = false;       ///< include_usage is understood
  bool strict = false;               ///< strict function schemas are worth sending
  bool echo_reasoning = false;       ///< reasoning_content must come back with tool calls
  bool echo_reasoning_list = false;  ///< reasoning_details must come back
  bool echo_call_extras = true;      ///< unknown members of a call come back (signatures)
};

const ServerProfile& server_profile(Server server);

/// By `--provider-option server=NAME`; nullopt for an unknown name.
std::optional<Server> server_by_name(std::string_view name);
std::vector<std::string> server_names();

/// By host name, and by the usual port for the local servers.
Server detect_server(const Endpoint& endpoint);

/// How a model takes function tools on Chat Completions.
enum class ChatTools {
  kYes,
  kOnlyWithoutReasoning,  ///< needs "reasoning_effort":"none", said explicitly
  kNever,                 ///< Responses only
};

struct ModelTraits {
  bool known = false;      ///< the name follows a pattern of OpenAI's
  bool reasoning = false;  ///< thinks first; refuses most sampling parameters
  bool responses_only = false;
  bool parallel_calls_field = true;  ///< accepts parallel_tool_calls on Chat Completions
  int major = 0;                     ///< generation of gpt-<major>.<minor>
  int minor = 0;
  ChatTools chat_tools = ChatTools::kYes;

  bool at_least(int wanted_major, int wanted_minor) const {
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
  }
};

ModelTraits model_traits(std::string_view model);

/// The API for this model on this server. `wanted` (an option) wins, then a pasted endpoint.
Api choose_api(const Endpoint& endpoint, Server server, std::string_view model,
               std::optional<Api> wanted);

/// Used when nobody names a model; "" where only the person can know.
std::string default_model(const Endpoint& endpoint, Server server);

}  // namespace cartpilot::openai
