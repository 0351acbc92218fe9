#include "store/table_set.h"

namespace cartpilot::store {

std::string made_by(std::string_view statement) {
  constexpr std::string_view kBefore = "IF NOT EXISTS ";
  const std::size_t at = statement.find(kBefore);
  if (at == std::string_view::npos) return "";
  statement.remove_prefix(at + kBefore.size());
  return std::string(statement.substr(0, statement.find(' ')));
}

}  // namespace cartpilot::store
