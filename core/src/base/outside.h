// Outside: what stands between the program and the clocks, randomness and sleep, when something
// does: the recorder of a run, or the player of a recording.
//
// One per process, set before the first reading and kept until the last; without one the readers of
// clock.h, random.h and wait.h go to the system. Any thread may read.
//
// Readings are told apart by lane. A lane is a sequence of readings that is the same whenever the
// program does the same: the main thread is one, and each job of a fan-out, whichever thread works
// on it. A thread in no lane (a server's, a plugin's) goes to the system.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace cartpilot::base {

enum class ClockKind : int { kSteady, kSystem, kBoot };

class Outside {
 public:
  virtual ~Outside() = default;

  /// The reading to use, in nanoseconds, for one that the system gave as `real`.
  virtual std::int64_t clock(ClockKind kind, std::int64_t real) = 0;
  /// Random bytes were asked for; `bytes` holds the system's and may be replaced.
  virtual void random(void* bytes, std::size_t size) = 0;
  /// Of `size` bytes `real` can be passed on; the rest may begin a key. Returns how many shall be:
  /// a replay does not know the key.
  virtual std::size_t released(std::size_t size, std::size_t real) = 0;
  /// A name was drawn from a key. Returns the one to use: a replay does not know the key.
  virtual std::string keyed(const std::string& real) = 0;
  /// True when a pause of the program need not last.
  virtual bool skips_sleep() const = 0;
};

/// Null ends it.
void set_outside(Outside* outside);
/// The one that is set, if this thread is in a lane; else null.
Outside* outside_here();

/// The lane of this thread, "" outside of all: "0", or "0.2.5" for the sixth job of its third
/// fan-out.
const std::string& current_lane();

/// Puts this thread into a lane until its end. The main thread's is "0".
class Lane {
 public:
  explicit Lane(std::string name);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

 private:
  std::string before_;
};

/// Jobs that run beside each other: made where they begin, asked by each for its lane.
class Fanout {
 public:
  Fanout();
  std::string lane(std::size_t job) const;

 private:
  std::string name_;
};

/// Takes this thread out of its lane until its end: for work that a replay does not do or does
/// another number of times.
class Unrecorded : public Lane {
 public:
  Unrecorded() : Lane("") {}
};

}  // namespace cartpilot::base
