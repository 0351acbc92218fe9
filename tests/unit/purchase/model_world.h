// ModelWorld: a GateWorld with a conversation in front of it, driven by a model of the worst kind.
//
// The model plays a script, or does whatever the texts it is shown tell it to do. Its calls go
// through the real chat session, loop guard and tool router to the real gate. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chat/session.h"
#include "gate_world.h"
#include "unit/chat/scripted_provider.h"

namespace cartpilot::purchase {

class ModelWorld : public GateWorld {
 public:
  explicit ModelWorld(PurchasePolicy given = parse_policy("ask", ""))
      : GateWorld(std::move(given)), router(*gate) {
    router.add(tools, "cartpilot", true);
  }

  /// One turn in which the model plays `steps`.
  chat::TurnResult turn(const std::string& user, std::vector<chat::ScriptedProvider::Step> steps) {
    provider = std::make_unique<chat::ScriptedProvider>(std::move(steps));
    return turn_with(*provider, user);
  }

  chat::TurnResult turn_with(LLMProvider& model, const std::string& user) {
    chat::ChatSession session(model, router, notebook, notebook, chat::ChatOptions{});
    return session.run_turn(user, context);
  }

  /// Results of the calls made so far, in order.
  std::vector<ToolResult> results() const {
    std::vector<ToolResult> found;
    for (const Message& message : notebook.messages) {
      for (const Part& part : message.parts) {
        if (const auto* result = std::get_if<ToolResult>(&part)) found.push_back(*result);
      }
    }
    return found;
  }

  chat::ToolRouter router;
  chat::Notebook notebook;
  std::unique_ptr<chat::ScriptedProvider> provider;
};

/// A step in which the model asks for one function.
inline chat::ScriptedProvider::Step asks_for(const std::string& function, Json arguments,
                                             const std::string& call_id = "c1") {
  return chat::calls({chat::call_of(call_id, function, std::move(arguments))});
}

inline Json checkout_argument(const std::string& id) { return Json{{"checkout_id", id}}; }

}  // namespace cartpilot::purchase
