#include "mcp/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include "cartpilot/tool.h"
#include "mcp/batch.h"
#include "mcp/capabilities.h"
#include "mcp/revision.h"
#include "telemetry/span.h"

namespace cartpilot::mcp {
namespace {

constexpr const char* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kLogLevelKey = "io.modelcontextprotocol/logLevel";
constexpr const char* kSetLogLevel = "logging/setLevel";
constexpr std::size_t kMaxShownMethod = 60;

CallResult failure(const std::string& code, const std::string& message) {
  CallResult result;
  result.content.push_back(text_block(dump_json(tool_error(code, message).content)));
  result.is_error = true;
  return result;
}

/// The member `name` of `params` when there is one; it must be an object.
const Json* object_in(const Json& params, const char* name) {
  const auto found = params.find(name);
  if (found == params.end()) return nullptr;
  if (!found->is_object()) {
    throw ProtocolError(kInvalidParams, fmt::format("{} is no object", name));
  }
  return &*found;
}

Json progress_token_in(const Json& params) {
  const Json* const meta = object_in(params, "_meta");
  if (meta == nullptr) return nullptr;
  const auto token = meta->find("progressToken");
  if (token == meta->end() || token->is_null()) return nullptr;
  if (!token->is_string() && !token->is_number_integer()) {
    throw ProtocolError(kInvalidParams, "progressToken is neither a string nor an integer");
  }
  return *token;
}

LogLevel log_level_in(const Json& value) {
  const auto level = value.is_string() ? log_level_named(value.get_ref<const std::string&>())
                                       : std::optional<LogLevel>();
  if (!level) throw ProtocolError(kInvalidParams, "there is no such log level");
  return *level;
}

/// What requests of the modern era do, and `initialize` does not.
bool names_revision(const Message& message) {
  const Json* const meta = object_in(message.params, "_meta");
  return meta != nullptr && meta->contains(kVersionKey);
}

/// Requests are, and what is no message; notifications are not, not even wrong ones.
bool is_answered(const Json& value) {
  try {
    return read_message(value).kind == Message::Kind::kRequest;
  } catch (const ProtocolError& error) {
    return error.rpc_code == kInvalidRequest || value.contains("id");
  }
}

[[noreturn]] void refuse_method(const std::string& method) {
  throw ProtocolError(
      kMethodNotFound,
      fmt::format("there is no method {}", dump_json(Json(method.substr(0, kMaxShownMethod)))));
}

void tell_call(telemetry::Span& span, const std::string& tool, const Call& call) {
  span.set("mcp.method.name", "tools/call");
  span.set("mcp.protocol.version", std::string(call.revision()));
  span.set("jsonrpc.request.id",
           call.id().is_string() ? call.id().get<std::string>() : dump_json(call.id()));
  span.set("gen_ai.tool.name", tool);
}

}  // namespace

Dispatcher::Dispatcher(ServerIdentity identity, ToolService& service, CallThreads& threads,
                       std::shared_ptr<RequestStates> states)
    : identity_(std::move(identity)),
      service_(service),
      threads_(threads),
      states_(states ? std::move(states) : std::make_shared<RequestStates>("")) {}

Dispatcher::~Dispatcher() {
  std::unique_lock lock(mutex_);
  for (const auto& [id, call] : running_) call->cancel();
  idle_.wait(lock, [&] { return active_ == 0; });
}

bool Dispatcher::receive(std::string_view text, const std::shared_ptr<ReplySink>& sink) {
  try {
    const Json value = parse_message_text(text);
    if (value.is_array()) return receive_batch(value, sink);
    receive_one(value, sink, false);
    return is_answered(value);
  } catch (const ProtocolError& error) {
    refuse(error, *sink);
    return true;
  }
}

void Dispatcher::refuse(const ProtocolError& error, ReplySink& sink) const {
  sink.answer(make_error(nullptr, error));
}

bool Dispatcher::receive_batch(const Json& batch, const std::shared_ptr<ReplySink>& sink) {
  if (!has_batches(legacy_revision_)) {
    throw ProtocolError(kInvalidRequest, "batches belong to revision 2025-03-26 only");
  }
  if (batch.empty() || batch.size() > kMaxBatch) {
    throw ProtocolError(kInvalidRequest, fmt::format("a batch has 1 to {} messages", kMaxBatch));
  }
  const auto requests = std::count_if(batch.begin(), batch.end(), is_answered);
  std::shared_ptr<ReplySink> gathered = sink;
  if (requests > 0) {
    gathered = std::make_shared<BatchSink>(sink, static_cast<std::size_t>(requests));
  }
  for (const Json& value : batch) receive_one(value, gathered, true);
  return requests > 0;
}

void Dispatcher::receive_one(const Json& value, const std::shared_ptr<ReplySink>& sink,
                             bool in_batch) {
  try {
    const Message message = read_message(value);
    switch (message.kind) {
      case Message::Kind::kRequest: take_request(message, sink, in_batch); break;
      case Message::Kind::kNotification: take_notification(message); break;
      case Message::Kind::kResponse: take_response(message.id, value); break;
    }
  } catch (const ProtocolError& error) {
    if (is_answered(value)) sink->answer(make_error(id_for_error(value), error));
  }
}

void Dispatcher::take_notification(const Message& message) {
  if (message.method != "notifications/cancelled") return;
  const auto id = message.params.find("requestId");
  if (id == message.params.end()) return;
  std::shared_ptr<Call> call;
  {
    const std::lock_guard lock(mutex_);
    // Clients also cancel what was answered long ago.
    const auto found = running_.find(dump_json(*id));
    if (found != running_.end()) call = found->second;
  }
  if (call) call->cancel();
}

/// What nobody waits for means nothing, the answer to a page included.
void Dispatcher::take_response(const Json& id, const Json& response) {
  std::vector<std::shared_ptr<Call>> calls;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, call] : running_) calls.push_back(call);
  }
  for (const auto& call : calls) {
    if (call->take_reply(id, response)) return;
  }
}

