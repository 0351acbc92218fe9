// ServerPins: which MCP servers, and which of their tools, a person agreed to, and what functions
// of plugins were when they were last offered, in the state database.
//
// A pin is the digest of what the person saw. Something else under the same name is not agreed to.
// The StateDb is borrowed; one thread at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/state_db.h"

namespace cartpilot::app {

class ServerPins {
 public:
  explicit ServerPins(store::StateDb& db);

  /// By the server's own name of the tool; the server itself stands under "".
  std::map<std::string, std::string> of(const std::string& server);

  /// Adds them to, or puts them in the place of, those that are there.
  void agree(const std::string& server, const std::map<std::string, std::string>& digests);

  /// Removes what is there of `server` under these names.
  void forget(const std::string& server, const std::vector<std::string>& tools);

 private:
  store::StateDb& db_;
};

}  // namespace cartpilot::app
