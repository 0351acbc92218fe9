// A process with a state of its own, CartPilots on real ports, and models that do what the test
// says. For tests of the app module.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/session.h"
#include "gate_world.h"
#include "loopback_shop.h"
#include "unit/chat/scripted_provider.h"
#include "unit/purchase/temporary_folder.h"

namespace cartpilot::app {

using chat::calls;
using chat::fails;
using chat::says;
using Steps = std::vector<chat::ScriptedProvider::Step>;

/// The services of a process without plugins, and what it says.
struct Process {
  explicit Process(std::filesystem::path state) : services(settings_of(std::move(state))) {}
  AppSettings settings_of(std::filesystem::path state) {
    AppSettings settings;
    settings.state_directory = std::move(state);
    settings.plugins.enabled = false;
    settings.command = "test";
    settings.notice = [this](const std::string& sentence) { notices.push_back(sentence); };
    return settings;
  }

  std::vector<std::string> notices;
  AppServices services;
};

/// A model that is told when to stop.
class PatientModel final : public LLMProvider {
 public:
  using Answer = std::function<void(EventSink&, const CallContext&)>;
  explicit PatientModel(Answer answer) : answer_(std::move(answer)) {}

  ProviderInfo info() const override { return {"patient", "patient-1", ""}; }
  void generate(const GenerateRequest&, EventSink& sink, const CallContext& context) override {
    answer_(sink, context);
  }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

 private:
  const Answer answer_;
};

inline SessionSettings settings_at(const purchase::LoopbackShop& shop) {
  SessionSettings settings;
  settings.cartpilot = [url = shop.url()] {
    commerce::ClientOptions options;
    options.base_url = url;
    options.api_key = "test-key";
    options.read_retries.max_attempts = 1;
    return options;
  };
  settings.policy.mode = purchase::ApprovalMode::kAsk;
  return settings;
}

inline SessionSettings chat_at(const purchase::LoopbackShop& shop,
                               const std::string& provider = "scripted") {
  SessionSettings settings = settings_at(shop);
  settings.model.emplace().provider = provider;
  return settings;
}

inline std::unique_ptr<LLMProvider> scripted(Steps steps, const std::string& name = "scripted") {
  return std::make_unique<chat::ScriptedProvider>(std::move(steps), name);
}

/// A session with what it is seen on and asked at.
struct Talk {
  Talk(AppServices& services, SessionSettings settings, std::unique_ptr<LLMProvider> model)
      : session(services, std::move(settings), {purchases, person, &words}, CallContext(),
                std::move(model)) {}

  TurnReport say(const std::string& text) { return Turn(session, cancellation).say(text); }

  purchase::EventLog purchases;
  purchase::ScriptedPerson person;
  chat::Notebook words;
  Cancellation cancellation;
  ShoppingSession session;
};

/// Every call of a purchase, the first in a fresh shop.
inline std::vector<ToolCall> buying_calls(const std::string& product) {
  const Json items = Json::array({Json{{"product_id", product}, {"quantity", 1}}});
  const Json checkout = {{"checkout_id", "id-0001"}};
  return {chat::call_of("c1", "create_checkout", {{"offer_id", "offer-a"}, {"items", items}}),
          chat::call_of("c2", "quote_checkout", {{"checkout_id", "id-0001"}, {"items", items}}),
          chat::call_of("c3", "request_approval", checkout),
          chat::call_of("c4", "approve_checkout", checkout),
          chat::call_of("c5", "confirm_checkout", checkout)};
}

/// A model that buys, one call an answer, and says `last`.
inline Steps buying_steps(const std::string& product, const std::string& last = "Enjoy!") {
  Steps steps;
  for (const ToolCall& call : buying_calls(product)) steps.push_back(calls({call}));
  steps.push_back(says(last));
  return steps;
}

inline std::size_t orders_of(purchase::LoopbackShop& shop) {
  return shop.with_fake([](purchase::FakeCartPilot& fake) { return fake.orders().size(); });
}

}  // namespace cartpilot::app
