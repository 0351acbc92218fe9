// The part of PostgresConnection about who works on a conversation, and who runs.
#include <fmt/format.h>

#include "cartpilot/error.h"
#include "store/postgres_connection.h"
#include "store/process_owner.h"
#include "store/session_lock.h"

namespace cartpilot::store {
namespace {

[[noreturn]] void refuse_fenced(const std::string& message) {
  Error fenced(ErrorCode::kPermission, message);
  fenced.reason = "fenced";
  throw fenced;
}

}  // namespace

bool PostgresConnection::owner_is_alive(const std::string& owner) {
  if (owner.empty()) return false;
  if (is_process_here(owner) && !process_is_alive(owner)) return false;
  const auto select = prepared(
      "SELECT 1 FROM cartpilot.instances WHERE id = ? AND seen > clock_timestamp() - interval '30 "
      "seconds'");
  select->bind(1, owner);
  return select->step();
}

void PostgresConnection::act_for(const SessionLock& lock) {
  session_ = lock.session();
  epoch_ = lock.epoch();
}

/// The row stays locked until the transaction ends, so nobody takes the lease meanwhile.
void PostgresConnection::require_lease(const std::string& session) {
  const auto select = prepared(
      "SELECT owner, epoch, CASE WHEN until > clock_timestamp() THEN 1 ELSE 0 END FROM "
      "cartpilot.leases WHERE person = ? AND session = ? FOR UPDATE");
  select->bind_all(schema_.person, session);
  const bool found = select->step();
  const bool runs = found && select->integer(2) != 0;
  if (session != session_) {
    if (!runs) return;
    refuse_fenced(fmt::format(
        "the conversation {} is open in another cartpilot, which goes on with it", session));
  }
  if (runs && select->text(0) == owner() && select->integer(1) == epoch_) return;
  refuse_fenced(
      fmt::format("this program was stopped for a while, and another one may have gone on with the "
                  "conversation {}; open it again",
                  session));
}

}  // namespace cartpilot::store
