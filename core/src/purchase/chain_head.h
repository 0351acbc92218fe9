// The note beside the database about the last link of the purchase chain.
//
// A chain proves that nothing in it was altered, but a deleted or rolled back database has a chain
// that is whole. The note, "STATE.head" in the same folder, tells. It is written after the commit
// and may lag behind another process; it is never ahead. It is a detector and not a record: a note
// that cannot be written or read is as good as none. Plain functions; any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "purchase/journal.h"

namespace cartpilot::purchase {

/// Replaces the note; seq 0 (an empty chain) removes it. ":memory:" has none.
void note_chain_head(const std::filesystem::path& database, const ChainHead& head) noexcept;

/// The note, nullopt when there is none that can be read.
std::optional<ChainHead> noted_chain_head(const std::filesystem::path& database);

}  // namespace cartpilot::purchase
