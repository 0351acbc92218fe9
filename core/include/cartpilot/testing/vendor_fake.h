// VendorFake: a pretend vendor in its own format, and the conversations that are held with it.
//
// The author of a provider writes one VendorFake: it reads the plugin's requests and writes the
// answers of a model that it is given. `provider_suite.h` makes the conversations tests. A fake
// lives as long as one conversation. One thread. Link CartPilot::Testing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/testing/fake_http.h"
#include "cartpilot/testing/plugin_check.h"

namespace cartpilot::testing {

/// What a model was shown so far.
struct ModelView {
  std::vector<std::string> user_texts;
  /// All results of functions so far: the function's name, its JSON.
  std::vector<std::pair<std::string, Json>> results;
  bool last_is_result = false;  ///< the newest content is results, not words of the person
};

/// What it says next: text, or calls of functions, or both.
struct ModelStep {
  std::string text;
  std::vector<std::pair<std::string, Json>> calls;  ///< the function's name, its arguments
};

using Model = std::function<ModelStep(const ModelView&)>;

/// A pretend vendor in its own format.
class VendorFake {
 public:
  virtual ~VendorFake() = default;

  /// What the plugin is made with: a key in its variable, an address, options.
  virtual ProviderConfig config() const = 0;
  /// The model that is asked for; "" = the plugin's default.
  virtual std::string model() const { return ""; }

  /// Reads the conversation out of `request`, asks `model` what it says, and writes that as the
  /// vendor would: as events when the request asks for a stream. A request that the vendor would
  /// refuse is answered with its refusal. Look-ups (GET) come here, too.
  virtual FakeReply answer(const HttpRequest& request, const Model& model) = 0;

  /// How the vendor refuses with this status: 401; 429 with a wait of 7 seconds; 503.
  virtual FakeReply refusal(int status) const = 0;

  /// Rules that requests broke and the vendor would not have told.
  virtual std::vector<std::string> violations() const { return {}; }
};

using VendorFakeMaker = std::function<std::unique_ptr<VendorFake>()>;

/// The conversations of the suite: stable ids, and what a good plugin does.
std::vector<CheckInfo> list_provider_conversations();

/// Holds one of them. A crash of the plugin is a crash of the caller. Throws
/// Error{kInvalidArgument} for an unknown id.
CheckResult hold_provider_conversation(const std::string& id, const std::string& plugin_file,
                                       const VendorFakeMaker& make_fake);

}  // namespace cartpilot::testing
