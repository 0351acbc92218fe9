// RequestStates: the state of a call that went back to the client and comes again, since revision
// 2026-07-28.
//
// A client sends the text back unchanged, and could send anything. So it carries a code that only
// this process can make, over the tool, a digest of the arguments, who is calling, when it ends,
// and what the client answered so far; it is taken once. It permits nothing: it only says what the
// client was asked. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "cartpilot/json.h"

namespace cartpilot::mcp {

constexpr std::int64_t kStateLifetimeMs = 10 * 60 * 1000;

class RequestStates {
 public:
  using UnixClock = std::function<std::int64_t()>;

  /// `principal`: whose calls these are; states of another one count for nothing.
  explicit RequestStates(std::string principal, UnixClock now_unix_ms = {});

  /// `answers`: those of the client that the next round needs, by the name of the question.
  std::string make(const std::string& tool, const Json& arguments,
                   const Json& answers = Json::object());

  /// The answers in it. Throws ProtocolError{kInvalidParams} for a state that was changed, belongs
  /// to another call, is over, or was taken before.
  Json take(std::string_view state, const std::string& tool, const Json& arguments);

 private:
  std::string code_of(const std::string& body) const;

  const std::string principal_;
  const UnixClock now_;
  const std::string key_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> taken_;  ///< until their end
};

}  // namespace cartpilot::mcp