void Dispatcher::take_request(const Message& message, const std::shared_ptr<ReplySink>& sink,
                              bool in_batch) {
  if (message.method == "initialize" && !names_revision(message)) {
    if (in_batch) throw ProtocolError(kInvalidRequest, "initialize stands in no batch");
    sink->answer(make_response(message.id, initialize(message.params)));
    return;
  }
  const std::string_view revision = revision_of(message);
  const bool modern = revision == kModernRevision;
  if (message.method == "tools/call") {
    start_call(message, revision, sink);
  } else if (message.method == "tools/list") {
    sink->answer(make_response(message.id, list_tools(message.params, revision)));
  } else if (message.method == kSetLogLevel) {
    sink->answer(make_response(message.id, set_log_level(message.params)));
  } else {
    sink->answer(make_response(
        message.id, modern ? discover_result(identity_, service_.logs()) : Json::object()));
  }
}

bool Dispatcher::knows(const std::string& method, bool modern) const {
  if (method == "tools/list" || method == "tools/call") return true;
  if (method == kSetLogLevel) return !modern && service_.logs();
  return method == (modern ? "server/discover" : "ping");
}

/// The revision a request is served by. Throws for a method that this revision does not have.
std::string_view Dispatcher::revision_of(const Message& message) const {
  const Json* const meta = object_in(message.params, "_meta");
  const auto version = meta == nullptr ? Json::const_iterator() : meta->find(kVersionKey);
  if (meta != nullptr && version != meta->end()) {
    if (!version->is_string()) {
      throw ProtocolError(kInvalidParams, fmt::format("{} is no string", kVersionKey));
    }
    if (version->get_ref<const std::string&>() != kModernRevision) {
      throw ProtocolError(kUnsupportedVersion, "unsupported protocol version",
                          {{"supported", Json::array({kModernRevision})}, {"requested", *version}});
    }
    const auto capabilities = meta->find(kCapabilitiesKey);
    if (capabilities == meta->end() || !capabilities->is_object()) {
      throw ProtocolError(kInvalidParams,
                          fmt::format("{} is missing or no object", kCapabilitiesKey));
    }
    if (!knows(message.method, true)) refuse_method(message.method);
    return kModernRevision;
  }
  if (!legacy_revision_.empty()) {
    if (!knows(message.method, false)) refuse_method(message.method);
    return legacy_revision_;
  }
  if (message.method == "ping") return kLegacyRevisions.front();
  if (!knows(message.method, true)) refuse_method(message.method);
  throw ProtocolError(
      kInvalidParams,
      fmt::format("_meta lacks {}, and there was no initialize before", kVersionKey));
}

