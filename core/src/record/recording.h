// The file of a recording: JSON Lines, one event a line.
//
//   {"n":0,"ms":0,"event":"begin","format":1, ... ,"sum":"91c3..."}
//   {"n":1,"ms":3,"lane":"0","event":"random","hex":"...","sum":"..."}
//   ...
//   {"n":57,"ms":9120,"event":"end","exit":0,"sum":"..."}
//
// `n` counts, `ms` is the time since the beginning, `lane` see base/outside.h. `sum` is the
// beginning of the SHA-256 of the line before it and of everything else in the line, so that a line
// that was changed, removed or put in is named. docs/recordings.md describes every event. Plain
// values; the functions may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::record {

constexpr int kFormat = 1;

struct Event {
  std::int64_t number = 0;
  std::int64_t ms = 0;
  std::string lane;  ///< "" for facts about the whole process
  std::string kind;
  Json data = Json::object();  ///< the members of its own
};

/// The line of `event`, without its end. `sum` is that of the line before, "" before the first, and
/// becomes that of this one.
std::string line_of(const Event& event, std::string& sum);

/// All events, from "begin" to "end". Throws Error{kInvalidArgument} with one line naming the
/// place, when the file cannot be read, is no recording, is of a newer format, was changed or cut
/// off.
std::vector<Event> read_recording(const std::string& file);

/// Bytes as JSON: text when they are UTF-8, else {"base64": "..."}.
Json bytes_to_json(const std::string& bytes);
std::string bytes_from_json(const Json& value);

}  // namespace cartpilot::record
