#include "cli/settings_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cartpilot/error.h"
#include "text/near_names.h"

namespace cartpilot::host {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = 256U << 10;
// toml++ takes one level of recursion for each dot of a key.
constexpr std::size_t kMaxLine = 4096;

[[noreturn]] void unreadable(const std::string& file, const std::string& why) {
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{}: cannot be read ({}); fix it or pass another with --config", file, why));
}

[[noreturn]] void wrong(const std::string& file, int line, const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}, line {}: {}", file, line, what));
}

std::vector<std::string> parts_of(std::string_view dotted) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t dot = dotted.find('.');
    parts.emplace_back(dotted.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    dotted.remove_prefix(dot + 1);
  }
}

bool fits(std::string_view pattern, const std::vector<std::string>& name) {
  const std::vector<std::string> parts = parts_of(pattern);
  return std::equal(parts.begin(), parts.end(), name.begin(), name.end(),
                    [](const std::string& part, const std::string& own) {
                      return part == own || (part == "*" && !own.empty());
                    });
}

// A file that another user could have left there is not obeyed.
void check_kind(const std::string& file, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) unreadable(file, "it is a folder");
  const bool is_null = S_ISCHR(status.st_mode) && status.st_rdev == ::makedev(1, 3);
  if (!S_ISREG(status.st_mode) && !is_null) unreadable(file, "it is no regular file");
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    unreadable(file, fmt::format("it belongs to user {}", status.st_uid));
  }
}

std::string line_of(const std::string& text, std::size_t number) {
  std::size_t begin = 0;
  for (; number > 1; --number) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return "";
    ++begin;
  }
  std::string line = text.substr(begin, text.find('\n', begin) - begin);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

// `provider = gemini`: the commonest mistake gets an answer of its own.
std::string quoted_hint(const std::string& line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string::npos) return "";
  const std::size_t begin = line.find_first_not_of(" \t", equals + 1);
  if (begin == std::string::npos || !std::isalpha(static_cast<unsigned char>(line[begin])))
    return "";
  std::string value = line.substr(begin, line.find(" #", begin) - begin);
  value.erase(value.find_last_not_of(" \t") + 1);
  if (value.find_first_of("\"\\'") != std::string::npos || value.size() > 100) return "";
  return fmt::format("; a text stands in quotes: {} \"{}\"", line.substr(0, equals + 1), value);
}

toml::table read_toml(const std::string& text, const std::string& file) {
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kMaxLine) {
      wrong(file, static_cast<int>(number), fmt::format("longer than {} bytes", kMaxLine));
    }
    begin = end + 1;
  }
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    std::string what(error.description());
    what = what.substr(0, what.find('\n'));
    wrong(file, static_cast<int>(line), what + quoted_hint(line_of(text, line)));
  }
}

class Reader {
 public:
  Reader(const std::string& file, SettingValues& values) : file_(file), values_(values) {}

  void read(const toml::table& table, std::vector<std::string> above, const std::string& profile) {
    for (const auto& [key, node] : table) {
      std::vector<std::string> name = above;
      name.emplace_back(key.str());
      if (is_rules(name)) {  // read by purchase_rules.h
        if (profile.empty()) continue;
        wrong(file_, line(node, key),
              "rules hold in every profile; they stand outside of it, in [[purchases.rules]]");
      }
      if (const toml::table* below = node.as_table()) {
        check_section(name, line(node, key));
        read(*below, name, profile);
      } else {
        keep(name, node, line(node, key), profile);
      }
    }
  }

 private:
  static bool is_rules(const std::vector<std::string>& name) {
    return name.size() == 2 && name[0] == "purchases" && name[1] == "rules";
  }

  static int line(const toml::node& node, const toml::key& key) {
    const auto at = key.source().begin.line;
    return static_cast<int>(at != 0 ? at : node.source().begin.line);
  }