void Dispatcher::require_modern(const Message& message) const {
  try {
    revision_of(message);
  } catch (const ProtocolError& error) {
    if (error.rpc_code != kMethodNotFound) throw;
  }
}

Json Dispatcher::initialize(const Json& params) {
  const auto wanted = params.find("protocolVersion");
  if (wanted == params.end() || !wanted->is_string()) {
    throw ProtocolError(kInvalidParams, "protocolVersion is missing or no string");
  }
  const Json* const capabilities = object_in(params, "capabilities");
  object_in(params, "clientInfo");
  legacy_revision_ = negotiated_revision(wanted->get_ref<const std::string&>());
  legacy_capabilities_ = capabilities == nullptr ? Json::object() : *capabilities;
  legacy_log_from_ = LogLevel::kInfo;
  return initialize_result(identity_, legacy_revision_, service_.logs());
}

/// Holds for the calls that run as well.
Json Dispatcher::set_log_level(const Json& params) {
  const auto level = params.find("level");
  legacy_log_from_ = log_level_in(level == params.end() ? Json() : *level);
  const std::lock_guard lock(mutex_);
  for (const auto& [id, call] : running_) {
    if (call->revision() != kModernRevision) call->log_from(legacy_log_from_);
  }
  return Json::object();
}

Json Dispatcher::list_tools(const Json& params, std::string_view revision) const {
  const auto cursor = params.find("cursor");
  // There is one page, and its cursor would be the empty string.
  if (cursor != params.end() &&
      (!cursor->is_string() || !cursor->get_ref<const std::string&>().empty())) {
    throw ProtocolError(kInvalidParams, "there is no such cursor");
  }
  return list_result(identity_, service_.tools(), revision);
}

const ToolDescription& Dispatcher::tool_of(const Json& params) const {
  const auto name = params.find("name");
  if (name == params.end() || !name->is_string()) {
    throw ProtocolError(kInvalidParams, "name is missing or no string");
  }
  const auto& tools = service_.tools();
  const auto known = std::find_if(tools.begin(), tools.end(), [&](const ToolDescription& tool) {
    return name->get_ref<const std::string&>() == tool.name;
  });
  if (known != tools.end()) return *known;
  throw ProtocolError(
      kInvalidParams,
      fmt::format("there is no tool {}",
                  dump_json(Json(name->get<std::string>().substr(0, kMaxShownMethod)))));
}

