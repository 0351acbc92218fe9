// PluginVerifier: may this file be loaded? Its path, and what happened when it was tried in a
// child.
//
// Remembers verdicts in the cache; permissions are looked at every time. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "plugin/file/trust.h"
#include "plugin/host/cache.h"
#include "plugin/host/discovery.h"
#include "plugin/host/examination.h"
#include "plugin/host/probe.h"

namespace cartpilot::plugin {

class PluginVerifier {
 public:
  PluginVerifier(const SearchOptions& search, std::function<void(const std::string&)> notice);

  /// The objection to the path, if it counts; one that is let pass is a notice.
  Refusal judge_path(const Candidate& candidate);

  /// What is known from earlier tries of exactly this file; nullopt when it must be tried (again).
  std::optional<ProbeVerdict> known_verdict(const Candidate& candidate,
                                            const Examination& seen) const;

  /// The verdict of a try in a child, of now or earlier; nullopt when none is to be made.
  std::optional<ProbeVerdict> try_in_child(const Candidate& candidate, const Examination& seen,
                                           bool again) const;

 private:
  const ProbeOptions probe_;
  const bool allow_insecure_;
  const PluginCache cache_;
  const std::function<void(const std::string&)> notice_;
  std::mutex mutex_;
  PathTrust trust_;
};

}  // namespace cartpilot::plugin
