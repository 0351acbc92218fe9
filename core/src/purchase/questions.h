// Questions: the open questions of all programs of one person, in the state database.
//
// The one door to a yes. Whoever shows a question answers it here; the answer counts when the
// question is still open, its program still runs, its time is not over, and the code belongs to the
// round that was shown. Judging and writing are one transaction, so a question has one answer
// however many surfaces and processes try. The StateDb is borrowed; one Questions per thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "purchase/question.h"
#include "store/state_db.h"

namespace cartpilot::purchase {

/// What came of trying to answer.
struct AnswerResult {
  enum class Kind {
    kApproved,
    kDeclined,
    kAgain,    ///< right, and a further round is needed; `challenge` is its code
    kRetry,    ///< wrong; may be tried once more with the new `challenge`
    kTooLate,  ///< not open any more; `message` says why
    kStale     ///< another code was shown meanwhile; `challenge` is the one that counts
  };
  Kind kind = Kind::kTooLate;
  std::string challenge;
  std::string message;  ///< one sentence for the person; "" when there is nothing to say
};

/// Where and by whom an answer was given.
struct AnswerSource {
  std::string channel;  ///< "terminal", "approve", "embedder"
  std::string by;       ///< for people: "you", "pts/3"
};

class Questions {
 public:
  using UnixClock = std::function<std::int64_t()>;

  explicit Questions(store::StateDb& db, UnixClock now_unix_ms = {});

  /// Opens the question: gives it id, owner, code and time, and stores it. `lifetime_ms` counts
  /// from now. Throws Error{kInvalidArgument, reason "receipt"} when it cannot be shown whole, and
  /// Error{kUnavailable} when the database fails.
  void open(ApprovalQuestion& question, std::int64_t lifetime_ms);

  /// As it is now: an open one whose time is over or whose program is gone is not open any more.
  std::optional<ApprovalQuestion> find(const std::string& id);

  /// Open questions, oldest first. `prefix` limits them to ids that begin with it.
  std::vector<ApprovalQuestion> list_open(const std::string& prefix = "");

  /// Judges what was typed below the question that was shown with `challenge`.
  AnswerResult answer(const std::string& id, const std::string& challenge, std::string_view typed,
                      const AnswerSource& source);

  /// A no that needs no code. kTooLate when it was answered before.
  AnswerResult decline(const std::string& id, const AnswerSource& source,
                       const std::string& reason);

  /// The program asks no longer. An answer that was given before stays.
  void withdraw(const std::string& id, const std::string& reason);

  /// How many questions this process has opened in the last `span_ms`.
  std::size_t opened_lately(std::int64_t span_ms) const;

  std::int64_t now_unix_ms() const { return now_(); }

 private:
  std::optional<ApprovalQuestion> read(const std::string& id);
  ApprovalQuestion load(const std::string& id);
  void save(const ApprovalQuestion& question);
  void close_if_over(ApprovalQuestion& question);
  AnswerResult judged(ApprovalQuestion& question, const std::string& challenge,
                      std::string_view typed, const AnswerSource& source);

  store::StateDb& db_;
  UnixClock now_;
  std::map<std::string, Json> known_;  ///< while recorded: what this program last knew, by id
};

}  // namespace cartpilot::purchase
