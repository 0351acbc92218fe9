// The note beside the database about the last link of the purchase chain.
//
// A chain proves that nothing in it was altered, but a deleted or rolled back database has a chain
// that is whole. The note, "STATE.head" in the same folder, tells. It is written after the commit
// and is never ahead of the record. It is a detector and not a record: a note that cannot be
// written or read is as good as none. Who compares note and chain, or writes the note, holds the
// lock, so that several programs neither compare two different moments nor write an older link over
// a newer one. Plain functions; any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "purchase/journal.h"

namespace cartpilot::purchase {

/// A lock on the note, released at its end and with the process. ":memory:" has none, nor has a
/// folder in which the note cannot be made.
class ChainHeadLock {
 public:
  enum class Mode { kShared, kExclusive };

  /// Throws Error{kUnavailable, reason "busy"} when others hold it for longer than two seconds.
  ChainHeadLock(const std::filesystem::path& database, Mode mode);
  ~ChainHeadLock();
  ChainHeadLock(const ChainHeadLock&) = delete;
  ChainHeadLock& operator=(const ChainHeadLock&) = delete;

 private:
  int descriptor_ = -1;
};

/// Replaces the note; seq 0 (an empty chain) empties it. ":memory:" has none.
void note_chain_head(const std::filesystem::path& database, const ChainHead& head) noexcept;

/// The note, nullopt when there is none that can be read.
std::optional<ChainHead> noted_chain_head(const std::filesystem::path& database);

}  // namespace cartpilot::purchase