  // A table must be the beginning of some setting.
  void check_section(const std::vector<std::string>& name, int line) const {
    for (const SettingKind& kind : setting_kinds()) {
      const std::vector<std::string> parts = parts_of(kind.name);
      if (parts.size() <= name.size()) continue;
      if (fits(fmt::format("{}", fmt::join(parts.begin(),
                                           parts.begin() + std::ptrdiff_t(name.size()), ".")),
               name)) {
        return;
      }
    }
    unknown(name, line);
  }

  [[noreturn]] void unknown(const std::vector<std::string>& name, int line) const {
    const std::string dotted = fmt::format("{}", fmt::join(name, "."));
    wrong(file_, line, fmt::format("unknown setting '{}'{}", dotted, near_setting(dotted)));
  }

  void keep(const std::vector<std::string>& name, const toml::node& node, int line,
            const std::string& profile) {
    const auto& kinds = setting_kinds();
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const SettingKind& candidate) {
      return fits(candidate.name, name);
    });
    if (kind == kinds.end()) unknown(name, line);
    const std::string dotted = fmt::format("{}", fmt::join(name, "."));
    SettingValue value{texts(kind->type, node), line, profile};
    if (value.texts.empty()) {
      wrong(file_, line, fmt::format("'{}' must be {}", dotted, wanted(kind->type)));
    }
    values_[dotted] = std::move(value);
  }

  static const char* wanted(SettingType type) {
    return type == SettingType::kText   ? "a text in quotes, and not an empty one"
           : type == SettingType::kList ? "a list of texts in quotes: [\"a\", \"b\"]"
                                        : "a number from 0 to 1000";
  }

  // Empty when the value has another type than it should.
  static std::vector<std::string> texts(SettingType type, const toml::node& node) {
    const auto text = [](const toml::node& one) -> std::string {
      const auto* value = one.as_string();
      return value == nullptr || value->get().find('\0') != std::string::npos ? "" : value->get();
    };
    std::vector<std::string> result;
    if (type == SettingType::kNumber) {
      const auto* number = node.as_integer();
      if (number != nullptr && number->get() >= 0 && number->get() <= 1000) {
        result.push_back(std::to_string(number->get()));
      }
    } else if (type == SettingType::kText) {
      result.push_back(text(node));
    } else if (const toml::array* list = node.as_array()) {
      for (const toml::node& one : *list) result.push_back(text(one));
    }
    if (std::find(result.begin(), result.end(), "") != result.end()) result.clear();
    return result;
  }

  const std::string& file_;
  SettingValues& values_;
};

}  // namespace

const std::vector<SettingKind>& setting_kinds() {
  static const std::vector<SettingKind> kinds = {
      {"provider", SettingType::kText, "provider to talk to"},
      {"model", SettingType::kText, "model of that provider"},
      {"api_url", SettingType::kText, "CartPilot's address"},
      {"database", SettingType::kText, "PostgreSQL database that holds the state"},
      {"person", SettingType::kText, "whose state it is in that database"},
      {"plugins.paths", SettingType::kList, "more folders with plugins"},
      {"keys.*.file", SettingType::kText, "file (mode 0600) that holds this variable's key"},
      {"keys.*.command", SettingType::kList, "program and arguments that print this key"},
      {"mcp_servers.*.command", SettingType::kList, "program and arguments of an MCP server"},
      {"mcp_servers.*.url", SettingType::kText, "address of an MCP server"},
      {"mcp_servers.*.env.*", SettingType::kText, "variable that the program gets"},
      {"mcp_servers.*.env_vars", SettingType::kList, "variables of yours that the program gets"},
      {"mcp_servers.*.headers.*", SettingType::kText, "header that goes with every request"},
      {"mcp_servers.*.money_tools", SettingType::kList, "tools of it that spend money"},
      {"costs.limits", SettingType::kList, "what models may cost, such as \"2:USD/day\""},
      {"costs.max_output_tokens", SettingType::kText, "maximum of one answer, such as \"4000\""},
      {"prices.*", SettingType::kText, "price of a model, such as \"openai/gpt-6.1-terra\""},
      {"purchases.approve", SettingType::kText, "who says yes: ask, never, up-to:AMOUNT:CUR"},
      {"purchases.merchants", SettingType::kList, "merchants that up-to holds for"},
      {"purchases.allow_repeat", SettingType::kNumber, "further identical baskets under up-to"},
      {"purchases.limit_order", SettingType::kText, "spending limit of one purchase"},
      {"purchases.limit_session", SettingType::kText, "spending limit of one conversation"},
      {"purchases.limit_day", SettingType::kText, "spending limit of 24 hours"},
  };
  return kinds;
}

