#include "commands/chat/typed_line.h"

#include <algorithm>
#include <sstream>

namespace cartpilot::host {

TypedLine read_typed_line(const std::string& line, const std::vector<std::string>& commands,
                          const std::function<bool(const std::string&)>& exists) {
  TypedLine typed;
  if (line.rfind("//", 0) == 0) {
    typed.message = line.substr(1);
    return typed;
  }
  const std::string first = line.substr(0, line.find_first_of(" \t\n"));
  const bool has_form =
      first.size() > 1 && first.front() == '/' &&
      std::all_of(first.begin() + 1, first.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  const std::string name = has_form ? first.substr(1) : "";
  const bool is_known = std::find(commands.begin(), commands.end(), name) != commands.end();
  if (!has_form || (!is_known && exists(first))) {
    typed.message = line;
    return typed;
  }
  typed.command = name;
  std::istringstream rest(line.substr(first.size()));
  for (std::string word; rest >> word;) typed.words.push_back(word);
  return typed;
}

}  // namespace cartpilot::host
