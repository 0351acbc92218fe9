#include "plugin/host/verifier.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"

namespace cartpilot::plugin {
namespace {

constexpr std::int64_t kRetryTimeoutsAfter = 24 * 60 * 60;  // seconds

std::string text_of(const FileIdentity& file) {
  return fmt::format("{} {} {} {} {}", file.device, file.inode, file.size, file.modified_ns,
                     file.changed_ns);
}

/// What a verdict is about: this file, and this program, for another build must find out again.
std::string stamp_of(const Examination& seen) {
  static const std::string program = [] {
    FileIdentity identity;
    identify("/proc/self/exe", identity);
    return text_of(identity);
  }();
  return fmt::format("{}, by {}", text_of(seen.identity), program);
}

}  // namespace

PluginVerifier::PluginVerifier(const SearchOptions& search,
                               std::function<void(const std::string&)> notice)
    : probe_(search.probe),
      allow_insecure_(search.allow_insecure),
      cache_(search.cache_directory),
      notice_(std::move(notice)),
      trust_(TrustedParties::of_process()) {}

Refusal PluginVerifier::judge_path(const Candidate& candidate) {
  PathTrust::Verdict verdict;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    verdict = trust_.examine(candidate.file);
  }
  if (!verdict.refusal) return {};
  // Who names a file has chosen its directory; who could change the file itself was not chosen.
  const bool passes = allow_insecure_ || (candidate.named && verdict.directory);
  if (!passes) return verdict.refusal;
  notice_(fmt::format("plugin {}: {}; to fix it: {}", candidate.file, verdict.refusal.why,
                      verdict.refusal.fix));
  return {};
}

std::optional<ProbeVerdict> PluginVerifier::known_verdict(const Candidate& candidate,
                                                          const Examination& seen) const {
  const auto text = cache_.read(candidate.file, stamp_of(seen));
  ProbeVerdict verdict;
  if (!text || !verdict_from_text(*text, verdict)) return std::nullopt;
  const auto age = base::unix_ms_now() / 1000 - verdict.unix_time;
  if (verdict.refusal.code == "CP-P29" && (age < 0 || age > kRetryTimeoutsAfter)) {
    return std::nullopt;
  }
  return verdict;
}

std::optional<ProbeVerdict> PluginVerifier::try_in_child(const Candidate& candidate,
                                                         const Examination& seen,
                                                         bool again) const {
  if (probe_.when == ProbeOptions::When::kOff || probe_.program.empty()) return std::nullopt;
  if (!again && probe_.when == ProbeOptions::When::kFirstSight) {
    if (auto known = known_verdict(candidate, seen)) return known;
  }
  ProbeVerdict verdict = probe(candidate.file, probe_);
  if (verdict.keep) {
    cache_.write(candidate.file, stamp_of(seen), verdict_to_text(verdict));
  }
  return verdict;
}

}  // namespace cartpilot::plugin
