// FakeVendor: an OpenAI-compatible server on loopback whose every answer is 20 events of text over
// one second, for thousands of requests at once.
//
// One thread, that of the loop.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "connection.h"

namespace cartpilot::load {

class FakeVendor {
 public:
  /// Every `cut_every`th answer is cut after half of its events; 0 = none.
  FakeVendor(Loop& loop, int cut_every);
  int port() const { return acceptor_.port(); }

 private:
  struct Client;
  void serve(std::shared_ptr<Connection> connection);
  void answer(const std::shared_ptr<Client>& client);
  void send_event(const std::shared_ptr<Client>& client, int number, Clock::time_point begun,
                  int last);

  Loop& loop_;
  const int cut_every_;
  int answers_ = 0;
  std::set<std::shared_ptr<Client>> clients_;
  Acceptor acceptor_;
};

}  // namespace cartpilot::load
