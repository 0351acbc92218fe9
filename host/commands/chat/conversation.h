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

  /// What the word at the end of a begun line may be, see slash_completions().
  std::vector<std::string> completions(const std::string& begun);

  /// One line of the person: a message or a slash command. False after /quit.
  bool say(const std::string& line);

  /// Says why a line was not passed on; counts as a failed turn, but not on a terminal.
  void refuse(const std::string& why);

  /// The last message and its answer, of a conversation that goes on.
  void show_last_exchange();

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
  /// The commands that tell of something.
  bool show(const std::string& command, const std::string& word);
  void show_cost();
  void show_status();
  void show_purchases();
  void show_sessions(const std::string& id);
  void export_to(const std::string& file);
  void retry();
  void edit();
  void switch_to(const std::string& name, const std::string& model);
  void fail(int code);

  CommandServices& services_;
  ConversationView& view_;
  const std::unique_ptr<purchase::Approver> approver_;
  app::ShoppingSession session_;
  int turns_ = 0;
  std::string last_message_;  ///< of the person, in this run
  bool cancelled_ = false;
  bool refused_ = false;
  std::optional<int> first_failure_;
};

}  // namespace cartpilot::host
