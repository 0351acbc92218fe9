// Tape: what everything outside the program passes by: the recorder of a run, or the player of a
// recording.
//
// The doors of the program ask for it: the clocks and randomness (through base::Outside), the HTTP
// client, the terminal, signals, the plugins that were found. There is at most one per process; it
// is set before the first door is used and outlives the last. Doors may be used by several threads.
#pragma once

#include <string>
#include <string_view>

#include "base/outside.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::record {

/// The lane of exchanges on threads that are in none, as those of plugins are. They happen in any
/// order: a replay finds an exchange by what is asked.
inline constexpr const char* kPluginThreads = "plugin";

/// Where something was shown.
enum class Stream { kOut, kErr, kTerminal };

/// "out", "err" or "terminal".
const char* stream_name(Stream stream);

class Tape : public base::Outside {
 public:
  /// True when what comes from outside is that of a recording.
  virtual bool plays() const = 0;

  /// Something came in: `seen` while recording; a replay passes null and gets what was recorded.
  /// A replay whose recording has something else here ends the process.
  virtual Json came(const std::string& kind, const Json& seen) = 0;

  /// What came() will return next, in a replay.
  virtual Json coming(const std::string& kind) = 0;

  /// Whether came() would return that next, in a replay.
  virtual bool comes_next(const std::string& kind) = 0;

  /// `text` is being shown. A replay that shows something else than the recording ends the process.
  virtual void shown(Stream stream, std::string_view text) = 0;

  /// The program looks how often the person has asked to stop since that was last answered. Returns
  /// how often it shall see.
  virtual int look(int real) = 0;
  /// The program reads again what another program may change. `changed` is what it found, if that
  /// is not what it knew, else null. Returns what it shall take for it in a replay, null when
  /// nothing had changed; a recording returns null.
  virtual Json reread(const std::string& kind, const Json& changed) = 0;
  /// After a wait on the outside, which looks an unknown number of times: a signal that ended it is
  /// noted, or comes, before anything else happens.
  virtual void catch_up(const CallContext& context) = 0;

  /// A fact about the whole process that a replay needs at its beginning.
  virtual void about(const std::string& kind, const Json& data) = 0;
  /// The plugins that can be used, as [{"id","version","sha256","providers","tool_sets",
  /// "variables","environment"}]. Returns the variables that plugins shall see, by name. A replay
  /// without a plugin that was used, or with another build of it, ends the process.
  virtual Json plugins(const Json& found) = 0;
  /// A fact about the process, such as {"out", true}: standard output is a terminal.
  virtual bool fact(const std::string& name, bool real) = 0;
};

/// The tape that is set, if this thread is in a lane; else null.
Tape* tape();
/// The tape that is set, whatever the thread.
Tape* process_tape();
/// Null ends it.
void set_tape(Tape* tape);

}  // namespace cartpilot::record
