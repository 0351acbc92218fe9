// ConversationView: how a conversation is shown. Three kinds: a terminal for people, plain text for
// pipes and files, JSONL for programs.
//
// A view hears the chat session (events, tool calls and results, retries) and the purchase gate.
// Borrowed by both; one thread.
#pragma once

#include <memory>
#include <string>

#include "chat/session.h"
#include "purchase/gate.h"

namespace cartpilot::host {

struct SessionHeader {
  std::string session_id;
  std::string provider;
  std::string model;
  std::string approve;
  std::string cartpilot;  ///< "sandbox", or the address
};

class ConversationView : public chat::ChatObserver, public purchase::PurchaseObserver {
 public:
  virtual void on_session(const SessionHeader& header) = 0;
  virtual void on_turn_begin(int turn, const std::string& user) = 0;
  virtual void on_turn_end(int turn, const chat::TurnResult& result) = 0;
  virtual void on_error(const Error& error) = 0;
  /// Something to know that is no part of the answer.
  virtual void on_notice(const std::string& message) = 0;
};

// A purchase that standard output cannot tell of is told on standard error, by all.

/// A terminal: Markdown rendered and wrapped at words as it streams, calls as sentences, offers and
/// checkouts as tables and cards, a status line while waiting. `verbose`: functions and arguments
/// as they were called, too.
std::unique_ptr<ConversationView> make_screen_view(bool verbose);

/// Text: the answer on stdout as it streams, everything else on stderr; the program's own purchase
/// lines on stdout.
std::unique_ptr<ConversationView> make_text_view();

/// One JSON object per line on stdout.
std::unique_ptr<ConversationView> make_jsonl_view();

}  // namespace cartpilot::host
