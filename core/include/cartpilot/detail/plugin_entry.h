// What the macros of plugin.h consist of: checks of their arguments, the manifest, and the exported
// function.
//
// Plugins get this through plugin.h and need not read it. All of it is constant.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "cartpilot/abi.h"
#include "cartpilot/detail/exports.h"
#include "cartpilot/detail/manifest_note.h"
#include "cartpilot/detail/services.h"
#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

constexpr bool id_is_valid(std::string_view id) {
  if (id.size() < 2 || id.size() > 63 || id[0] == '.' || id[0] == '-') return false;
  for (const char c : id) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-')) return false;
  }
  return true;
}

constexpr bool version_is_valid(std::string_view version) {
  if (version.empty() || version.size() > 63 || version[0] < '0' || version[0] > '9') return false;
  for (const char c : version) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
          c == '-' || c == '+')) {
      return false;
    }
  }
  return true;
}

constexpr bool looks_like_array(std::string_view json) {
  return json.size() >= 2 && json.front() == '[' && json.back() == ']';
}

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN

// The manifest as one literal, so that it can be placed in a section of the file.
#define CARTPILOT_MANIFEST(ID, VERSION, ENV_JSON, INTERFACE, EXTRA)                               \
  "{\"schema\":1,\"id\":\"" ID "\",\"version\":\"" VERSION                                        \
  "\",\"abi\":{\"epoch\":1,\"min_revision\":0},\"provides\":[{\"interface\":\"" INTERFACE         \
  "\",\"factories\":[\"" ID "\"]}]," EXTRA "\"env\":" ENV_JSON ",\"build\":" CARTPILOT_BUILD_JSON \
  "}"

#define CARTPILOT_PLUGIN_ENTRY(CLASS, BASE, TABLE, ID, VERSION, ENV_JSON, INTERFACE, EXTRA)        \
  static_assert(CP_EPOCH == 1, "CARTPILOT_MANIFEST names the epoch");                              \
  static_assert(std::is_base_of<BASE, CLASS>::value, #CLASS " must derive from " #BASE);           \
  static_assert(std::is_constructible<CLASS, const ::cartpilot::ProviderConfig&>::value,           \
                #CLASS " needs a constructor taking const cartpilot::ProviderConfig&");            \
  static_assert(::cartpilot::detail::id_is_valid(ID),                                              \
                "plugin id: 2 to 63 of a-z 0-9 . -, starting with a letter or digit");             \
  static_assert(::cartpilot::detail::version_is_valid(VERSION), "version: like \"1.2.3\"");        \
  static_assert(::cartpilot::detail::looks_like_array(ENV_JSON),                                   \
                "environment: a JSON array of names, like R\"([\"ACME_API_KEY\"])\", or \"[]\"");  \
  namespace {                                                                                      \
  struct CartpilotPluginNames {                                                                    \
    static bool accepts(std::string_view factory) { return factory == ID; }                        \
  };                                                                                               \
  CARTPILOT_NOTE_PLACE constexpr auto kCartpilotNote =                                             \
      ::cartpilot::detail::make_note(CARTPILOT_MANIFEST(ID, VERSION, ENV_JSON, INTERFACE, EXTRA)); \
  constexpr cp_plugin kCartpilotPlugin = {                                                         \
      CP_MAGIC,                                                                                    \
      sizeof(cp_plugin),                                                                           \
      CP_EPOCH,                                                                                    \
      CP_REVISION,                                                                                 \
      {kCartpilotNote.text, kCartpilotNote.text_size},                                             \
      &::cartpilot::detail::start_plugin,                                                          \
      nullptr,                                                                                     \
      &::cartpilot::detail::TABLE<CLASS, CartpilotPluginNames>::query};                            \
  }                                                                                                \
  extern "C" __attribute__((visibility("default"))) const cp_plugin* cartpilot_plugin_entry(       \
      std::uint32_t host_epoch, std::uint32_t host_revision);                                      \
  extern "C" const cp_plugin* cartpilot_plugin_entry(std::uint32_t, std::uint32_t) {               \
    return &kCartpilotPlugin;                                                                      \
  }
