// A pretend CartPilot for the offline shopper's tests, and a conversation that drives the provider
// against it the way the program does. Answers are constructed from CartPilot's published contract.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "offline/provider.h"

namespace cartpilot::offline {

/// What most conversations here begin with.
inline constexpr const char* kWish = "I need wireless headphones under $100";

/// Answers function calls. Tests replace single answers.
class FakeShop {
 public:
  using Answer = std::function<ToolOutcome(const Json& arguments)>;

  FakeShop();

  ToolOutcome call(const std::string& name, const Json& arguments);

  /// From now on `name` answers so.
  void answer(const std::string& name, Answer answer) { answers_[name] = std::move(answer); }
  void answer(const std::string& name, ToolOutcome outcome) {
    answers_[name] = [outcome](const Json&) { return outcome; };
  }
  /// The next call of `name` answers so, later ones as before.
  void answer_once(const std::string& name, ToolOutcome outcome) {
    once_[name].push_back(std::move(outcome));
  }

  /// Changes what the merchant asks for one piece from now on.
  void set_unit_price(std::int64_t cents) { unit_price_ = cents; }

  /// "name {arguments}" of every call so far.
  std::vector<std::string> log;

 private:
  Json checkout(const std::string& status) const;

  std::map<std::string, Answer> answers_;
  std::map<std::string, std::vector<ToolOutcome>> once_;
  std::int64_t unit_price_ = 7999;
  std::int64_t quoted_price_ = 7999;
  std::int64_t quantity_ = 1;
  std::string status_ = "created";
};

std::vector<ToolSpec> shop_functions();

/// What the person saw and what was called in one turn.
struct Turn {
  std::string text;
  std::vector<std::string> calls;               ///< function names in order
  std::vector<std::vector<std::string>> steps;  ///< the calls of each assistant message
};

class Conversation {
 public:
  explicit Conversation(FakeShop& shop) : shop_(shop) {
    request.stream = true;
    request.tools = shop_functions();
  }
  Turn say(const std::string& text);

  GenerateRequest request;
  OfflineProvider provider{ProviderConfig{}};

 private:
  FakeShop& shop_;
};

}  // namespace cartpilot::offline
