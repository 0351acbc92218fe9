#include "commerce/duplicate_members.h"

#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::commerce {

bool has_duplicate_members(std::string_view text) {
  std::vector<std::set<std::string>> open;
  bool found = false;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start: open.emplace_back(); break;
      case Json::parse_event_t::object_end: open.pop_back(); break;
      case Json::parse_event_t::key:
        if (!open.back().insert(parsed.get<std::string>()).second) found = true;
        break;
      default: break;
    }
    return true;
  };
  const Json parsed = Json::parse(text.begin(), text.end(), watch, false);
  return found && !parsed.is_discarded();
}

}  // namespace cartpilot::commerce
