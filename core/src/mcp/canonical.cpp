#include "mcp/canonical.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace cartpilot::mcp {
namespace {

// The JSON reader limits how deep a value nests.
Json sorted(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& entry : value) list.push_back(sorted(entry));
    return list;
  }
  if (!value.is_object()) return value;
  std::vector<std::pair<std::string, Json>> members;
  for (const auto& [name, member] : value.items()) members.emplace_back(name, sorted(member));
  std::sort(members.begin(), members.end(),
            [](const auto& one, const auto& other) { return one.first < other.first; });
  Json object = Json::object();
  for (auto& [name, member] : members) append_member(object, std::move(name), std::move(member));
  return object;
}

}  // namespace

std::string canonical_text(const Json& value) { return dump_json(sorted(value)); }

}  // namespace cartpilot::mcp
