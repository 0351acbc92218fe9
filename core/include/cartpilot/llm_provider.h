// LLMProvider: one model vendor, behind one interface.
//
// A provider turns neutral requests into its vendor's format and the vendor's answers into stream
// events. It stores no conversation: every request holds all of it. The host owns a provider and
// calls it from one thread at a time; several objects may work at once. A provider whose vendor is
// reached by HTTP derives from HttpProvider (http_provider.h); one with an engine of its own
// derives from this class directly. All other types of this file are plain values.
#pragma once

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

/// What the model is asked.
struct GenerateRequest {
  std::string model;                 ///< "" = the provider's default_model
  std::string system;                ///< instructions before the conversation, "" = none
  std::vector<Message> messages;     ///< the whole conversation, oldest first
  std::vector<ToolSpec> tools;       ///< also those of earlier calls in `messages`
  std::string tool_choice = "auto";  ///< "auto", "none", "required" or the name of one tool
  std::optional<std::int64_t> max_output_tokens;  ///< absent = the vendor's default
  std::optional<double> temperature;              ///< absent = the vendor's default
  bool stream = true;                             ///< false = the vendor sends one whole answer
};

struct ProviderInfo {
  std::string name;           ///< "gemini"
  std::string default_model;  ///< used when the request names none
  std::string notice;         ///< one line the person must see before the first answer; "" = none
};

struct ModelInfo {
  std::string id;
  std::string description;
};

/// Everything a provider or tool set is given when it is created.
struct ProviderConfig {
  /// Of the variables the plugin declared, those that are set.
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> options;  ///< --provider-option KEY=VALUE
  /// Not null when the host made the object, which it outlives.
  HttpTransport* transport = nullptr;

  /// The variable `name`, "" when it is not set.
  std::string env(const std::string& name) const {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  }
};

class LLMProvider {
 public:
  virtual ~LLMProvider() = default;

  /// The same every time. Works without a key and without a network.
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
