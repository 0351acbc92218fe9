#include "cli/completion.h"

#include <algorithm>
#include <string_view>

#include "cli/command_tree.h"
#include "cli/help_text.h"

namespace cartpilot::host {

namespace {

constexpr const char* kBash = R"(# Completion of cartpilot for bash.
_cartpilot() {
  local IFS=$'\n' found
  found=$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  case $found in
    :file) compopt -o default ;;
    :dir) compopt -o dirnames ;;
    *) COMPREPLY=($found) ;;
  esac
}
complete -F _cartpilot cartpilot
)";

constexpr const char* kZsh = R"(#compdef cartpilot
_cartpilot() {
  local -a found
  found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $found[1] in
    :file) _files ;;
    :dir) _files -/ ;;
    *) compadd -Q -a found ;;
  esac
}
if [ "$funcstack[1]" = _cartpilot ]; then
  _cartpilot "$@"
else
  compdef _cartpilot cartpilot
fi
)";

constexpr const char* kFish = R"(# Completion of cartpilot for fish.
function __cartpilot_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
  switch "$found[1]"
    case :file
      __fish_complete_path (commandline -ct)
    case :dir
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\n' $found
  end
end
complete -c cartpilot -f -a '(__cartpilot_complete)'
)";

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(separator); end != text.npos;
       begin = end + 1, end = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, end - begin));
  }
  parts.push_back(text.substr(begin));
  return parts;
}

/// The option of the command or of the program with that name ("--provider", "-p").
const CLI::Option* option_named(const CLI::App& command, const std::string& name) {
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_positional()) continue;
      for (const std::string& word : option->get_lnames()) {
        if ("--" + word == name) return option;
      }
      for (const std::string& letter : option->get_snames()) {
        if ("-" + letter == name) return option;
      }
    }
  }
  return nullptr;
}

bool takes_value(const CLI::Option* option) {
  return option != nullptr && !option->get_option_text().empty();
}

const CLI::App* subcommand_named(const CLI::App& command, const std::string& name) {
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == name) return sub;
  }
  return nullptr;
}

/// "text|jsonl" names the words themselves, FILE a kind of word.
void take_what_stands_for(const CLI::Option& option, PlaceOnLine& place) {
  const std::string& text = option.get_option_text();
  if (text.find('|') == text.npos) {
    place.kind = text;
    return;
  }
  for (const std::string& word : split(text, '|')) {
    // up-to:AMOUNT:CUR: only its beginning can be completed.
    place.words.push_back(word.substr(0, word.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")));
  }
}

void take_flags(const CLI::App& command, PlaceOnLine& place) {
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& word : option->get_lnames()) place.words.push_back("--" + word);
    }
  }
  std::sort(place.words.begin(), place.words.end());
  place.words.erase(std::unique(place.words.begin(), place.words.end()), place.words.end());
}

void take_commands(const CLI::App& command, PlaceOnLine& place) {
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_group().empty()) place.words.push_back(sub->get_name());
  }
}

/// The argument after `given` others.
void take_argument(const CLI::App& command, int given, PlaceOnLine& place) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    if (given < option->get_expected_max()) return take_what_stands_for(*option, place);
    given -= option->get_expected_max();
  }
}

}  // namespace

PlaceOnLine place_on_line(const std::vector<std::string>& given) {
  Arguments unused;
  std::vector<std::string> options;
  CLI::App root{kAbout, "cartpilot"};
  declare_global_flags(root, unused);
  declare_commands(root, unused, options);

  std::vector<std::string> words;
  for (std::size_t i = 0; i < given.size(); ++i) {
    // bash takes "--provider=gem" for three words.
    if (given[i] == "=" && i + 1 < given.size()) continue;
    words.push_back(given[i] == "=" ? "" : given[i]);
  }
  if (words.empty()) words.emplace_back();

  const CLI::App* command = &root;
  int arguments = 0;
  bool flags = true;
  const CLI::Option* waiting = nullptr;  // for its value
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (waiting != nullptr) {
      waiting = nullptr;
    } else if (flags && word == "--") {
      flags = false;
    } else if (flags && word.size() > 1 && word.front() == '-') {
      const CLI::Option* option = option_named(*command, word);
      if (takes_value(option)) waiting = option;
    } else if (const CLI::App* sub = flags ? subcommand_named(*command, word) : nullptr) {
      command = sub;
    } else {
      ++arguments;
    }
  }

  PlaceOnLine place;
  place.begun = words.back();
  if (waiting != nullptr) {
    take_what_stands_for(*waiting, place);
    return place;
  }
  if (flags && place.begun.size() > 1 && place.begun.front() == '-') {
    const std::size_t equals = place.begun.find('=');
    const CLI::Option* option = option_named(*command, place.begun.substr(0, equals));
    if (equals != std::string::npos && takes_value(option)) {
      place.before = place.begun.substr(0, equals + 1);
      place.begun.erase(0, equals + 1);
      take_what_stands_for(*option, place);
    } else {
      take_flags(*command, place);
    }
    return place;
  }
  if (command->get_name() == "help") {
    take_commands(root, place);
    for (const HelpTopic& topic : help_topics()) place.words.emplace_back(topic.name);
    return place;
  }
  take_commands(*command, place);
  take_argument(*command, arguments, place);
  if (flags && place.begun == "-") take_flags(*command, place);
  return place;
}

std::string completion_script(const std::string& shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

}  // namespace cartpilot::host
