// LLMProvider: one model vendor, behind one interface.
//
// A provider turns neutral requests into its vendor's format and the vendor's answers into stream
// events. It keeps no conversation: everything it needs is in the request. The host owns it and
// calls it from one thread at a time
// ("instance-serial"); several instances may run at once. Most vendors should derive from
// HttpProvider (http_provider.h), which leaves only translation to write; a provider with an engine
// of its own derives from this class directly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"
#include "cartpilot/message.h"
#include "cartpilot/stream_event.h"
#include "cartpilot/tool.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// What the model is asked. Tools must stay declared while the history holds calls.
struct GenerateRequest {
  std::string model;   ///< "" = the provider's default_model
  std::string system;  ///< "" = none
  std::vector<Message> messages;
  std::vector<ToolSpec> tools;
  std::string tool_choice = "auto";  ///< "auto", "none", "required" or the name of one tool
  std::optional<std::int64_t> max_output_tokens;
  std::optional<double> temperature;
  bool stream = true;

  /// Which conversation this is, so that a provider may keep what it made of its beginning; 0 =
  /// nobody knows. Within one conversation and provider object, the first `unchanged_messages`
  /// messages are the same as in the last generate(). Both may be ignored; neither is sent on.
  std::uint64_t conversation = 0;
  std::size_t unchanged_messages = 0;
  /// The first so many messages are only outlines (reduce_to_outline()), because the provider said
  /// with kept_messages() that it needs no more of them. 0 for a provider that never says so.
  std::size_t outlined_messages = 0;
};

/// What generate() throws when it needs all of messages that are outlined. Nothing was sent; the
/// caller repeats the request with everything in it.
inline Error history_needed() {
  Error error(ErrorCode::kNotFound, "the beginning of this conversation is not known here");
  error.reason = "history";
  return error;
}
inline bool is_history_needed(const Error& error) {
  return error.code == ErrorCode::kNotFound && error.reason == "history";
}

struct ProviderInfo {
  std::string name;           ///< "gemini"
  std::string default_model;  ///< used when the request names none
  std::string notice;         ///< one line the person must see before the first answer; "" = none
};

struct ModelInfo {
  std::string id;
  std::string description;
};

/// Everything a provider is given when it is created. Values only; the transport outlives the
/// provider.
struct ProviderConfig {
  std::map<std::string, std::string>
      environment;  ///< only the variables the plugin declared, only those set
  std::map<std::string, std::string> options;  ///< --provider-option KEY=VALUE
  HttpTransport* transport = nullptr;          ///< never null for a provider made by the host

  std::string env(const std::string& name) const {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  }
};

class LLMProvider {
 public:
  virtual ~LLMProvider() = default;

  virtual ProviderInfo info() const = 0;

  /// Throws Error{kUnauthenticated} naming the variable when a key is missing. Called before the
  /// first generate(); the function-format methods below work without it.
  virtual void check() const {}

  /// Models the vendor offers, in the vendor's order. Throws Error{kUnsupported} when it has no
  /// list.
  virtual std::vector<ModelInfo> models(const CallContext& context) {
    (void)context;
    throw Error(ErrorCode::kUnsupported, "this provider has no list of models");
  }

  /// Answers `request` as events on `sink` (calling thread, during the call), Finish last.
  /// Throws Error when there is no complete answer; what was emitted before that must not be acted
  /// upon.
  virtual void generate(const GenerateRequest& request, EventSink& sink,
                        const CallContext& context) = 0;

  /// How many leading messages of the last generate()'s conversation the next one may get as
  /// outlines. Whoever holds the messages may then let go of the rest of them.
  virtual std::size_t kept_messages() const { return 0; }

  /// The JSON array a user of the vendor's SDK passes as its functions.
  virtual Json function_declarations(const std::vector<ToolSpec>& tools) const = 0;

  /// Reads one vendor-native function call, or a whole assistant message holding several.
  /// Throws Error{kInvalidArgument} when `message` is neither, naming the form that is expected.
  virtual std::vector<ToolCall> parse_function_calls(const Json& message) const = 0;

  /// The vendor-native answer to the calls of one parse_function_calls(), in their order and in the
  /// matching form (one call -> one response object; a message -> what follows that message in the
  /// vendor's history).
  virtual Json function_responses(const std::vector<ToolResult>& results) const = 0;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
