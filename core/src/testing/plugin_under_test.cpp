#include "testing/plugin_under_test.h"

#include <dlfcn.h>

#include <cstring>
#include <deque>

#include "cartpilot/detail/calls.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

constexpr std::size_t kKeptPayloads = 100'000;

/// The part of a foreign table that both sides know; the rest stays null.
template <class Table>
Table read_table(const void* foreign) {
  Table table{};
  if (foreign == nullptr) return table;
  std::uint32_t size = 0;
  std::memcpy(&size, foreign, sizeof(size));
  std::memcpy(&table, foreign, std::min<std::size_t>(size, sizeof(Table)));
  return table;
}

std::int32_t missing(const cp_sink* out, const char* what) {
  return detail::report(out,
                        Error(ErrorCode::kUnsupported, std::string("the plugin offers no ") + what),
                        SecretScrub());
}

}  // namespace

std::string CallOutcome::description() const {
  std::string text = "status " + std::to_string(status) + " (" +
                     std::string(error_code_name(static_cast<ErrorCode>(status))) + ")";
  if (!errors.empty()) text += ": " + detail::cut_text(errors.front(), 300);
  if (threw) text += ", and an exception came out";
  return text;
}

Error CallOutcome::error() const {
  const std::optional<std::string> payload =
      errors.empty() ? std::nullopt : std::optional<std::string>(errors.front());
  return detail::error_of(status, payload, "the call");
}

Line::Line()
    : sink_{sizeof(cp_sink), this, &Line::emit},
      call_{sizeof(cp_call), this, &Line::is_cancelled, 0} {}

CallOutcome Line::run(const std::function<std::int32_t(const cp_call*, const cp_sink*)>& function) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    thread_ = std::this_thread::get_id();
    outcome_ = CallOutcome();
  }
  std::int32_t status = CP_INTERNAL;
  bool threw = false;
  try {
    status = function(&call_, &sink_);
  } catch (...) {
    threw = true;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  open_ = false;
  outcome_.status = status;
  outcome_.threw = threw;
  return outcome_;
}

std::int32_t Line::emit(void* self, std::int32_t kind, cp_bytes payload) noexcept {
  auto& line = *static_cast<Line*>(self);
  std::size_t deltas = 0;
  {
    const std::lock_guard<std::mutex> lock(line.mutex_);
    if (!line.open_) {
      ++line.late_;
      return 1;
    }
    if (line.thread_ != std::this_thread::get_id()) {
      ++line.foreign_;
      return 1;
    }
    std::string text(detail::view(payload));
    CallOutcome& outcome = line.outcome_;
    if (line.told_to_stop_ && kind != CP_EMIT_ERROR) ++outcome.emitted_after_stop;
    if (kind == CP_EMIT_RESULT) outcome.results.push_back(std::move(text));
    if (kind == CP_EMIT_ERROR) outcome.errors.push_back(std::move(text));
    if (kind == CP_EMIT_DELTA && outcome.deltas.size() < kKeptPayloads) {
      outcome.deltas.push_back(std::move(text));
    }
    deltas = outcome.deltas.size();
    if (kind == CP_EMIT_DELTA && deltas >= line.stop_after_deltas) line.told_to_stop_ = true;
    if (line.told_to_stop_) return 1;
  }
  if (kind == CP_EMIT_DELTA && line.on_delta) line.on_delta(deltas);
  return 0;
}

std::int32_t Line::is_cancelled(void* self) noexcept {
  return static_cast<Line*>(self)->cancelled ? 1 : 0;
}

Line& new_line() {
  // A plugin may use it after its call. Reachable, so that it is no leak.
  static std::mutex mutex;
  static std::deque<Line>& all = *new std::deque<Line>;
  const std::lock_guard lock(mutex);
  return all.emplace_back();
}

EntryFunction find_entry(void* handle) {
  return reinterpret_cast<EntryFunction>(::dlsym(handle, CP_ENTRY_NAME));
}

PluginUnderTest::PluginUnderTest(const std::string& file) {
  handle_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle_ == nullptr) {
    const char* why = ::dlerror();
    throw Error(ErrorCode::kProtocol, why == nullptr ? "dlopen failed" : why);
  }
  const EntryFunction entry = find_entry(handle_);
  if (entry == nullptr) {
    throw Error(ErrorCode::kProtocol, "it does not export cartpilot_plugin_entry");
  }
  plugin_ = entry(CP_EPOCH, CP_REVISION);
  if (plugin_ == nullptr) throw Error(ErrorCode::kProtocol, "its entry function returned null");
  if (plugin_->magic != CP_MAGIC || plugin_->struct_size < sizeof(cp_plugin) ||
      plugin_->epoch != CP_EPOCH) {
    throw Error(ErrorCode::kProtocol, "its entry function returned no plugin struct of epoch 1");
  }
  manifest_ = parse_json(detail::view(plugin_->manifest), "manifest");
  if (CP_HAS(cp_plugin, plugin_, query)) {
    provider_ = read_table<cp_provider_v1>(plugin_->query(CP_PROVIDER));
    tool_set_ = read_table<cp_toolset_v1>(plugin_->query(CP_TOOLSET));
  }
}

