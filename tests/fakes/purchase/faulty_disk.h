// FaultyDisk: SQLite's disk with a finger on it.
//
// While one lives, every database that is opened goes through it. It counts what is written, synced
// and truncated, and can make the n-th of these fail, make all from the n-th on fail, or call
// something right before each (to die there). One at a time, one thread.
#pragma once

#include <functional>

namespace cartpilot::purchase {

class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  enum class Failure { kOnce, kFromThenOn };
  /// The `nth` operation from now on fails (1 = the next), as on a full or broken disk.
  void fail(int nth, Failure failure);
  /// No more failures.
  void heal();
  /// Reading a file fails from the `from`-th time on, in place of what fail() counts; 0 = never.
  void fail_reads(int from);
  /// True when a failure was given out since fail().
  bool failed() const;
  /// Called right before every operation.
  void watch(std::function<void()> before_operation);

  int writes() const;
  int syncs() const;
};

}  // namespace cartpilot::purchase
