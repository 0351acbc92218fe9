#include "sandbox/http/open_connections.h"

#include <Poco/Exception.h>

#include <algorithm>

namespace cartpilot::sandbox {

bool OpenConnections::accept(const Poco::Net::StreamSocket& socket) {
  const std::lock_guard lock(mutex_);
  forget_closed();
  if (connections_.size() >= max_connections_) end_longest_waiting();
  connections_.push_back({socket});
  return true;
}

void OpenConnections::received(const Poco::Net::StreamSocket& socket) {
  const std::lock_guard lock(mutex_);
  if (const auto found = find(socket); found != connections_.end()) found->busy = true;
}

void OpenConnections::answered(const Poco::Net::StreamSocket& socket) {
  const std::lock_guard lock(mutex_);
  const auto found = find(socket);
  if (found == connections_.end()) return;
  found->busy = false;
  connections_.splice(connections_.end(), connections_, found);
}

OpenConnections::Connections::iterator OpenConnections::find(
    const Poco::Net::StreamSocket& socket) {
  return std::find_if(connections_.begin(), connections_.end(), [&](const Connection& connection) {
    return connection.socket.impl() == socket.impl();
  });
}

// The server gave up its own reference: the connection has ended.
void OpenConnections::forget_closed() {
  connections_.remove_if(
      [](const Connection& connection) { return connection.socket.impl()->referenceCount() == 1; });
}

void OpenConnections::end_longest_waiting() {
  const auto waiting = std::find_if(connections_.begin(), connections_.end(),
                                    [](const Connection& connection) { return !connection.busy; });
  if (waiting == connections_.end()) return;
  try {
    waiting->socket.shutdown();
  } catch (const Poco::Exception&) {
    // It ended by itself.
  }
  connections_.erase(waiting);
}

}  // namespace cartpilot::sandbox
