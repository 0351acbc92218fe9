// Looking for words in what servers write: model names, error messages. ASCII only, since that is
// what they are looked for in. Plain functions; any thread.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace cartpilot::openai {

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

inline bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

inline std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace cartpilot::openai
