// Conversation: a chat session with its provider, shop, store and view, and the words the person
// types into it.
//
// Knows the slash commands and the exit code of a conversation: that of its last purchase attempt
// if there was one, else that of its first failed turn, else 0. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/session.h"
#include "commands/app_services.h"
#include "store/session_lock.h"
#include "terminal/conversation_view.h"

namespace cartpilot::host {

class Conversation final : private chat::MessageLog {
 public:
  /// Opens or continues the session the flags ask for. Throws Error when provider, CartPilot or
  /// session cannot be had.
  Conversation(AppServices& services, ConversationView& view);
  ~Conversation() override;

  /// One line of the person: a message or a slash command. False after /quit.
  bool say(const std::string& line);

  /// Says why a line was not passed on; counts as a failed turn.
  void refuse(const std::string& why);

  int exit_code() const;
  const purchase::PurchaseGate& gate() const { return *shop_.gate; }
  /// Of a conversation that is ended by a signal: what became of a purchase of the last turn must
  /// not hide behind 130.
  int interrupted_exit_code() const;
  /// True when the last turn was ended by Ctrl-C.
  bool cancelled() const { return cancelled_; }

 private:
  class ShopWatch;

  void append(const Message& message) override;
  void turn(const std::string& text);
  bool slash(const std::string& line);
  void switch_to(const std::string& name, const std::string& model);
  void fail(int code);
  bool open_session();

  AppServices& services_;
  ConversationView& view_;
  std::string session_id_;
  std::optional<store::SessionLock> lock_;
  std::string provider_name_;
  std::unique_ptr<LLMProvider> provider_;
  std::unique_ptr<ShopWatch> watch_;
  AppServices::Shop shop_;
  std::unique_ptr<chat::ChatSession> session_;
  int turns_ = 0;
  bool cancelled_ = false;
  std::optional<int> first_failure_;
};

}  // namespace cartpilot::host
