#include "script/document.h"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::script {

namespace {

constexpr std::size_t kMaxFileBytes = 4 << 20;
constexpr std::size_t kMaxLevels = 64;

/// Where the JSON reader is.
struct Position {
  int line = 1;
  char last = '\0';
};

/// Characters of the text, counting lines as they are read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    position_->last = *at_;
    if (*at_ == '\n') ++position_->line;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  Position* position_;
};

/// Notes the line of every value, by its path.
class LineNotes final : public nlohmann::json_sax<Json> {
 public:
  LineNotes(std::map<std::string, int>& lines, const Position& position)
      : lines_(lines), position_(position) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    levels_.back().step = name;
    lines_.emplace(path(), line());
    if (levels_.back().names.insert(name).second) return true;
    repeated_ = name;
    return false;
  }
  /// The member that stands twice, which ends the reading.
  const std::optional<std::string>& repeated() const { return repeated_; }

  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  struct Level {
    bool array = false;
    std::size_t index = 0;
    std::string step;
    std::set<std::string> names;
  };

  /// A number ends with the character behind it.
  int line() const { return position_.last == '\n' ? position_.line - 1 : position_.line; }

  std::string path() const {
    std::string text;
    for (const Level& level : levels_) {
      text += '/';
      text += level.array ? std::to_string(level.index) : level.step;
    }
    return text;
  }

  bool value() {
    lines_.emplace(path(), line());
    if (!levels_.empty() && levels_.back().array) ++levels_.back().index;
    return true;
  }

  bool open(bool array) {
    lines_.emplace(path(), line());
    levels_.push_back({array, 0, "", {}});
    return levels_.size() <= kMaxLevels;
  }

  bool close() {
    levels_.pop_back();
    if (!levels_.empty() && levels_.back().array) ++levels_.back().index;
    return true;
  }

  std::map<std::string, int>& lines_;
  const Position& position_;
  std::vector<Level> levels_;
  std::optional<std::string> repeated_;
};

}  // namespace

int Document::line_of(std::string path) const {
  while (!path.empty()) {
    const auto found = lines.find(path);
    if (found != lines.end()) return found->second;
    path.resize(path.rfind('/'));
  }
  return 1;
}

Document parse_json_document(const std::string& name, std::string_view text) {
  Document document{name, nullptr, {}};
  Position position;
  LineNotes notes(document.lines, position);
  Json::sax_parse(CountingIterator(text.data(), &position),
                  CountingIterator(text.data() + text.size(), &position), &notes);
  if (notes.repeated()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: '{}' stands there twice", name, position.line,
                            vendor::one_line(*notes.repeated(), 60)));
  }
  try {
    document.root = parse_json(text, "it");
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, error.what()));
  }
  return document;
}

Document read_document(const std::string& file) {
  std::error_code problem;
  if (!std::filesystem::is_regular_file(file, problem)) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("the script '{}' {}", file,
                            std::filesystem::exists(file, problem) ? "is not a regular file"
                                                                   : "does not exist"));
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && !in.eof()) {
    throw Error(ErrorCode::kNotFound, fmt::format("the script '{}' cannot be read", file));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("the script '{}' is larger than {} MiB", file, kMaxFileBytes >> 20));
  }
  // Messages have the name without its folder, so that they are the same wherever the file lies.
  const std::filesystem::path path(file);
  const std::string name = path.filename().string();
  return path.extension() == ".json" ? parse_json_document(name, text) : parse_toml(name, text);
}

}  // namespace cartpilot::script
