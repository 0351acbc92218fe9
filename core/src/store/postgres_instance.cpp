#include "store/postgres_instance.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <pqxx/pqxx>

#include "base/outside.h"
#include "cartpilot/error.h"
#include "store/announcements.h"
#include "store/postgres_error.h"
#include "store/postgres_link.h"
#include "store/postgres_listener.h"
#include "store/process_owner.h"

namespace cartpilot::store {
namespace {

constexpr auto kRenewal = std::chrono::seconds(10);
/// While the database cannot be reached.
constexpr auto kNextTry = std::chrono::seconds(1);

constexpr const char* kSeen =
    "INSERT INTO cartpilot.instances (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen = "
    "clock_timestamp()";
constexpr const char* kRenew =
    "UPDATE cartpilot.leases SET until = clock_timestamp() + interval '30 seconds' WHERE owner = "
    "$1 AND until > clock_timestamp()";
constexpr const char* kForget =
    "DELETE FROM cartpilot.instances WHERE seen < clock_timestamp() - interval '1 day'";
/// The owner $4 is one that surely runs no more, or "".
constexpr const char* kTake =
    "INSERT INTO cartpilot.leases (person, session, owner, epoch, until, command) VALUES ($1, $2, "
    "$3, 1, clock_timestamp() + interval '30 seconds', $5) ON CONFLICT (person, session) DO UPDATE "
    "SET owner = excluded.owner, epoch = leases.epoch + 1, until = clock_timestamp() + interval "
    "'30 seconds', taken = clock_timestamp(), command = excluded.command WHERE leases.until <= "
    "clock_timestamp() OR (leases.owner = $4 AND $4 <> '') RETURNING epoch";
constexpr const char* kHolder =
    "SELECT owner, command, to_char(taken AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || 'Z' FROM "
    "cartpilot.leases WHERE person = $1 AND session = $2";
constexpr const char* kOtherHolder =
    "SELECT l.owner, i.address FROM cartpilot.leases l JOIN cartpilot.instances i ON i.id = "
    "l.owner "
    "WHERE l.person = $1 AND l.session = $2 AND l.owner <> $3 AND l.until > clock_timestamp()";
constexpr const char* kHeldByOthers =
    "SELECT person, session FROM cartpilot.leases WHERE owner <> $1 AND owner <> '' AND until > "
    "clock_timestamp()";
constexpr const char* kRelease =
    "UPDATE cartpilot.leases SET owner = '', until = clock_timestamp() WHERE person = $1 AND "
    "session = $2 AND owner = $3 AND epoch = $4";

/// Letters and blanks only: it comes from another process.
std::string plain(const std::string& command) {
  std::string text;
  for (const char c : command) {
    if ((c >= 'a' && c <= 'z') || c == ' ') text += c;
  }
  return text;
}

[[noreturn]] void refuse_taken(const std::string& session, const pqxx::result& holder) {
  const std::string by =
      holder.empty() ? ""
                     : fmt::format(" (cartpilot {}, since {})", plain(holder.at(0).at(1).c_str()),
                                   holder.at(0).at(2).c_str());
  Error open_elsewhere(ErrorCode::kUnavailable,
                       fmt::format("the conversation {} is open in another cartpilot{}; end that "
                                   "one first, or use another conversation",
                                   session, by));
  open_elsewhere.reason = "session_open";
  throw open_elsewhere;
}

/// On a connection of the pool; one more try where an idle one was found broken. Every statement is
/// one that may run twice.
void with_link(PostgresPool& pool, const std::function<void(pqxx::nontransaction&)>& work) {
  for (const bool fresh : {false, true}) {
    PostgresPool::Taken link = fresh ? pool.take_fresh() : pool.take();
    try {
      pqxx::nontransaction statements(link->connection());
      work(statements);
      return;
    } catch (const pqxx::pqxx_exception& error) {
      if (!link->broken() || fresh) {
        refuse_database_for(pool.address().text, error.base(), link->broken());
      }
    }
  }
}

}  // namespace

PostgresInstance::PostgresInstance(PostgresPool& pool) : pool_(pool) {}

PostgresInstance::~PostgresInstance() {
  if (process_ != ::getpid()) {
    // Of the process that this one was forked from.
    static_cast<void>(thread_.release());
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_->join();
  try {
    with_link(pool_, [&](pqxx::nontransaction& statements) {
      statements.exec_params(
          "UPDATE cartpilot.leases SET owner = '', until = clock_timestamp() WHERE owner = $1",
          id_);
      statements.exec_params("DELETE FROM cartpilot.instances WHERE id = $1", id_);
    });
  } catch (const std::exception&) {  // NOLINT: the leases lapse, and it is not seen any more
  }
}

std::string PostgresInstance::id() {
  const std::lock_guard lock(mutex_);
  begin();
  return id_;
}

/// With the mutex held.
void PostgresInstance::begin() {
  if (process_ == ::getpid()) return;
  std::string id;
  {
    const base::Unrecorded once_per_process;
    id = shared_process_owner();
  }
  with_link(pool_, [&](pqxx::nontransaction& statements) {
    statements.exec_params(kSeen, id);
    statements.exec(kForget);
  });
  static_cast<void>(thread_.release());  // of the process that this one was forked from
  stop_ = false;
  id_ = id;
  process_ = ::getpid();
  thread_ = std::make_unique<std::thread>([this] { renew_until_stopped(); });
}

void PostgresInstance::renew_until_stopped() {
  std::unique_lock lock(mutex_);
  auto pause = std::chrono::milliseconds(kRenewal);
  while (!wake_.wait_for(lock, pause, [&] { return stop_; })) {
    lock.unlock();
    try {
      renew();
      pause = kRenewal;
    } catch (const std::exception&) {
      pause = kNextTry;
    }
    lock.lock();
  }
}

/// On a connection of its own: all of the pool may be in use.
void PostgresInstance::renew() {
  PostgresLink link(pool_.address());
  pqxx::nontransaction statements(link.connection());
  statements.exec("SET statement_timeout = '5s'");
  statements.exec_params(kSeen, id_);
  statements.exec_params(kRenew, id_);
}

void PostgresInstance::set_address(const std::string& address) {
  const std::string own = id();
  with_link(pool_, [&](pqxx::nontransaction& statements) {
    statements.exec_params("UPDATE cartpilot.instances SET address = $2 WHERE id = $1", own,
                           address);
  });
}

std::optional<std::string> PostgresInstance::address_of_holder(const std::string& person,
                                                               const std::string& session) {
  const std::string own = id();
  std::optional<std::string> address;
  with_link(pool_, [&](pqxx::nontransaction& statements) {
    const pqxx::result found = statements.exec_params(kOtherHolder, person, session, own);
    if (found.empty()) return;
    const std::string owner = found.at(0).at(0).c_str();
    const std::string where = found.at(0).at(1).c_str();
    if (!where.empty() && !(is_process_here(owner) && !process_is_alive(owner))) address = where;
  });
  return address;
}

std::vector<PostgresInstance::Held> PostgresInstance::held_by_others() {
  const std::string own = id();
  std::vector<Held> held;
  with_link(pool_, [&](pqxx::nontransaction& statements) {
    held.clear();
    for (const auto& row : statements.exec_params(kHeldByOthers, own)) {
      held.push_back({row.at(0).c_str(), row.at(1).c_str()});
    }
  });
  return held;
}

void PostgresInstance::announce() noexcept {
  announce_here();
  try {
    with_link(pool_, [&](pqxx::nontransaction& statements) {
      statements.exec_params("SELECT pg_notify($1, '')", kAnnouncementChannel);
    });
  } catch (const std::exception&) {  // NOLINT: see the header
  }
}

std::int64_t PostgresInstance::take(const std::string& person, const std::string& session,
                                    const std::string& command) {
  const std::string own = id();
  std::int64_t epoch = 0;
  with_link(pool_, [&](pqxx::nontransaction& statements) {
    std::string gone;
    const auto holder = [&] { return statements.exec_params(kHolder, person, session); };
    if (const pqxx::result found = holder(); !found.empty()) {
      const std::string owner = found.at(0).at(0).c_str();
      if (is_process_here(owner) && !process_is_alive(owner)) gone = owner;
    }
    const pqxx::result taken = statements.exec_params(kTake, person, session, own, gone, command);
    if (taken.empty()) refuse_taken(session, holder());
    epoch = taken.at(0).at(0).as<std::int64_t>();
  });
  announce();  // whoever watches the conversation elsewhere looks for it here
  return epoch;
}

void PostgresInstance::release(const std::string& person, const std::string& session,
                               std::int64_t epoch) noexcept {
  try {
    std::string own;
    {
      const std::lock_guard lock(mutex_);
      if (process_ != ::getpid()) return;  // it is the lease of the process that was forked
      own = id_;
    }
    with_link(pool_, [&](pqxx::nontransaction& statements) {
      statements.exec_params(kRelease, person, session, own, epoch);
    });
  } catch (const std::exception&) {  // NOLINT: see the header
  }
}

}  // namespace cartpilot::store
