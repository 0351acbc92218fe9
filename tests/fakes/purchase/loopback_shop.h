// LoopbackShop: the FakeCartPilot behind a real port, for the program and for real connections.
//
// Requests are handled one at a time whatever the number of clients. `instead` may answer a request
// itself. Faults of the fake become what they are on a wire: a refused or reset connection. Look at
// `fake` only through with_fake() while clients run.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "fake_cartpilot.h"
#include "fakes/loopback_server.h"

namespace cartpilot::purchase {

class LoopbackShop {
 public:
  using Request = fakes::LoopbackServer::Request;
  using Reply = fakes::LoopbackServer::Reply;
  /// Runs before the fake, outside of its lock; true = it has answered.
  using Instead = std::function<bool(const Request&, Reply&)>;

  explicit LoopbackShop(Instead instead = {});

  std::string url() const { return server_.url(); }
  std::vector<Request> requests() const { return server_.requests(); }
  /// How often a path that ends like this was asked for.
  int count(const std::string& end) const;

  template <typename Look>
  auto with_fake(Look look) {
    const std::lock_guard lock(mutex_);
    return look(fake_);
  }
  /// Answers as the fake would, from inside `instead`.
  void pass_on(const Request& request, Reply& reply);

 private:
  std::mutex mutex_;
  FakeCartPilot fake_;
  Instead instead_;
  fakes::LoopbackServer server_;  // last: its threads use the others
};

}  // namespace cartpilot::purchase
