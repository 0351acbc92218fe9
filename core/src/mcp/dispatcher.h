// Dispatcher: one client's end of an MCP server with tools and nothing else.
//
// Takes received texts and answers them, in both eras of the protocol: a request that names the
// modern revision in its `_meta` is served by itself, `initialize` makes this connection a legacy
// one as well, and both may happen on one connection. Everything but a tool call is answered before
// receive() returns, so a client that probes is never kept waiting; tool calls run on threads of
// their own and may be answered in any order.
//
// Knows no transport: one per process on standard input, one per session or modern request over
// HTTP. Borrows the service and the threads. receive() comes from one thread at a time. The
// destructor cancels what runs and waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "mcp/answers.h"
#include "mcp/call.h"
#include "mcp/call_threads.h"
#include "mcp/message.h"
#include "mcp/reply_sink.h"
#include "mcp/request_state.h"
#include "mcp/tool_service.h"

namespace cartpilot::mcp {

/// Calls of one client that may run at once. More are answered with an error the model can read.
constexpr std::size_t kMaxRunningCalls = 64;
/// Messages of one batch.
constexpr std::size_t kMaxBatch = 64;

class Dispatcher {
 public:
  /// `states` are shared by all dispatchers of a principal, and made when there are none.
  Dispatcher(ServerIdentity identity, ToolService& service, CallThreads& threads,
             std::shared_ptr<RequestStates> states = nullptr);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// Answers one received text through `sink`, now or later; false when it gets no answer. Never
  /// throws for what a client sent.
  bool receive(std::string_view text, const std::shared_ptr<ReplySink>& sink);

  /// A fault of the transport, like a line that is too long: answered with a null id.
  void refuse(const ProtocolError& error, ReplySink& sink) const;

  /// For transports that answer a request without or with a wrong `_meta` in another way. Throws
  /// the ProtocolError that receive() would answer with. Unknown methods pass.
  void require_modern(const Message& message) const;

  /// Waits until no call runs; false when some still do after `limit`.
  bool wait_until_idle(std::chrono::milliseconds limit);
  /// Asks all running calls to come to an end. They are still answered.
  void hurry();

 private:
  void receive_one(const Json& value, const std::shared_ptr<ReplySink>& sink, bool in_batch);
  bool receive_batch(const Json& batch, const std::shared_ptr<ReplySink>& sink);
  void take_notification(const Message& message);
  void take_response(const Json& id, const Json& response);
  void take_request(const Message& message, const std::shared_ptr<ReplySink>& sink, bool in_batch);
  std::string_view revision_of(const Message& message) const;
  bool knows(const std::string& method, bool modern) const;
  Json initialize(const Json& params);
  Json set_log_level(const Json& params);
  Json list_tools(const Json& params, std::string_view revision) const;
  void start_call(const Message& message, std::string_view revision,
                  const std::shared_ptr<ReplySink>& sink);
  const ToolDescription& tool_of(const Json& params) const;
  const Json& capabilities_of(const Message& message, std::string_view revision) const;
  CallClient client_of(const Message& message, std::string_view revision, const std::string& tool,
                       const Json& arguments) const;
  CallResult run(const std::string& name, const Json& arguments, Call& call);
  void end_call(Call& call, Json result);

  const ServerIdentity identity_;
  ToolService& service_;
  CallThreads& threads_;
  const std::shared_ptr<RequestStates> states_;
  std::string_view legacy_revision_;  ///< "" until `initialize`
  Json legacy_capabilities_ = Json::object();
  LogLevel legacy_log_from_ = LogLevel::kInfo;

  std::mutex mutex_;
  std::condition_variable idle_;
  std::map<std::string, std::shared_ptr<Call>> running_;  ///< by the JSON text of the id
  std::size_t active_ = 0;  ///< calls whose answer may still be on its way
};

}  // namespace cartpilot::mcp
