#include "store/postgres_pool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <pqxx/pqxx>
#include <utility>

#include "store/postgres_error.h"
#include "store/postgres_link.h"

namespace cartpilot::store {
namespace {

constexpr const char* kSettings =
    "SET client_min_messages = error; SELECT pg_postmaster_start_time()::text";

}  // namespace

PostgresLink::PostgresLink(const PostgresAddress& address) {
  try {
    connection_ = std::make_unique<pqxx::connection>(address.conninfo);
    quiet_ = std::make_unique<pqxx::quiet_errorhandler>(*connection_);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    pqxx::nontransaction settings(*connection_);
    server_run_ = settings.exec(kSettings).at(0).at(0).c_str();
  } catch (const std::exception& error) {
    refuse_database_for(address.text, error, true);
  }
}

PostgresPool::PostgresPool(PostgresAddress address, std::size_t size,
                           std::chrono::milliseconds longest_wait)
    : address_(std::move(address)),
      size_(size),
      longest_wait_(longest_wait),
      process_(::getpid()) {}

PostgresPool::~PostgresPool() = default;

void PostgresPool::GiveBack::operator()(PostgresLink* link) const {
  std::unique_ptr<PostgresLink> own(link);
  {
    const std::lock_guard lock(pool->mutex_);
    --pool->taken_;
    if (own && !own->broken()) pool->idle_.push_back(std::move(own));
  }
  pool->returned_.notify_one();
}

PostgresPool::Taken PostgresPool::take() {
  {
    std::unique_lock lock(mutex_);
    leave_to_parent();
    if (!returned_.wait_for(lock, longest_wait_, [&] { return taken_ < size_; })) {
      refuse_database(address_.text, fmt::format("has no free connection ({} are in use)", taken_),
                      "try again in a moment", "busy");
    }
    ++taken_;
    if (!idle_.empty()) {
      std::unique_ptr<PostgresLink> link = std::move(idle_.back());
      idle_.pop_back();
      return {link.release(), GiveBack{this}};
    }
  }
  return connect();
}

PostgresPool::Taken PostgresPool::take_fresh() {
  std::vector<std::unique_ptr<PostgresLink>> stale;
  {
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    ++taken_;  // in the place of the broken one
    stale.swap(idle_);
  }
  return connect();
}

/// Closing them here would end the sessions of the process that was forked.
void PostgresPool::leave_to_parent() {
  if (process_ == ::getpid()) return;
  process_ = ::getpid();
  taken_ = 0;
  for (std::unique_ptr<PostgresLink>& link : idle_) static_cast<void>(link.release());
  idle_.clear();
}

/// For a place that is counted as taken already.
PostgresPool::Taken PostgresPool::connect() {
  try {
    return {new PostgresLink(address_), GiveBack{this}};
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      --taken_;
    }
    returned_.notify_one();
    throw;
  }
}

}  // namespace cartpilot::store
