// SharedPage: what the actors of one torture run share: the clock they all go by, and the kill
// point.
//
// A page of memory mapped from a file, so that the program under test, the server, the model and
// the harness, whichever process they live in, see the same numbers. Time only moves forward:
// whoever makes something "take long" adds to `warp_ns`, and nobody waits. Everything is atomic;
// any process, any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace cartpilot::torture {

/// Environment variable with the path of the page, for programs started with exec.
inline constexpr const char* kSharedPageVariable = "CARTPILOT_TORTURE_PAGE";

struct SharedPage {
  std::atomic<std::int64_t> warp_ns{0};    ///< how far this world's clocks are ahead
  std::atomic<std::int64_t> points{0};     ///< kill points passed by the program so far
  std::atomic<std::int64_t> kill_at{0};    ///< the point that kills, 1 = the first; 0 = none
  std::atomic<std::int64_t> fail_from{0};  ///< from this point on, writes to disk fail; 0 = none
};

static_assert(std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace cartpilot::torture