CallOutcome PluginUnderTest::init(const FakeHost& host) {
  return new_line().run([&](const cp_call*, const cp_sink* err) {
    return plugin_->init == nullptr ? CP_OK : plugin_->init(host.table(), err);
  });
}

void PluginUnderTest::shutdown() {
  if (plugin_->shutdown != nullptr) plugin_->shutdown();
}

std::vector<std::string> PluginUnderTest::factories(Interface interface) const {
  std::vector<std::string> names;
  const auto provides = manifest_.find("provides");
  if (provides == manifest_.end() || !provides->is_array()) return names;
  const std::string id = interface == Interface::kProvider ? CP_PROVIDER : CP_TOOLSET;
  for (const Json& entry : *provides) {
    if (string_or(entry, "interface") != id || !entry.contains("factories")) continue;
    for (const Json& name : entry["factories"]) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
  }
  return names;
}

Interface PluginUnderTest::main_interface() const {
  if (provider_.create != nullptr && declares(Interface::kProvider)) return Interface::kProvider;
  if (tool_set_.create != nullptr && declares(Interface::kToolSet)) return Interface::kToolSet;
  skip_check("it offers neither a provider nor a tool set");
}

CallOutcome PluginUnderTest::create(Interface interface, std::string_view factory,
                                    std::string_view config, void*& self) const {
  const auto function = interface == Interface::kProvider ? provider_.create : tool_set_.create;
  self = nullptr;
  return new_line().run([&](const cp_call*, const cp_sink* err) {
    if (function == nullptr) return missing(err, "create");
    self = function(detail::bytes(factory), detail::bytes(config), err);
    return self == nullptr ? CP_INTERNAL : CP_OK;
  });
}

Instance PluginUnderTest::make(Interface interface, const std::string& config) const {
  const std::vector<std::string> names = factories(interface);
  if (names.empty()) {
    skip_check(interface == Interface::kProvider ? "it is no provider" : "it is no tool set");
  }
  void* self = nullptr;
  const CallOutcome outcome = create(interface, names.front(), config, self);
  if (self == nullptr) fail_check("no object could be made: " + outcome.description());
  return Instance(*this, interface, self);
}

/// A function of the plugin that is not given the call.
template <class Function, class... Arguments>
CallOutcome Instance::ask(Line& line, const char* what, Function function,
                          Arguments... arguments) const {
  return line.run([&](const cp_call*, const cp_sink* out) {
    return function == nullptr ? missing(out, what) : function(self_, arguments..., out);
  });
}

template <class Function, class... Arguments>
CallOutcome Instance::call_in(Line& line, const char* what, Function function,
                              Arguments... arguments) const {
  return line.run([&](const cp_call* call, const cp_sink* out) {
    return function == nullptr ? missing(out, what) : function(self_, call, arguments..., out);
  });
}

void Instance::destroy() {
  const auto function = interface_ == Interface::kProvider ? plugin_->provider().destroy
                                                           : plugin_->tool_set().destroy;
  if (function != nullptr && self_ != nullptr) function(self_);
  self_ = nullptr;
}

CallOutcome Instance::chat(std::string_view request, Line& line) const {
  return call_in(line, "chat", plugin_->provider().chat, detail::bytes(request));
}

CallOutcome Instance::models(Line& line) const {
  return call_in(line, "models", plugin_->provider().models);
}

CallOutcome Instance::info() const { return ask(new_line(), "info", plugin_->provider().info); }

CallOutcome Instance::check() const {
  const auto function = plugin_->provider().check;
  return function == nullptr ? CallOutcome() : ask(new_line(), "check", function);
}

CallOutcome Instance::function_declarations(std::string_view tools) const {
  return ask(new_line(), "function declarations", plugin_->provider().function_declarations,
             detail::bytes(tools));
}

CallOutcome Instance::parse_function_calls(std::string_view message) const {
  return ask(new_line(), "function calls", plugin_->provider().parse_function_calls,
             detail::bytes(message));
}

CallOutcome Instance::function_responses(std::string_view results) const {
  return ask(new_line(), "function responses", plugin_->provider().function_responses,
             detail::bytes(results));
}

CallOutcome Instance::list(Line& line) const { return ask(line, "list", plugin_->tool_set().list); }

CallOutcome Instance::call(std::string_view tool, std::string_view arguments, Line& line) const {
  return call_in(line, "call", plugin_->tool_set().call, detail::bytes(tool),
                 detail::bytes(arguments));
}

}  // namespace cartpilot::testing
