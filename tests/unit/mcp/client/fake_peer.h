// A server for tests of the client: answers as told, and remembers what it was asked.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/error.h"
#include "mcp/client/peer.h"
#include "mcp/message.h"

namespace cartpilot::mcp {

inline Error lost_error() {
  Error error(ErrorCode::kUnavailable, "the server has ended");
  error.reason = "lost";
  return error;
}

/// What the fakes of one test share: they come and go with connections.
struct FakeServer {
  /// By method; each throws or returns a result.
  std::map<std::string, std::function<Json(const Json& params)>> answers;
  std::vector<std::pair<std::string, Json>> asked;
  std::vector<std::string> revisions;
  std::vector<std::string> notified;
  bool list_changed = false;
  int connections = 0;

  FakeServer() {
    answers["server/discover"] = [](const Json&) {
      return Json{{"supportedVersions", Json::array({"2026-07-28"})}};
    };
  }
  void offer(std::vector<Json> tools) {
    answers["tools/list"] = [tools](const Json&) { return Json{{"tools", tools}}; };
  }
  int count(const std::string& method) const {
    int found = 0;
    for (const auto& [name, params] : asked) found += name == method ? 1 : 0;
    return found;
  }
};

class FakePeer final : public Peer {
 public:
  explicit FakePeer(FakeServer& server) : server_(server) { ++server_.connections; }

  Json request(const PeerRequest& request, const CallContext&) override {
    server_.asked.emplace_back(request.method, request.params);
    const auto found = server_.answers.find(request.method);
    if (found == server_.answers.end()) throw ProtocolError(kMethodNotFound, "no such method");
    if (request.on_progress) request.on_progress({{"progress", 1}, {"total", 2}});
    return found->second(request.params);
  }
  void notify(const std::string& method) override { server_.notified.push_back(method); }
  void use_revision(const std::string& revision) override { server_.revisions.push_back(revision); }
  bool take_list_changed() override { return std::exchange(server_.list_changed, false); }

 private:
  FakeServer& server_;
};

inline Json declared(const std::string& name, Json schema = {{"type", "object"}}) {
  return {{"name", name}, {"description", "Does it."}, {"inputSchema", std::move(schema)}};
}

}  // namespace cartpilot::mcp
