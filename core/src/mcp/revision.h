// Revisions of the Model Context Protocol, and what each of them has.
//
// A revision is named by its date, so that the order of the names is the order of time. Legacy
// revisions agree on one of them with `initialize`; the modern one is named by every request.
// Constants and pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace cartpilot::mcp {

constexpr std::string_view kModernRevision = "2026-07-28";

/// Newest first.
constexpr std::array<std::string_view, 4> kLegacyRevisions = {"2025-11-25", "2025-06-18",
                                                              "2025-03-26", "2024-11-05"};

/// What the server goes on with when a client asks for `wanted` in `initialize`: the same when it
/// is known, else the newest that has an `initialize`.
constexpr std::string_view negotiated_revision(std::string_view wanted) {
  const auto* const known = std::find(kLegacyRevisions.begin(), kLegacyRevisions.end(), wanted);
  return known == kLegacyRevisions.end() ? kLegacyRevisions.front() : *known;
}

/// JSON-RPC batches came with this revision and went with the next.
constexpr bool has_batches(std::string_view revision) { return revision == "2025-03-26"; }
constexpr bool has_annotations(std::string_view revision) { return revision >= "2025-03-26"; }
constexpr bool has_progress_messages(std::string_view revision) { return revision >= "2025-03-26"; }
constexpr bool has_titles(std::string_view revision) { return revision >= "2025-06-18"; }
constexpr bool has_form_elicitation(std::string_view revision) { return revision >= "2025-06-18"; }
constexpr bool has_url_elicitation(std::string_view revision) { return revision >= "2025-11-25"; }
constexpr bool has_structured_content(std::string_view revision) {
  return revision >= "2025-06-18";
}

}  // namespace cartpilot::mcp
