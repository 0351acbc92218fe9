#include "mcp/client/pipe_peer.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "cartpilot/error.h"
#include "mcp/message.h"

namespace cartpilot::mcp {
namespace {

constexpr std::chrono::milliseconds kLookForCancellation{20};

[[noreturn]] void fail_lost() {
  Error error(ErrorCode::kUnavailable, "the server has ended");
  error.reason = "lost";
  throw error;
}

}  // namespace

PipePeer::PipePeer(const std::vector<std::string>& command,
                   const std::map<std::string, std::string>& environment,
                   std::function<void(std::string_view)> log)
    : process_(command, environment, std::move(log)), reader_([this] { read_messages(); }) {}

PipePeer::~PipePeer() {
  ending_ = true;
  process_.stop();
  reader_.join();
}

Json PipePeer::request(const PeerRequest& request, const CallContext& context) {
  const auto waiting = std::make_shared<Waiting>();
  waiting->on_progress = request.on_progress;
  std::int64_t id = 0;
  Json message;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) fail_lost();
    id = ++last_id_;
    waiting_[id] = waiting;
    message = request_message(id, request, revision_);
  }
  const auto forget = [&] {
    const std::lock_guard lock(mutex_);
    waiting_.erase(id);
  };
  if (!send(message)) {
    forget();
    fail_lost();
  }
  const auto end = base::steady_now() + request.limit;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, kLookForCancellation, [&] { return waiting->answered || ended_; });
    if (waiting->answered) break;
    const bool gone = ended_;
    const bool cancelled = context.cancelled();
    if (!gone && !cancelled && base::steady_now() < end) continue;
    waiting_.erase(id);
    lock.unlock();
    if (gone) fail_lost();
    cancel(id, cancelled ? "the person cancelled it" : "it took too long");
    throw Error(cancelled ? ErrorCode::kCancelled : ErrorCode::kDeadline,
                cancelled ? "cancelled"
                          : fmt::format("no answer within {} s", request.limit.count() / 1000));
  }
  waiting_.erase(id);
  return result_of(waiting->response);
}

void PipePeer::notify(const std::string& method) { send({{"jsonrpc", "2.0"}, {"method", method}}); }

void PipePeer::use_revision(const std::string& revision) {
  const std::lock_guard lock(mutex_);
  revision_ = revision;
}

bool PipePeer::send(const Json& message) {
  const std::lock_guard lock(sending_);
  return process_.write(dump_json(message));
}

void PipePeer::cancel(std::int64_t id, const char* reason) {
  send(make_notification("notifications/cancelled", {{"requestId", id}, {"reason", reason}}));
}

void PipePeer::read_messages() {
  while (!ending_) {
    std::string line;
    const ServerProcess::Read read = process_.read(line);
    if (read == ServerProcess::Read::kEnd) break;
    if (read == ServerProcess::Read::kNothing || line.empty()) continue;
    try {
      take(parse_message_text(line));
    } catch (const Error&) {  // NOLINT: a line that is no message says nothing
    }
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void PipePeer::take(const Json& message) {
  const Message read = read_message(message);
  if (read.kind == Message::Kind::kRequest) {
    refuse(message);
    return;
  }
  if (read.kind == Message::Kind::kNotification) {
    if (read.method == "notifications/tools/list_changed") list_changed_ = true;
    if (read.method != "notifications/progress") return;
    std::function<void(const Json&)> tell;
    {
      const std::lock_guard lock(mutex_);
      const auto found = waiting_.find(integer_or(read.params, "progressToken"));
      if (found != waiting_.end()) tell = found->second->on_progress;
    }
    if (tell) tell(read.params);
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto found =
      read.id.is_number_integer() ? waiting_.find(read.id.get<std::int64_t>()) : waiting_.end();
  if (found == waiting_.end()) return;  // of a request that was given up
  found->second->response = message;
  found->second->answered = true;
  changed_.notify_all();
}

/// Of all that a server may ask, we know only the sign of life.
void PipePeer::refuse(const Json& request) {
  if (string_or(request, "method") == "ping") {
    send(make_response(request.at("id"), Json::object()));
  } else {
    send(make_error(request.at("id"),
                    ProtocolError(kMethodNotFound, "this client answers no requests")));
  }
}

}  // namespace cartpilot::mcp
