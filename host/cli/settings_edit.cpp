#include "cli/settings_edit.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "cartpilot/error.h"
#include "cli/settings_file.h"

namespace cartpilot::host {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

std::string quoted(const std::string& value) {
  std::ostringstream out;
  out << toml::value<std::string>(value);
  return out.str();
}

std::string as_toml(const SettingKind& kind, const std::string& name, const std::string& value) {
  if (kind.type == SettingType::kText) return quoted(value);
  try {
    const toml::table read = toml::parse("value = " + value + "\n");
    const toml::node* node = read.get("value");
    const bool fits = read.size() == 1 &&
                      (kind.type == SettingType::kList ? node->is_array() : node->is_integer());
    if (fits && value.find('\n') == std::string::npos && value.find('#') == std::string::npos) {
      return value;
    }
  } catch (const toml::parse_error&) {
    // Said below.
  }
  refuse(fmt::format("{} takes {}, not {}", name,
                     kind.type == SettingType::kList ? "a list such as '[\"a\", \"b\"]'"
                                                     : "a number from 0 to 1000",
                     value));
}

// The offset of a position in the text; toml++ counts columns in code points.
std::size_t offset_of(const std::string& text, const toml::source_position& position) {
  std::size_t at = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
  for (toml::source_index line = 1; line < position.line; ++line) at = text.find('\n', at) + 1;
  for (toml::source_index column = 1; column < position.column && at < text.size(); ++column) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  }
  return at;
}

std::string line_end_of(const std::string& text) {
  const std::size_t end = text.find('\n');
  return end != std::string::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

std::string with_last_line_ended(std::string text) {
  if (!text.empty() && text.back() != '\n') text += line_end_of(text);
  return text;
}

// Where a new line for a member of `table` goes: behind its last line that is not empty.
std::size_t end_of_table(const std::string& text, std::size_t begin) {
  std::size_t end = begin;
  for (std::size_t line = begin; line < text.size();) {
    const std::size_t next = std::min(text.find('\n', line), text.size() - 1) + 1;
    const std::size_t first = text.find_first_not_of(" \t\r\n", line);
    const bool is_empty = first == std::string::npos || first >= next;
    if (!is_empty && text[first] == '[') break;
    if (!is_empty) end = next;
    line = next;
  }
  return end;
}

std::string inserted(std::string text, const toml::table& root, const std::string& section,
                     const std::string& line) {
  text = with_last_line_ended(std::move(text));
  const std::string ending = line_end_of(text);
  if (section.empty()) {
    const std::size_t mark = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
    return text.insert(end_of_table(text, mark), line + ending);
  }
  const toml::table* table = root.at_path(section).as_table();
  if (table != nullptr && !table->is_inline() && table->source().begin) {
    const std::size_t header = offset_of(text, table->source().begin);
    const std::size_t begin = text.find('\n', header);
    if (header < text.size() && text[header] == '[' && begin != std::string::npos) {
      return text.insert(end_of_table(text, begin + 1), line + ending);
    }
  }
  return text + (text.empty() ? "" : ending) + "[" + section + "]" + ending + line + ending;
}

}  // namespace

std::string with_setting(const std::string& text, const std::string& file, const std::string& name,
                         const std::string& value) {
  const SettingKind* kind = find_setting_kind(name);
  if (kind == nullptr) refuse(fmt::format("unknown setting '{}'{}", name, near_setting(name)));
  if (kind->name == "prices.*") {
    refuse(fmt::format("the name of a model stands in quotes: edit [prices] in {}", file));
  }
  if (value.empty()) refuse(fmt::format("the value for {} is empty", name));
  if (std::any_of(value.begin(), value.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    refuse(fmt::format("the value for {} holds control characters", name));
  }
  parse_settings(text, file, "");  // a broken file is not made worse
  const std::string written = as_toml(*kind, name, value);
  const toml::table root = toml::parse(text);

  std::string result = text;
  if (const toml::node* old = root.at_path(name).node()) {
    const std::size_t begin = offset_of(text, old->source().begin);
    result.replace(begin, offset_of(text, old->source().end) - begin, written);
  } else {
    const std::size_t dot = name.rfind('.');
    const std::string section = dot == std::string::npos ? "" : name.substr(0, dot);
    const std::string key = dot == std::string::npos ? name : name.substr(dot + 1);
    result = inserted(text, root, section, key + " = " + written);
  }
  // Only what reads back as it was meant is written.
  const bool in_profile = name.rfind("profiles.", 0) == 0;
  const std::string profile = in_profile ? name.substr(9, name.find('.', 9) - 9) : "";
  const SettingValues values = parse_settings(result, file, profile);
  const std::string own = in_profile ? name.substr(10 + profile.size()) : name;
  const auto found = values.find(own);
  if (found == values.end() ||
      (kind->type == SettingType::kText && found->second.texts != std::vector{value})) {
    refuse(fmt::format("{}: '{}' is written in a way that cannot be changed here; edit the file",
                       file, name));
  }
  return result;
}

}  // namespace cartpilot::host
