// Whether a JSON text names a member twice in one object.
//
// JSON leaves open which one counts, so a proxy, a server and we could each read another total.
// What is bought must have one meaning only. Plain function; any thread.
#pragma once

#include <string_view>

namespace cartpilot::commerce {

/// `text` is JSON that parse_json() accepted.
bool has_duplicate_members(std::string_view text);

}  // namespace cartpilot::commerce
