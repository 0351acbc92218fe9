// Recorder: writes down all that comes into this process from outside, and what it shows.
//
// Events are kept until the person types something or the run ends, so that a secret that came in
// pieces is seen whole before anything is written; see secret_ranges.h. The file has mode 0600.
// What cannot be written is told once, at the end, and changes nothing else. Any thread.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "record/answer_bytes.h"
#include "record/recording.h"
#include "record/tape.h"

namespace cartpilot::record {

class Recorder final : public Tape {
 public:
  /// `begin` is what the replay has to know first. Throws Error{kInvalidArgument} when the file
  /// exists or cannot be made.
  Recorder(std::filesystem::path file, Json begin);
  ~Recorder() override;

  /// The last event. Returns why the recording is not whole, as a sentence; nullopt when it is.
  std::optional<std::string> finish(int exit_code);

  std::int64_t clock(base::ClockKind kind, std::int64_t real) override;
  void random(void* bytes, std::size_t size) override;
  bool skips_sleep() const override { return false; }
  std::string keyed(const std::string& real) override;
  std::size_t released(std::size_t size, std::size_t real) override;

  bool plays() const override { return false; }
  Json came(const std::string& kind, const Json& seen) override;
  Json coming(const std::string&) override { return nullptr; }
  bool comes_next(const std::string&) override { return false; }
  void shown(Stream stream, std::string_view text) override;
  int look(int real) override;
  Json reread(const std::string& kind, const Json& changed) override;
  void catch_up(const CallContext& context) override;
  void about(const std::string& kind, const Json& data) override;
  Json plugins(const Json& found) override;
  bool fact(const std::string& name, bool real) override;

  /// An exchange begins; the number names it.
  int request(const HttpRequest& request);
  /// It ended. `pieces` are those of the body, `ms` when each came.
  void answer(int request, const HttpHead* head, const std::vector<std::string>& pieces,
              const std::vector<std::int64_t>& ms, const Error* error);

  std::int64_t elapsed_ms() const;

 private:
  struct LaneState {
    Json clock = Json::array();  ///< readings since the last event
    int looks = 0;               ///< for signals, since the last event
    int reads = 0;               ///< of what others may change, since the last event
    int feeds = 0;               ///< for texts that are held back, since the last event
  };
  struct Kept {
    Event event;
    std::vector<std::string> pieces;  ///< of bytes that are redacted together
    std::vector<std::int64_t> ms;
    std::optional<Stream> stream;
  };

  // All with the mutex held.
  Kept& add(const std::string& kind, Json data, bool in_lane = true);
  void close_clock(const std::string& lane);
  void write_kept();
  void write_line(const Event& event);

  mutable std::mutex mutex_;
  const std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t started_ms_ = 0;
  std::map<std::string, LaneState> lanes_;
  std::vector<Kept> kept_;
  KeyNumbers keys_;
  int requests_ = 0;
  int signals_seen_ = 0;
  std::int64_t next_number_ = 0;
  std::string sum_;
  std::string failure_;
};

}  // namespace cartpilot::record
