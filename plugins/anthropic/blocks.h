// BlockList: the content blocks of one answer, put together from their pieces.
//
// Keeps every block as it came, in the order of arrival, and shows text, thinking and calls as they
// grow. Some servers begin a block twice, leave indexes out or send a piece that does not fit its
// block; words are kept in any case, a call is only whole with its beginning and its own end. One
// answer, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/stream_event.h"

namespace cartpilot::anthropic {

struct Block {
  Json raw;               ///< as it goes back
  std::string input;      ///< argument text received so far
  std::string call_id;    ///< for the program; "" for blocks that are no calls
  bool ended = false;     ///< its own end was seen
  bool implied = false;   ///< made for a piece without a block
  bool too_long = false;  ///< arguments beyond the limit were dropped

  bool is_call() const { return !call_id.empty(); }
  bool is(const char* type) const { return string_or(raw, "type") == type; }
};

class BlockList {
 public:
  /// Bytes of one call's arguments that are taken.
  static constexpr std::size_t kMaxInput = 512 * 1024;

  /// `used_ids` = ids of all calls in the history.
  explicit BlockList(std::set<std::string> used_ids) : used_ids_(std::move(used_ids)) {}

  void start(std::int64_t index, const Json& block, EventSink& sink);
  /// False for arguments of a call that never began.
  bool add(std::int64_t index, const Json& delta, EventSink& sink);
  void stop(std::int64_t index);

  std::vector<Block>& blocks() { return blocks_; }
  bool has_text() const { return has_text_; }
  std::size_t calls() const { return calls_; }

 private:
  Block* open_block(std::int64_t index);
  Block& implied_block(const char* type, const char* member);
  void show_text(const std::string& text, EventSink& sink);
  void add_input(Block& block, const std::string& text, EventSink& sink);

  std::set<std::string> used_ids_;
  std::vector<Block> blocks_;
  std::map<std::int64_t, std::size_t> open_;  ///< index of the stream -> place in blocks_
  bool has_text_ = false;
  std::size_t calls_ = 0;
};

}  // namespace cartpilot::anthropic
