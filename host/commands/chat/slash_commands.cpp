#include "commands/chat/slash_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cartpilot::host {
namespace {

struct SlashCommand {
  const char* name;
  const char* values;  ///< what stands behind it, as in the help
  const char* help;
};

constexpr SlashCommand kSlashCommands[] = {
    {"provider", "PROVIDER [MODEL]", "go on with another provider"},
    {"model", "MODEL", "go on with another model"},
    {"retry", "", "send the last message once more"},
    {"edit", "", "write a message in $EDITOR; saved and not empty, it is sent"},
    {"status", "", "model, CartPilot, permission to buy, tokens"},
    {"purchases", "", "what was bought or tried in this conversation"},
    {"sessions", "[SESSION]", "earlier conversations, or what was said in one"},
    {"tools", "", "the functions the model can call"},
    {"cost", "", "tokens used in this run, and what the conversation cost"},
    {"export", "[FILE]", "this conversation as Markdown"},
    {"clear", "", "clear the screen"},
    {"help", "", "this list"},
    {"quit", "", "leave (so does end of input)"},
    {"exit", "", "the same"},
};

/// The kinds in "PROVIDER [MODEL]", by place.
std::vector<std::string> kinds_of(std::string_view values) {
  std::vector<std::string> kinds;
  std::string kind;
  for (const char c : std::string(values) + " ") {
    if (c >= 'A' && c <= 'Z') {
      kind += c;
    } else if (!kind.empty()) {
      kinds.push_back(std::exchange(kind, ""));
    }
  }
  return kinds;
}

}  // namespace

const std::vector<std::string>& slash_command_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const SlashCommand& command : kSlashCommands) list.emplace_back(command.name);
    return list;
  }();
  return names;
}

std::string slash_command_help() {
  std::string text;
  for (const SlashCommand& command : kSlashCommands) {
    text += fmt::format("{:<25} {}\n", fmt::format("/{} {}", command.name, command.values),
                        command.help);
  }
  return text + fmt::format("{:<25} {}\n", "//text", "a message that begins with a slash");
}

std::vector<std::string> slash_completions(const std::string& line, const ValuesOfKind& values) {
  if (line.empty() || line[0] != '/' || line.starts_with("//")) return {};
  const std::size_t begin = line.find_last_of(' ') + 1;
  const std::string begun = line.substr(begin);
  std::vector<std::string> words;
  if (begin == 0) {
    for (const std::string& name : slash_command_names()) words.push_back("/" + name);
  } else {
    const std::string name = line.substr(1, line.find(' ') - 1);
    std::size_t place = 0;  // of the word behind the command
    for (std::size_t at = line.find(' '); at + 1 < begin; ++at) {
      if (line[at] == ' ' && line[at + 1] != ' ') ++place;
    }
    for (const SlashCommand& command : kSlashCommands) {
      if (command.name != name) continue;
      const std::vector<std::string> kinds = kinds_of(command.values);
      if (place < kinds.size()) words = values(kinds[place]);
    }
  }
  std::erase_if(words, [&](const std::string& word) {
    return !word.starts_with(begun) || word.find_first_of(" \t\n") != std::string::npos;
  });
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace cartpilot::host
