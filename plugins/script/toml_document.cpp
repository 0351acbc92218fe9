// TOML, read by toml++.
#define TOML_HEADER_ONLY 1
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "cartpilot/error.h"
#include "script/document.h"

namespace cartpilot::script {

namespace {

class Converter {
 public:
  explicit Converter(Document& document) : name_(document.name), lines_(document.lines) {}

  Json convert(const toml::node& node, const std::string& path) {
    lines_.emplace(path, static_cast<int>(node.source().begin.line));
    if (const toml::table* table = node.as_table()) return object(*table, path);
    if (const toml::array* array = node.as_array()) {
      Json list = Json::array();
      for (std::size_t i = 0; i < array->size(); ++i) {
        list.push_back(convert((*array)[i], path + "/" + std::to_string(i)));
      }
      return list;
    }
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* number = node.as_floating_point()) return finite(*number);
    if (const auto* flag = node.as_boolean()) return flag->get();
    std::ostringstream text;  // dates and times
    if (const auto* date = node.as_date()) text << date->get();
    if (const auto* time = node.as_time()) text << time->get();
    if (const auto* both = node.as_date_time()) text << both->get();
    return text.str();
  }

 private:
  struct Member {
    toml::source_position position;
    std::string name;
    const toml::node* value;
  };

  /// JSON has no inf and no nan.
  Json finite(const toml::value<double>& number) const {
    if (std::isfinite(number.get())) return number.get();
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: inf and nan cannot be sent as JSON", name_,
                            number.source().begin.line));
  }

  /// Members in the order of the file; the library sorts them by name.
  Json object(const toml::table& table, const std::string& path) {
    std::vector<Member> members;
    for (const auto& [key, value] : table) {
      members.push_back({key.source().begin, std::string(key.str()), &value});
    }
    std::stable_sort(members.begin(), members.end(),
                     [](const Member& a, const Member& b) { return a.position < b.position; });
    Json result = Json::object();
    for (const Member& member : members) {
      const std::string at = path + "/" + member.name;
      lines_.emplace(at, static_cast<int>(member.position.line));
      append_member(result, member.name, convert(*member.value, at));
    }
    return result;
  }

  const std::string& name_;
  std::map<std::string, int>& lines_;
};

}  // namespace

Document parse_toml(const std::string& name, std::string_view text) {
  Document document{name, nullptr, {}};
  try {
    const toml::table table = toml::parse(text);
    document.root = Converter(document).convert(table, "");
  } catch (const toml::parse_error& error) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{}, line {}: {}", name, error.source().begin.line, error.description()));
  }
  return document;
}

}  // namespace cartpilot::script
