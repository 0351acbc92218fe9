#include "script/script_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cartpilot/error.h"
#include "cartpilot/vendor/near_names.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::script {

namespace {

[[noreturn]] void refuse_at(const Document& document, const std::string& path,
                            const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}, line {}: {}", document.name, document.line_of(path), why));
}

std::string meant(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string> nearest = vendor::near_names(word, known, 1);
  return nearest.empty() ? "" : fmt::format(", did you mean '{}'?", nearest[0]);
}

}  // namespace

TableReader::TableReader(const Document& document, const Json& value, std::string path,
                         std::string what)
    : document_(&document), value_(&value), path_(std::move(path)), what_(std::move(what)) {
  if (!value_->is_object()) refuse_at(*document_, path_, fmt::format("{} is a table", what_));
}

void TableReader::refuse(const std::string& name, const std::string& why) const {
  refuse_at(*document_, path_ + "/" + name, fmt::format("{}: {}", name, why));
}

const Json* TableReader::member(const std::string& name) {
  known_.push_back(name);
  const auto found = value_->find(name);
  return found == value_->end() ? nullptr : &*found;
}

std::optional<std::string> TableReader::text(const std::string& name) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(name, "expected text");
  return value->get<std::string>();
}

std::optional<bool> TableReader::flag(const std::string& name) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) refuse(name, "expected true or false");
  return value->get<bool>();
}

std::optional<std::int64_t> TableReader::number(const std::string& name, std::int64_t least,
                                                std::int64_t most) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  const auto found = whole_number(*value);
  if (!found || *found < least || *found > most) {
    refuse(name, fmt::format("expected a whole number from {} to {}", least, most));
  }
  return found;
}

std::optional<std::string> TableReader::choice(const std::string& name,
                                               const std::vector<std::string>& words) {
  const auto value = text(name);
  if (!value || std::find(words.begin(), words.end(), *value) != words.end()) return value;
  refuse(name, fmt::format("there is no '{}'{} It is one of {}", vendor::one_line(*value, 60),
                           meant(*value, words).empty() ? "." : meant(*value, words),
                           vendor::joined(words)));
}

std::vector<std::string> TableReader::texts(const std::string& name) {
  const Json* value = member(name);
  std::vector<std::string> list;
  if (value == nullptr) return list;
  if (!value->is_array()) refuse(name, "expected an array of texts");
  for (const Json& entry : *value) {
    if (!entry.is_string()) refuse(name, "expected an array of texts");
    list.push_back(entry.get<std::string>());
  }
  return list;
}

std::optional<TableReader> TableReader::table(const std::string& name, const std::string& what) {
  const Json* value = member(name);
  if (value == nullptr) return std::nullopt;
  return TableReader(*document_, *value, path_ + "/" + name, what);
}

std::vector<TableReader> TableReader::tables(const std::string& name, const std::string& what) {
  const Json* value = member(name);
  std::vector<TableReader> list;
  if (value == nullptr) return list;
  if (!value->is_array()) refuse(name, "expected an array of tables");
  for (std::size_t i = 0; i < value->size(); ++i) {
    list.emplace_back(*document_, (*value)[i], fmt::format("{}/{}/{}", path_, name, i), what);
  }
  return list;
}

Json TableReader::any(const std::string& name) {
  const Json* value = member(name);
  return value == nullptr ? Json() : *value;
}

void TableReader::finish() const {
  for (const auto& [name, value] : value_->items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::vector<std::string> known = known_;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    const std::string near = meant(name, known);
    refuse_at(*document_, path_ + "/" + name,
              fmt::format("{} has no '{}'{} It knows {}", what_, vendor::one_line(name, 60),
                          near.empty() ? "." : near, vendor::joined(known)));
  }
}

}  // namespace cartpilot::script
