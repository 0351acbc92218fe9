#include "plugin/file/manifest.h"

#include <algorithm>

#include "cartpilot/abi.h"
#include "cartpilot/detail/wire_fields.h"
#include "cartpilot/plugin.h"

namespace cartpilot::plugin {
namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr std::size_t kMaxNames = 256;
constexpr std::size_t kMaxAboutBytes = 256;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kProtocol, why); }

bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 128 && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), fits);
}

/// An array of strings that all satisfy `fits`; absent = empty.
std::vector<std::string> names(const Json& object, const char* key, const std::string& type,
                               bool (*fits)(std::string_view)) {
  std::vector<std::string> result;
  const Json* value = wire::member(object, key);
  if (value == nullptr) return result;
  const std::string what = type + "." + key;
  wire::expect_array(*value, what);
  if (value->size() > kMaxNames) refuse(what + " is too long");
  for (const Json& name : *value) {
    if (!name.is_string() || !fits(name.get_ref<const std::string&>())) {
      refuse(what + " holds the impossible name " + detail::cut_text(dump_json(name), 80));
    }
    if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(name);
  }
  return result;
}

/// A short text for people; absent = "".
std::string about(const Json& object, const char* key, const std::string& type) {
  if (wire::member(object, key) == nullptr) return "";
  return detail::cut_text(wire::text(object, key, type), kMaxAboutBytes);
}

/// Names, or {"name":"ACME_BASE_URL","secret":false} for what holds no key.
void read_variables(const Json& manifest, PluginManifest& result) {
  const Json* env = wire::member(manifest, "env");
  if (env == nullptr) return;
  wire::expect_array(*env, "manifest.env");
  if (env->size() > kMaxNames) refuse("manifest.env is too long");
  for (const Json& entry : *env) {
    const Json* name = entry.is_object() ? wire::member(entry, "name") : &entry;
    if (name == nullptr || !name->is_string() ||
        !is_variable_name(name->get_ref<const std::string&>())) {
      refuse("manifest.env holds the impossible name " + detail::cut_text(dump_json(entry), 80));
    }
    const auto text = name->get<std::string>();
    const auto& known = result.environment;
    if (std::find(known.begin(), known.end(), text) != known.end()) continue;
    result.environment.push_back(text);
    if (entry.is_string() || wire::flag_or(entry, "secret", "manifest.env[]", true)) {
      result.secrets.push_back(text);
    }
  }
}

bool is_interface_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void read_interfaces(const Json& manifest, PluginManifest& result) {
  const Json* provides = wire::member(manifest, "provides");
  if (provides == nullptr) return;
  wire::expect_array(*provides, "manifest.provides");
  for (const Json& entry : *provides) {
    wire::expect_object(entry, "manifest.provides[]");
    const std::string interface_id = wire::text(entry, "interface", "manifest.provides[]");
    // Interfaces this build does not know are another host's business.
    std::vector<std::string>* target = interface_id == CP_PROVIDER  ? &result.providers
                                       : interface_id == CP_TOOLSET ? &result.tool_sets
                                                                    : nullptr;
    if (target == nullptr) continue;
    for (const std::string& name :
         names(entry, "factories", "manifest.provides[]", detail::id_is_valid)) {
      if (std::find(target->begin(), target->end(), name) == target->end()) {
        target->push_back(name);
      }
    }
  }
}

}  // namespace

PluginManifest parse_manifest(std::string_view text) {
  const std::string type = "manifest";
  if (text.size() > kMaxBytes) refuse("manifest is larger than 64 KiB");
  const Json json = parse_json(text, type);
  wire::expect_object(json, type);
  if (wire::whole_number_or(json, "schema", type, 1) != 1) refuse("manifest.schema is not 1");

  PluginManifest manifest;
  manifest.id = wire::text(json, "id", type);
  if (!detail::id_is_valid(manifest.id)) {
    refuse("manifest.id " + detail::cut_text(dump_json(manifest.id), 80) + " is no plugin id");
  }
  manifest.version = wire::text(json, "version", type);
  if (!detail::version_is_valid(manifest.version)) {
    refuse("manifest.version " + detail::cut_text(dump_json(manifest.version), 80) +
           " is no version");
  }
  const Json* abi = wire::member(json, "abi");
  if (abi == nullptr) refuse("manifest.abi is missing");
  wire::expect_object(*abi, "manifest.abi");
  manifest.epoch = wire::whole_number_or(*abi, "epoch", "manifest.abi", 0);
  manifest.min_revision = wire::whole_number_or(*abi, "min_revision", "manifest.abi", 0);
  read_interfaces(json, manifest);
  manifest.needed_services = names(json, "requires", type, is_interface_id);
  read_variables(json, manifest);
  manifest.concurrent = wire::flag_or(json, "concurrent", type, false);
  manifest.title = about(json, "name", type);
  manifest.license = about(json, "license", type);
  manifest.homepage = about(json, "homepage", type);
  if (const Json* build = wire::member(json, "build")) {
    wire::expect_object(*build, "manifest.build");
    manifest.build = *build;
  }
  return manifest;
}

}  // namespace cartpilot::plugin
