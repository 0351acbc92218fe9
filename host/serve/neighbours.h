// Neighbours: the other processes of `serve` that share a database with this one.
//
// Knows which of them has a conversation, passes requests on to it, and sends away who watches a
// conversation here that is open elsewhere. Services are borrowed. Any
// thread.
#pragma once

#include <memory>
#include <string>

#include "app/services.h"
#include "serve/people.h"
#include "serve/relay.h"
#include "store/postgres_listener.h"

namespace cartpilot::host {

class Neighbours {
 public:
  /// Null where the state is not in a database. `address`: where others reach this process; "" =
  /// they cannot, and its conversations wait until it lets go of them.
  static std::unique_ptr<Neighbours> of(app::AppServices& services, const std::string& address);

  People::OtherOwner other_owner() const;
  const Relay& relay() const { return relay_; }

  /// Until the end of what it returns, which borrows this and `people`.
  std::unique_ptr<store::PostgresListener> watch(People& people);

 private:
  Neighbours(std::shared_ptr<store::PostgresDatabase> database, std::string relay_token);

  const std::shared_ptr<store::PostgresDatabase> database_;
  const Relay relay_;
};

}  // namespace cartpilot::host
