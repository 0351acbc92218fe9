// PluginProbe: loads a plugin in a child process first, because nothing else can tell whether that
// crashes, ends or hangs the program.
//
// The child is this program again ("__plugin-probe"). It reports each phase on a pipe; only a
// complete report counts as success, not an exit code. A supervisor inside the child kills
// everything the plugin started, also what left its process group. What the plugin prints is
// captured up to 64 KiB. probe() may run on several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plugin/file/file.h"

namespace cartpilot::plugin {

struct ProbeOptions {
  enum class When { kFirstSight, kAlways, kOff } when = When::kFirstSight;
  std::filesystem::path program;  ///< that understands __plugin-probe; "" = never probe
  std::chrono::milliseconds limit{10'000};
};

struct ProbeVerdict {
  Refusal refusal;    ///< none: it loads, starts and offers what it promises
  std::string phase;  ///< the last one reached: open, constructors, entry, query, init, done
  std::vector<std::string> warnings;  ///< what it did to its surroundings
  std::int64_t unix_time = 0;
  bool keep = false;  ///< depends on nothing but the file, so it may be remembered
};

ProbeVerdict probe(const std::filesystem::path& file, const ProbeOptions& options);

/// Text for a cache, and back; damaged texts give nullopt.
std::string verdict_to_text(const ProbeVerdict& verdict);
bool verdict_from_text(const std::string& text, ProbeVerdict& verdict);

/// The word that makes the program a probe.
constexpr const char* kProbeCommand = "__plugin-probe";

/// main() of the child: argv = {program, kProbeCommand, file, limit in ms}; descriptor 3 is the
/// report. Returns the exit code.
int run_probe_child(int argc, const char* const* argv);

}  // namespace cartpilot::plugin
