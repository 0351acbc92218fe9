// ApprovalQuestion: one purchase that a person is asked about, as a thing of its own.
//
// A question lives in the state database while it is open, so that it can be answered on any
// surface a person has: the terminal of the conversation, `cartpilot approve` on another one, an
// embedding program. It has one answer. To say yes the person types the total and a code that is
// drawn for this question alone and shown below the whole receipt: nothing that was typed or
// pasted earlier can hold it. Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"
#include "commerce/money.h"
#include "commerce/receipt.h"

namespace cartpilot::purchase {

enum class QuestionState {
  kOpen,
  kApproved,
  kDeclined,
  kExpired,  ///< nobody answered in time
  kVoid      ///< the program that asked is gone, or asks no longer
};

const char* question_state_name(QuestionState state);

/// One field of a receipt as a person sees it. Shown on a row of its own, never cut.
struct ReceiptField {
  std::string label;  ///< "Merchant", "Item", "TOTAL"
  std::string value;  ///< as it came; surfaces make it safe for themselves

  friend bool operator==(const ReceiptField&, const ReceiptField&) = default;
};

/// The label of the field that tells until when the checkout is valid; shown in local time.
constexpr std::string_view kValidUntilLabel = "Valid until";

struct ApprovalQuestion {
  std::string id;       ///< 8 letters and digits
  std::string attempt;  ///< the purchase attempt, "" for a question that is none
  std::string session;  ///< the conversation that asks
  std::string title;    ///< what is asked: "PURCHASE APPROVAL"
  std::string subject;  ///< digest of the receipt, or of whatever else is agreed to
  std::vector<ReceiptField> fields;
  std::optional<commerce::Money> total;           ///< to be typed; nullopt: only the code is
  std::optional<commerce::Money> previous_total;  ///< agreed to before it changed
  std::vector<std::string> warnings;              ///< what a person must not overlook
  std::vector<std::string> notes;                 ///< what is good to know
  Json detail;     ///< for programs: merchant, items, amounts; see receipt_detail()
  int rounds = 1;  ///< answers needed: 2 when the same basket was bought within the hour
  std::int64_t created_unix_ms = 0;
  std::int64_t expires_unix_ms = 0;

  // What changes while it is open.
  QuestionState state = QuestionState::kOpen;
  int round = 1;          ///< the one that waits for its answer, from 1
  int wrong_answers = 0;  ///< in this round
  std::string challenge;  ///< the code of this round
  std::string owner;      ///< the process that asks, see StateDb::owner()
  std::string channel;    ///< where it was answered: "terminal", "approve", "embedder"
  std::string answered_by;
  std::int64_t answered_unix_ms = 0;
  std::string reason;  ///< of a no, for people
};

/// The longest field that is shown. Escaped for a terminal it must fit on three rows.
constexpr std::size_t kMaxFieldBytes = 200;
/// What a sandbox is called where a person agrees to something.
inline constexpr const char* kPlayMoney = "SANDBOX, no real money";
/// Lines of a receipt, and rows of any other question.
constexpr std::size_t kMaxQuestionFields = 400;

/// The receipt as fields, in the order they are shown.
std::vector<ReceiptField> receipt_fields(const commerce::Receipt& receipt,
                                         const std::optional<commerce::Money>& previous_total);

/// The receipt for programs: merchant_id, checkout_id, payment_method, items, subtotal, tax,
/// shipping, total, currency, expires_at, digest. Amounts are minor units.
Json receipt_detail(const commerce::Receipt& receipt);

/// Why the question must not be asked: a field is longer than kMaxFieldBytes, or there are too
/// many. nullopt when it can be shown whole.
std::optional<std::string> cannot_be_shown(const ApprovalQuestion& question);

/// A new code: four letters that are not mistaken for each other.
std::string draw_challenge();

/// What typed text is worth as an answer.
struct TypedAnswer {
  enum class Kind {
    kYes,   ///< total and code are right
    kNo,    ///< empty, or a word that means no
    kWrong  ///< anything else; `problem` says what is missing
  };
  Kind kind = Kind::kNo;
  std::string problem;
};

/// Why a question that is closed without a yes is a no, for the person and the model.
std::string reason_of_no(const ApprovalQuestion& question);

/// Judges one line. The total: digits with at most one "." or "," and exactly the currency's
/// decimals, the currency before it, behind it or absent. The code: its letters in any case. Total
/// and code stand in any order, apart by blanks.
TypedAnswer judge_answer(const ApprovalQuestion& question, std::string_view line);

/// The question as one JSON object, for the store and for programs. With `with_challenge` it holds
/// what is needed to answer it.
Json question_to_json(const ApprovalQuestion& question, bool with_challenge);

}  // namespace cartpilot::purchase
