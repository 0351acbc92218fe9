// Person: what one person has in `serve`: conversations, questions and the record of purchases, in
// a state of their own.
//
// Nothing in here knows of another person. Everything a page asks for passes through one of these
// functions. Services are borrowed. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/services.h"
#include "app/session.h"
#include "page/question_answers.h"
#include "purchase/journal.h"
#include "purchase/questions.h"
#include "serve/live_conversation.h"
#include "serve/token_bucket.h"
#include "store/sessions.h"

namespace cartpilot::host {

/// Turns of one person that run at once.
constexpr std::size_t kMaxTurnsOfPerson = 4;
/// Answers of one person that are streamed or waited for at once: pages, programs.
constexpr int kMaxStreamsOfPerson = 64;
/// Conversations of one person that this process keeps events of.
constexpr std::size_t kMaxLiveOfPerson = 200;

class Person {
 public:
  /// The address of another process that has a conversation; nullopt where none has.
  using OtherOwner = std::function<std::optional<std::string>(const std::string& conversation)>;

  /// `settings`: of the conversations, with the state of this person. `other_owner` may be null:
  /// nobody else has them.
  Person(app::AppServices& services, std::string name, app::SessionSettings settings,
         OtherOwner other_owner = nullptr);
  ~Person();
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  const std::string& name() const { return name_; }
  /// A secret that every process which shares the state knows; pages send it back.
  const std::string& page_key() const { return page_key_; }

  /// Newest first, those that hold `search` in their title.
  Json conversations(const std::string& search);
  /// The id of a new conversation. It is stored, so that every process that shares the state knows
  /// it, and listed from its first message on.
  std::string begin_conversation();
  /// Throws Error{kNotFound, reason "no_conversation"}, as do the functions below.
  Json conversation(const std::string& id);
  /// The highest number that stands behind this beginning of an id; 0 = none does.
  std::size_t highest_number(const std::string& beginning);
  void rename(const std::string& id, const std::string& title);
  /// Throws Error{kUnavailable, reason "turn_running"} while it talks.
  void remove(const std::string& id);
  std::string transcript(const std::string& id, bool json);
  /// Messages and the event from which on they are to be continued.
  std::pair<Json, std::int64_t> snapshot(LiveConversation& live);

  /// The conversation as this process has it. With `may_begin`, an id of somebody else's choice
  /// begins one. Throws OwnedElsewhere.
  std::shared_ptr<LiveConversation> live(const std::string& id, bool may_begin = false);
  /// Begins a turn; see LiveConversation::say(). Throws Error{kUnavailable} with reason
  /// "turn_running", or "too_many" when this person's other conversations are busy.
  std::string say(LiveConversation& live, const std::string& text, const std::string& run_id = "");

  // Questions; see QuestionAnswers.
  Json question();
  QuestionAnswers::Reply question_code(const std::string& token);
  QuestionAnswers::Reply question_answer(const std::string& token, const std::string& typed);
  QuestionAnswers::Reply question_decline(const std::string& token);

  /// Another process has taken the conversation: who watches it here is sent there.
  void moved_away(const std::string& id);
  /// Conversations whose events are kept here.
  std::vector<std::string> live_ids();

  /// One of the answers of this person that are streamed or waited for.
  class StreamPlace {
   public:
    /// Throws Error{kUnavailable, reason "too_many"} when there are kMaxStreamsOfPerson.
    explicit StreamPlace(Person& person);
    ~StreamPlace();
    StreamPlace(const StreamPlace&) = delete;
    StreamPlace& operator=(const StreamPlace&) = delete;

   private:
    Person& person_;
  };

  /// False when requests come too fast.
  bool may_ask();

  /// Closes sessions that were not used for `idle`, and forgets conversations nobody looks at.
  void rest(std::chrono::seconds idle);
  std::size_t running_turns();
  /// Stops all turns, for good; they end by themselves. See LiveConversation.
  void stop_all();
  void abandon_all();

 private:
  struct Reading {
    LiveConversation::Position position;
    std::vector<Message> messages{};
    std::vector<purchase::Attempt> purchases{};
  };
  Reading read(LiveConversation& live);
  std::shared_ptr<LiveConversation> find_live(const std::string& id);
  store::SessionSummary stored(const std::string& id);
  std::vector<purchase::Attempt> purchases_of(const std::string& id);

  app::AppServices& services_;
  const std::string name_;
  const app::SessionSettings settings_;
  const OtherOwner other_owner_;
  std::mutex state_mutex_;  ///< of the database and what works on it
  const std::unique_ptr<store::StateDb> state_;
  store::SessionStore sessions_;
  purchase::PurchaseJournal journal_;
  purchase::Questions questions_;
  std::string page_key_;
  std::unique_ptr<QuestionAnswers> answers_;
  std::mutex live_mutex_;  ///< of what is below; never taken before the other
  std::map<std::string, std::shared_ptr<LiveConversation>> live_;
  bool ending_ = false;
  TokenBucket requests_;
  std::atomic<int> streams_{0};
};

}  // namespace cartpilot::host
