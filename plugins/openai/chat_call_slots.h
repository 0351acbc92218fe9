// ChatCallSlots: whole calls out of the fragments of a Chat Completions stream.
//
// Fragments should be told apart by `index`. Servers leave it out, use 0 for everything, start
// anywhere, change ids or repeat them; so index and id are both learned as names of a slot, and the
// slot touched last takes what names neither. One answer, one thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::openai {

class ChatCallSlots {
 public:
  /// Tells whether the text so far is a closed object or array. Where ids change from fragment to
  /// fragment, only that tells the next fragment of a call from the next call.
  class BracketCount {
   public:
    void feed(std::string_view text);
    bool closed() const { return begun_ && depth_ == 0 && !in_string_; }

   private:
    int depth_ = 0;
    bool begun_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
  };

  struct Slot {
    std::string id;
    std::string name;
    std::string arguments;
    BracketCount brackets;        ///< over the arguments
    Json extra = Json::object();  ///< members of the call that are not Chat Completions' own
    bool custom = false;
    bool announced = false;  ///< the screen was told about this call
  };

  /// Takes one entry of `delta.tool_calls` (or of `message.tool_calls`). Returns the slot it went
  /// to and, in `fragment`, the argument text it added. A fragment that is no object is ignored
  /// and gives nullptr.
  Slot* add(const Json& delta, std::string& fragment);

  std::vector<Slot>& slots() { return slots_; }
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  std::size_t choose(const Json& delta, const std::string& id, const std::string& name);
  std::size_t open_slot();

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Slot> slots_;  ///< in order of creation
  std::map<std::int64_t, std::size_t> by_index_;
  std::map<std::string, std::size_t> by_id_;
  std::size_t last_ = kNone;
};

}  // namespace cartpilot::openai