void Dispatcher::start_call(const Message& message, std::string_view revision,
                            const std::shared_ptr<ReplySink>& sink) {
  const ToolDescription& description = tool_of(message.params);
  const std::string tool = description.name;
  const Json missing =
      missing_capabilities(description.required_capabilities, capabilities_of(message, revision));
  if (!missing.empty()) {
    const std::string why = "the client lacks a capability that this tool needs";
    if (revision == kModernRevision) {
      throw ProtocolError(kMissingCapability, why, {{"requiredCapabilities", missing}});
    }
    sink->answer(make_response(
        message.id, call_result(identity_, failure("MISSING_CAPABILITY", why), revision)));
    return;
  }
  const Json* const given = object_in(message.params, "arguments");
  const Json arguments = given == nullptr ? Json::object() : *given;
  const Json token = progress_token_in(message.params);
  auto call = std::make_shared<Call>(message.id, revision, token,
                                     client_of(message, revision, tool, arguments), sink);
  {
    const std::lock_guard lock(mutex_);
    if (running_.size() >= kMaxRunningCalls) {
      const CallResult busy = failure(
          "TOO_MANY_CALLS", fmt::format("{} calls are running; wait for one to end, then try again",
                                        running_.size()));
      call->finish(make_response(message.id, call_result(identity_, busy, revision)));
      return;
    }
    if (!running_.emplace(dump_json(message.id), call).second) {
      throw ProtocolError(kInvalidRequest, "a request with this id is running");
    }
    ++active_;
  }
  const auto parent = telemetry::parse_traceparent(string_or(
      message.params.contains("_meta") ? message.params.at("_meta") : Json(), "traceparent"));
  const auto work = [this, call, tool, arguments, parent] {
    telemetry::Span span("tools/call " + tool, telemetry::SpanKind::kServer,
                         parent.value_or(telemetry::SpanContext()));
    span.call_tool();
    tell_call(span, tool, *call);
    const CallResult result = run(tool, arguments, *call);
    if (result.is_error) span.fail("tool_error");
    end_call(*call,
             call->input_requests().empty()
                 ? call_result(identity_, result, call->revision())
                 : input_required_result(identity_, call->input_requests(),
                                         states_->make(tool, arguments, call->used_answers())));
  };
  try {
    threads_.run(work);
  } catch (const std::system_error&) {
    const CallResult busy = failure("TOO_MANY_CALLS", "there are no more threads; try again");
    end_call(*call, call_result(identity_, busy, revision));
  }
}

/// Throws for a request state that does not belong to this call.
CallClient Dispatcher::client_of(const Message& message, std::string_view revision,
                                 const std::string& tool, const Json& arguments) const {
  const Json& capabilities = capabilities_of(message, revision);
  CallClient client;
  client.shows_pages = shows_pages(capabilities) && has_url_elicitation(revision);
  client.takes_forms = takes_forms(capabilities) && has_form_elicitation(revision);
  if (revision != kModernRevision) {
    if (service_.logs()) client.log_from = legacy_log_from_;
    return client;
  }
  const Json& meta = message.params.at("_meta");
  if (service_.logs() && meta.contains(kLogLevelKey)) {
    client.log_from = log_level_in(meta.at(kLogLevelKey));
  }
  // A client that leaves an answer out is asked once more.
  const Json* const answers = object_in(message.params, "inputResponses");
  if (answers != nullptr) client.answers = *answers;
  const auto state = message.params.find("requestState");
  if (state == message.params.end()) {
    // Only the state shows that it was asked for a page.
    client.answers.erase(kPageInput);
    return client;
  }
  if (!state->is_string()) throw ProtocolError(kInvalidParams, "requestState is no string");
  client.answers.update(states_->take(state->get_ref<const std::string&>(), tool, arguments));
  return client;
}

const Json& Dispatcher::capabilities_of(const Message& message, std::string_view revision) const {
  return revision == kModernRevision ? message.params.at("_meta").at(kCapabilitiesKey)
                                     : legacy_capabilities_;
}

CallResult Dispatcher::run(const std::string& name, const Json& arguments, Call& call) {
  try {
    return service_.call(name, arguments, call);
  } catch (const std::exception& error) {
    return failure("INTERNAL", error.what());
  } catch (...) {
    return failure("INTERNAL", "the tool failed without saying why");
  }
}

/// The id is free again before the answer goes out: a client may use it at once.
void Dispatcher::end_call(Call& call, Json result) {
  {
    const std::lock_guard lock(mutex_);
    running_.erase(dump_json(call.id()));
  }
  call.finish(make_response(call.id(), std::move(result)));
  const std::lock_guard lock(mutex_);
  if (--active_ == 0) idle_.notify_all();
}

bool Dispatcher::wait_until_idle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit, [&] { return active_ == 0; });
}

void Dispatcher::hurry() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, call] : running_) call->hurry();
}

}  // namespace cartpilot::mcp
