// Turns a class into a plugin: one macro for a provider, one for a tool set.
//
//   class Acme : public cartpilot::HttpProvider {
//    public:
//     explicit Acme(const cartpilot::ProviderConfig& config);
//     ...
//   };
//   CARTPILOT_PROVIDER_PLUGIN(Acme, "acme", "1.0.0", R"(["ACME_API_KEY"])")
//
// Write the macro once, at namespace scope, in one source file of a shared library named
// cartpilot-<ID>.so.
//
//   CLASS     has a constructor that takes `const cartpilot::ProviderConfig&`
//   ID        2 to 63 characters of a-z 0-9 . -, the first one a letter or digit; people pass it to
//             --provider
//   VERSION   like "1.2.3"
//   ENV_JSON  a JSON array of the environment variables the plugin wants; it sees no others
//
// What does not fit is a compile error. An exception of any type that leaves the class reaches the
// host as an Error. The library exports one function and nothing else. Its manifest lies in an ELF
// note (detail/manifest_note.h), so that the program can judge the file before it runs any of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/detail/plugin_entry.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/tool_set.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

enum class LogLevel : std::int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/// Writes one line to the host's log; any thread. Does nothing before the host has started the
/// plugin. The host takes out the secrets it knows; log none.
inline void host_log(LogLevel level, std::string_view text) noexcept {
  const auto* log = detail::host_service<cp_host_log_v1>(CP_HOST_LOG);
  if (log == nullptr || !CP_HAS(cp_host_log_v1, log, log)) return;
  log->log(log->ctx, static_cast<std::int32_t>(level), detail::bytes(text));
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN

/// Makes this shared library the provider ID. See the head of this file.
#define CARTPILOT_PROVIDER_PLUGIN(CLASS, ID, VERSION, ENV_JSON)                                 \
  CARTPILOT_PLUGIN_ENTRY(CLASS, ::cartpilot::LLMProvider, ProviderTable, ID, VERSION, ENV_JSON, \
                         CP_PROVIDER, "")

/// Makes this shared library the tool set ID. Its reads may be called from several threads at once
/// (tool_set.h), which the manifest says.
#define CARTPILOT_TOOLSET_PLUGIN(CLASS, ID, VERSION, ENV_JSON)                             \
  CARTPILOT_PLUGIN_ENTRY(CLASS, ::cartpilot::ToolSet, ToolSetTable, ID, VERSION, ENV_JSON, \
                         CP_TOOLSET, "\"concurrent\":true,")
