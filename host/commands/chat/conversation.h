// Conversation: a shopping session on the command line: its view, and the words the person types.
//
// Knows the slash commands and the exit code of a conversation: that of its last purchase attempt
// if there was one, else that of its first failed turn, else 0. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/session.h"
#include "commands/chat/typed_line.h"
#include "commands/services.h"
#include "terminal/conversation_view.h"

namespace cartpilot::host {

class Conversation {
 public:
  /// Opens or continues the session the flags ask for. Throws Error when provider, CartPilot or
  /// session cannot be had.
  Conversation(CommandServices& services, ConversationView& view);

  /// One line of the person: a message or a slash command. False after /quit.
  bool say(const std::string& line);

  /// Says why a line was not passed on; counts as a failed turn, but not on a terminal.
  void refuse(const std::string& why);

  const commerce::CartPilotIdentity& cartpilot() const { return session_.cartpilot(); }

  int exit_code() const;
  const app::ShoppingSession& session() const { return session_; }
  /// Of a conversation that is ended by a signal: what became of a purchase of the last turn must
  /// not hide behind 130.
  int interrupted_exit_code() const;
  /// True when the last line was not passed on and may be mended.
  bool refused() const { return refused_; }
  /// True when the last turn was ended by Ctrl-C.
  bool cancelled() const { return cancelled_; }

 private:
  void turn(const std::string& text);
  bool run(const TypedLine& line);
  void switch_to(const std::string& name, const std::string& model);
  void fail(int code);

  ConversationView& view_;
  const std::unique_ptr<purchase::Approver> approver_;
  app::ShoppingSession session_;
  int turns_ = 0;
  bool cancelled_ = false;
  bool refused_ = false;
  std::optional<int> first_failure_;
};

}  // namespace cartpilot::host
