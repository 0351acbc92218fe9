// A state database as programs of format 1 left it, made by the SQL they made it with.
//
// One conversation ("session-1"), one checkout of it ("c-1") and one purchase of it ("a1", 86.38
// USD) whose outcome is unknown. Plain functions; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace cartpilot::purchase {

/// The purchase as its last event tells it.
std::string format_1_record(std::int64_t sent_unix_ms);

/// Makes the file, which must not exist. Throws std::runtime_error.
void make_format_1_state(const std::filesystem::path& file, std::int64_t sent_unix_ms);

}  // namespace cartpilot::purchase
