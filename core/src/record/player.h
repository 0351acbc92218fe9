// Player: gives a program what a recording holds, and compares what it does with it.
//
// Every reading and every input is the next one of its lane. The first thing that is not as
// recorded ends the process: `ends` is called with one sentence and must not return. Readings of
// a clock are not compared, because a wait looks at it as often as it likes. Any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "record/answer_bytes.h"
#include "record/recording.h"
#include "record/tape.h"

namespace cartpilot::record {

class Player final : public Tape {
 public:
  enum class End { kDiffers, kMissingPlugin };

  /// `file` names the recording in sentences.
  Player(std::string file, std::vector<Event> events,
         std::function<void(End, const std::string&)> ends);

  /// The program ended with `exit_code`: nothing may be left.
  void finish(int exit_code);

  std::int64_t clock(base::ClockKind kind, std::int64_t real) override;
  void random(void* bytes, std::size_t size) override;
  bool skips_sleep() const override { return true; }
  std::string keyed(const std::string& real) override;
  std::size_t released(std::size_t size, std::size_t real) override;

  bool plays() const override { return true; }
  Json came(const std::string& kind, const Json& seen) override;
  Json coming(const std::string& kind) override;
  bool comes_next(const std::string& kind) override;
  void shown(Stream stream, std::string_view text) override;
  int look(int real) override;
  Json reread(const std::string& kind, const Json& changed) override;
  void catch_up(const CallContext& context) override;
  void about(const std::string&, const Json&) override {}
  Json plugins(const Json& found) override;
  bool fact(const std::string& name, bool real) override;

  /// `request` is sent: it must be the one that was recorded. Returns the number of the exchange.
  int request(const HttpRequest& request);
  /// Its answer, without taking it yet: "status", "headers", "body", "cuts", "error".
  Json answer_to(int request);
  /// The answer was delivered.
  void answered(int request);

 private:
  struct LaneState {
    std::vector<std::size_t> events;  ///< indices, in order
    std::size_t next = 0;
    std::size_t readings = 0;  ///< taken from the clock event that is next
    int looks = 0;             ///< for signals, since the last event
    int reads = 0;             ///< of what others may change, since the last event
    int feeds = 0;             ///< for texts that are held back, since the last event
  };
  struct Shown {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> pieces;  ///< end in `text`, event
    std::size_t at = 0;
  };

  // All with the mutex held.
  LaneState& here();
  /// The place in the lane of the next event that is no clock's.
  std::size_t next_event(const LaneState& lane) const;
  /// That event, null at the end.
  const Event* peek(const LaneState& lane) const;
  /// Goes behind it.
  void pass(LaneState& lane) const;
  const Event& take(const std::string& kind, const std::string& doing);
  [[noreturn]] void differ(const Event* event, const std::string& how);
  /// The same request on a thread of a plugin, whose exchanges have no order.
  int request_of_plugin_thread(const Json& now);

  mutable std::recursive_mutex mutex_;
  const std::string file_;
  const std::vector<Event> events_;
  const std::function<void(End, const std::string&)> ends_;
  std::map<std::string, LaneState> lanes_;
  std::map<std::string, Shown> shown_;
  std::map<int, std::int64_t> last_reading_;  ///< by kind of clock
  std::map<std::int64_t, const Event*> answers_;
  std::map<std::string, bool> facts_;
  std::set<std::int64_t> plugin_requests_;  ///< of plugins' threads, that were asked again
  KeyNumbers keys_;
};

}  // namespace cartpilot::record
