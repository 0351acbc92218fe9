// BareRelay: what no program in the place of `cartpilot serve` could avoid. It has the same
// interface as far as a turn goes: conversations, an open event stream for each, a message that is
// accepted with 202 and answered on the stream. Each message is one request to the vendor, and each
// event of its answer one event. Nothing is stored, checked or encoded.
//
// One thread, that of the loop.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connection.h"

namespace cartpilot::load {

class BareRelay {
 public:
  BareRelay(Loop& loop, int vendor_port);
  ~BareRelay();
  int port() const { return acceptor_.port(); }

 private:
  struct Client;
  struct Upstream;
  void serve(std::shared_ptr<Connection> connection);
  void answer(const std::shared_ptr<Client>& client);
  void begin_turn(const std::string& conversation);
  std::shared_ptr<Upstream> upstream();
  void read(const std::shared_ptr<Upstream>& upstream, std::string_view bytes);
  void send_event(const std::string& conversation, std::string_view data);

  Loop& loop_;
  const int vendor_port_;
  int conversations_ = 0;
  std::set<std::shared_ptr<Client>> clients_;
  std::map<std::string, std::weak_ptr<Connection>> streams_;  ///< by conversation
  std::set<std::shared_ptr<Upstream>> upstreams_;
  std::vector<std::shared_ptr<Upstream>> idle_;  ///< of these
  Acceptor acceptor_;
};

}  // namespace cartpilot::load