const SettingKind* find_setting_kind(std::string_view name) {
  std::vector<std::string> parts = parts_of(name);
  if (parts.size() > 2 && parts.front() == "profiles")
    parts.erase(parts.begin(), parts.begin() + 2);
  // The name of a model may hold dots.
  if (parts.size() > 2 && parts.front() == "prices") parts.resize(2);
  for (const SettingKind& kind : setting_kinds()) {
    if (fits(kind.name, parts)) return &kind;
  }
  return nullptr;
}

std::string near_setting(const std::string& name) {
  std::vector<std::string> names;
  for (const SettingKind& kind : setting_kinds()) {
    if (kind.name.find('*') == std::string_view::npos) names.emplace_back(kind.name);
  }
  const std::vector<std::string> near = text::near_names(name, names);
  return near.empty() ? fmt::format("; known are {}, keys.VARIABLE.file, keys.VARIABLE.command",
                                    fmt::join(names, ", "))
                      : fmt::format("; did you mean '{}'?", near.front());
}

std::string read_settings_text(const fs::path& path) {
  const std::string file = path.string();
  // Without waiting: a FIFO has no reader to wait for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) unreadable(file, std::strerror(errno));
  std::string text;
  int failure = 0;
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) failure = errno;
  try {
    check_kind(file, status);
    char buffer[4096];
    while (failure == 0 && text.size() <= kMaxBytes) {
      const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
      if (count == 0) break;
      if (count < 0) {
        failure = errno;
      } else {
        text.append(buffer, static_cast<std::size_t>(count));
      }
    }
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);
  if (failure != 0) unreadable(file, std::strerror(failure));
  if (text.size() > kMaxBytes) unreadable(file, "it is longer than 256 KiB");
  return text;
}

SettingValues parse_settings(const std::string& text, const std::string& file,
                             const std::string& profile) {
  toml::table table = read_toml(text, file);
  // Every profile is checked, not only the one in use.
  std::map<std::string, SettingValues> profiles;
  if (const toml::node* node = table.get("profiles")) {
    const toml::table* all = node->as_table();
    if (all == nullptr)
      wrong(file, static_cast<int>(node->source().begin.line),
            "'profiles' must be a table: [profiles.NAME]");
    for (const auto& [name, below] : *all) {
      const toml::table* one = below.as_table();
      const std::string own(name.str());
      if (one == nullptr) {
        wrong(file, static_cast<int>(name.source().begin.line),
              fmt::format("'profiles.{}' must be a table: [profiles.{}]", own, own));
      }
      Reader(file, profiles[own]).read(*one, {}, own);
    }
    table.erase("profiles");
  }
  SettingValues values;
  Reader(file, values).read(table, {}, "");
  if (profile.empty()) return values;
  const auto chosen = profiles.find(profile);
  if (chosen == profiles.end()) {
    std::vector<std::string> names;
    for (const auto& [name, ignored] : profiles) names.push_back(name);
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: no profile '{}'; there {} {}", file, profile,
                            names.size() == 1 ? "is" : "are",
                            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  }
  for (auto& [name, value] : chosen->second) {
    // What belongs to another provider or another permission does not shine through.
    if (name == "provider") values.erase("model");
    if (name == "purchases.approve") {
      values.erase("purchases.merchants");
      values.erase("purchases.allow_repeat");
    }
  }
  for (auto& [name, value] : chosen->second) values[name] = std::move(value);
  return values;
}

}  // namespace cartpilot::host
