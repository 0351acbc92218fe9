#include "plugin/host/examination.h"

#include <fmt/format.h>

#include <utility>

#include "cartpilot/abi.h"
#include "cartpilot/error.h"

namespace cartpilot::plugin {

Refusal other_epoch(std::int64_t epoch) {
  return {
      "CP-P07",
      fmt::format("built for plugin ABI epoch {}; this cartpilot speaks epoch {}", epoch, CP_EPOCH),
      epoch > static_cast<std::int64_t>(CP_EPOCH)
          ? fmt::format("install a newer cartpilot, or a build of it for epoch {}", CP_EPOCH)
          : fmt::format("install a build of it for epoch {}", CP_EPOCH)};
}

Refusal judge_manifest(std::string_view text, PluginManifest& manifest) {
  try {
    manifest = parse_manifest(text);
  } catch (const Error& error) {
    return {"CP-P12", fmt::format("its manifest cannot be used: {}", error.what()),
            "report it to the plugin's author"};
  }
  if (manifest.epoch != CP_EPOCH) return other_epoch(manifest.epoch);
  if (manifest.min_revision > static_cast<std::int64_t>(CP_REVISION)) {
    return {"CP-P13",
            fmt::format("it needs plugin ABI revision {}; this cartpilot has {}",
                        manifest.min_revision, CP_REVISION),
            fmt::format("install a cartpilot with plugin ABI revision {} or newer "
                        "(cartpilot plugin path shows it)",
                        manifest.min_revision)};
  }
  for (const std::string& service : manifest.needed_services) {
    if (service != CP_HOST_LOG && service != CP_HOST_HTTP) {
      return {"CP-P13", fmt::format("it needs the service {}, which this cartpilot lacks", service),
              "install a newer cartpilot"};
    }
  }
  return {};
}

Examination examine_plugin(const std::filesystem::path& file) {
  Examination result;
  FileFacts facts;
  Refusal refusal = examine_file(file, facts);
  result.identity = facts.identity;
  result.note = std::move(facts.manifest);
  // The manifest speaks first: a build for another epoch may also have another entry.
  if (!result.note.empty()) result.refusal = judge_manifest(result.note, result.manifest);
  if (!result.refusal) result.refusal = std::move(refusal);
  return result;
}

}  // namespace cartpilot::plugin
