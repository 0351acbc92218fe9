// ConfirmHandovers: confirms that one process leaves for another to carry out, in the state
// database.
//
// A handover is left after the send was recorded and is taken once, within seconds, while the
// record still says what it said: whoever sends the confirm holds the only right to. One that is
// revoked before it was taken was surely never sent. The StateDb is borrowed; one per thread.
#pragma once

#include <optional>
#include <string>

#include "purchase/journal.h"
#include "store/state_db.h"

namespace cartpilot::purchase {

class ConfirmHandovers {
 public:
  /// Both are borrowed. Times are the journal's.
  ConfirmHandovers(store::StateDb& db, const PurchaseJournal& journal);

  /// Durable when it returns. The token is what it is taken with.
  std::string leave(const Attempt& attempt);

  /// The attempt as recorded; nullopt when there is no such handover, when it is older than 10 s,
  /// or when the record went on without it. Durable.
  std::optional<Attempt> take(const std::string& attempt, const std::string& token);

  /// True when nobody has taken it, and nobody can any more. Durable.
  bool revoke(const std::string& attempt);

 private:
  bool remove(const std::string& attempt, const std::string& token);

  store::StateDb& db_;
  const PurchaseJournal& journal_;
};

}  // namespace cartpilot::purchase
