#include "plugin/host/verifier.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"

namespace cartpilot::plugin {
namespace {

constexpr std::int64_t kRetryTimeoutsAfter = 24 * 60 * 60;  // seconds

std::string stamp_of(const Examination& seen) {
  return Fingerprint().add(program_stamp()).add(seen.identity).text();
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
  const auto text = cache_.read("probe", candidate.file, stamp_of(seen));
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
    cache_.write("probe", candidate.file, stamp_of(seen), verdict_to_text(verdict));
  }
  return verdict;
}

}  // namespace cartpilot::plugin
