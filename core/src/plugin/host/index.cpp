#include "plugin/host/index.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "plugin/host/examination.h"

namespace cartpilot::plugin {
namespace {

using Group = std::vector<const Candidate*>;

PluginSummary summary_of(const Candidate& candidate) {
  Examination seen = examine_plugin(candidate.file);
  return {std::move(seen.manifest.id), std::move(seen.manifest.providers),
          std::move(seen.manifest.tool_sets), static_cast<bool>(seen.refusal)};
}

/// Names of plugins and what they offer hold none of these.
constexpr char kField = '\t';
constexpr char kItem = ',';
constexpr char kLine = '\n';

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> items(std::string_view text) {
  std::vector<std::string> names;
  if (text.empty()) return names;
  for (const std::string_view name : split(text, kItem)) names.emplace_back(name);
  return names;
}

std::string to_text(const std::vector<PluginSummary>& summaries) {
  std::string text;
  for (const PluginSummary& summary : summaries) {
    text += fmt::format("{}\t{}\t{}\t{}\n", summary.refused ? '-' : '+', summary.id,
                        fmt::join(summary.providers, ","), fmt::join(summary.tool_sets, ","));
  }
  return text;
}

std::optional<std::vector<PluginSummary>> from_text(std::string_view text, std::size_t count) {
  std::vector<PluginSummary> summaries;
  summaries.reserve(count);
  while (!text.empty()) {
    const std::size_t end = text.find(kLine);
    if (end == std::string_view::npos || summaries.size() == count) return std::nullopt;
    const std::vector<std::string_view> fields = split(text.substr(0, end), kField);
    if (fields.size() != 4 || (fields[0] != "+" && fields[0] != "-")) return std::nullopt;
    summaries.push_back(
        {std::string(fields[1]), items(fields[2]), items(fields[3]), fields[0] == "-"});
    text.remove_prefix(end + 1);
  }
  if (summaries.size() != count) return std::nullopt;
  return summaries;
}

/// Of one directory.
std::vector<PluginSummary> summarise_group(const Group& group, const PluginCache& cache) {
  const std::string directory = group.front()->directory;
  Fingerprint stamp;
  stamp.add(program_stamp());
  for (const Candidate* candidate : group) {
    stamp.add(candidate->stem).add(candidate->identity);
  }
  if (const auto text = cache.read("index", directory, stamp.text())) {
    if (auto known = from_text(*text, group.size())) return *std::move(known);
  }
  std::vector<PluginSummary> summaries;
  summaries.reserve(group.size());
  for (const Candidate* candidate : group) summaries.push_back(summary_of(*candidate));
  cache.write("index", directory, stamp.text(), to_text(summaries));
  return summaries;
}

}  // namespace

std::vector<PluginSummary> summarise(const std::vector<const Candidate*>& candidates,
                                     const PluginCache& cache) {
  std::vector<PluginSummary> result;
  result.reserve(candidates.size());
  for (std::size_t begin = 0; begin < candidates.size();) {
    Group group = {candidates[begin]};
    while (begin + group.size() < candidates.size() && !group.front()->named &&
           candidates[begin + group.size()]->directory == group.front()->directory) {
      group.push_back(candidates[begin + group.size()]);
    }
    begin += group.size();
    for (PluginSummary& summary : summarise_group(group, cache)) {
      result.push_back(std::move(summary));
    }
  }
  return result;
}

}  // namespace cartpilot::plugin
