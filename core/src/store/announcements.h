// Announcements: that something changed in a state, for whoever waits for it.
//
// A waiter looks for itself what it was; an announcement that is missed costs a second, since
// waiters look that often anyway. Within a process every state announces here. Between processes
// that share a PostgreSQL database a PostgresListener passes them on. Any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace cartpilot::store {

/// Grows with each announcement.
std::uint64_t announcements();

void announce_here();

/// Waits at most `longest` until there are others than `seen`. Returns how many there are.
std::uint64_t wait_for_announcement(std::uint64_t seen, std::chrono::milliseconds longest);

}  // namespace cartpilot::store
