// PipePeer: an MCP server that is a program of this machine, on pipes.
//
// A thread of the object reads what the program writes and wakes whoever waits for it. Once the
// program has ended, every request fails; another PipePeer starts it anew. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mcp/client/peer.h"
#include "mcp/client/server_process.h"

namespace cartpilot::mcp {

class PipePeer final : public Peer {
 public:
  /// As ServerProcess.
  PipePeer(const std::vector<std::string>& command,
           const std::map<std::string, std::string>& environment,
           std::function<void(std::string_view)> log);
  ~PipePeer() override;

  Json request(const PeerRequest& request, const CallContext& context) override;
  void notify(const std::string& method) override;
  void use_revision(const std::string& revision) override;
  bool take_list_changed() override { return list_changed_.exchange(false); }

 private:
  struct Waiting {
    std::function<void(const Json&)> on_progress;
    Json response;
    bool answered = false;
  };

  void read_messages();
  void take(const Json& message);
  void refuse(const Json& request);
  bool send(const Json& message);
  void cancel(std::int64_t id, const char* reason);

  ServerProcess process_;
  std::mutex sending_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, std::shared_ptr<Waiting>> waiting_;
  std::string revision_;
  std::int64_t last_id_ = 0;
  bool ended_ = false;
  std::atomic<bool> ending_{false};
  std::atomic<bool> list_changed_{false};
  std::thread reader_;
};

}  // namespace cartpilot::mcp
