#include "cli/arguments.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <sstream>

#include "cartpilot/abi.h"
#include "cartpilot/error.h"
#include "cli/command_tree.h"
#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/help_text.h"
#include "terminal/output.h"
#include "text/near_names.h"

namespace cartpilot::host {

namespace {

/// "tools call" from CLI11's tree of parsed subcommands.
std::string command_path(const CLI::App& app) {
  std::string path;
  for (const CLI::App* level = &app; !level->get_subcommands().empty();) {
    level = level->get_subcommands().front();
    path += (path.empty() ? "" : " ") + level->get_name();
  }
  return path;
}

/// The words that may stand right behind a command.
void collect_own_names(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* sub : app.get_subcommands(nullptr)) names.push_back(sub->get_name());
}

void collect_names(const CLI::App& app, std::vector<std::string>& names) {
  collect_own_names(app, names);
  for (const CLI::App* sub : app.get_subcommands(nullptr)) collect_names(*sub, names);
}

/// The word that CLI11 complains about; "" when it complains about something else.
std::string unexpected_word(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t colon = text.rfind(": ");
  // "A subcommand is required" does not name the word that stands in its place.
  const std::vector<std::string> left = app.remaining(true);
  if (colon == std::string::npos && left.empty()) return "";
  // CLI11 lists what it did not expect, last one first; a flag among them is what went wrong.
  std::istringstream unexpected(colon == std::string::npos ? left.front() : text.substr(colon + 2));
  std::string word;
  for (std::string next; unexpected >> next;) {
    if (word.rfind("--", 0) != 0 || next.rfind("--", 0) == 0) word = next;
  }
  return word.substr(0, word.find('='));
}

/// The first command below `app` that has a subcommand or flag of that name, as it is typed.
std::string command_with(const CLI::App& app, const std::string& name, const std::string& path) {
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    const std::string below = path + " " + sub->get_name();
    const bool is_flag = name.rfind("--", 0) == 0;
    if (!is_flag && sub->get_name() == name) return below;
    for (const CLI::Option* option : sub->get_options()) {
      if (is_flag && option->check_name(name)) return below + " " + name;
    }
    if (std::string found = command_with(*sub, name, below); !found.empty()) return found;
  }
  return "";
}

/// " (did you mean sessions?)", "" when nothing is near.
std::string suggestion(const CLI::App& app, const std::string& word) {
  if (word.empty()) return "";
  // The right word in the wrong place.
  if (const std::string whole = command_with(app, word, "cartpilot"); !whole.empty()) {
    return fmt::format(" (did you mean {}?)", whole);
  }
  const CLI::App* level = &app;
  while (!level->get_subcommands().empty()) level = level->get_subcommands().front();
  std::vector<std::string> here;
  collect_own_names(*level, here);
  if (level != &app) collect_own_names(app, here);
  std::vector<std::string> names = here;
  collect_names(app, names);
  const std::vector<std::string> near = text::near_names(word, names);
  if (near.empty()) return "";
  const std::string& best = near.front();
  const bool fits_here = std::find(here.begin(), here.end(), best) != here.end();
  // A word of another command is named with it.
  return fmt::format(" (did you mean {}?)",
                     fits_here ? best : command_with(app, best, "cartpilot"));
}

/// Prints what was asked for instead of a command; returns the exit code.
int print(const std::string& text) {
  try {
    out_text(text);
  } catch (const Error&) {
    return report_output_failure();
  }
  return kOk;
}

int print_manual(const CLI::App& app, const Arguments& a) {
  const std::string page = manual_page(app, a.name);
  if (!page.empty()) return print(page);
  err_line(fmt::format("cartpilot: no page '{}'", a.name));
  return kUsage;
}

/// Such a run is greeted instead, see welcome().
bool bare_on_a_terminal(int argc) {
  return argc == 1 && is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
}

int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help and --version
    std::ostringstream text;
    app.exit(error, text, text);
    return print(text.str());
  }
  std::string command = command_path(app);
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  const std::string word = unexpected_word(app, error);
  const bool in_place_of_command = text.find("subcommand is required") != std::string::npos ||
                                   (command.empty() && text.find("not expected") != text.npos);
  if (in_place_of_command && !word.empty() && word.front() != '-') {
    text = fmt::format("no command '{}{}{}'", command, command.empty() ? "" : " ", word);
  }
  err_line(fmt::format("cartpilot: {}{}. See 'cartpilot{}{} --help'.", text, suggestion(app, word),
                       command.empty() ? "" : " ", command));
  return kUsage;
}

/// An empty value is a wrong one, never an absent one. Returns the name of an option that has one.
std::string empty_option(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& value : option->results()) {
      if (value.empty()) return option->get_name();
    }
  }
  for (const CLI::App* sub : app.get_subcommands()) {
    if (std::string name = empty_option(*sub); !name.empty()) return name;
  }
  return "";
}

/// `--limit-order=` would take the next word for its value.
std::string empty_assignment(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") break;
    if (word.size() > 3 && word.rfind("--", 0) == 0 && word.find('=') == word.size() - 1) {
      return std::string(word.substr(0, word.size() - 1));
    }
  }
  return "";
}

/// "" or the sentence about two flags that say different things.
std::string contradiction(const Arguments& a) {
  const auto both = [](const char* first, const char* second) {
    return fmt::format("{} and {} exclude each other; give one", first, second);
  };
  if (a.continue_last && !a.resume.empty()) return both("--continue", "--resume");
  if (a.continue_last && !a.session.empty()) return both("--continue", "--session");
  if (!a.resume.empty() && !a.session.empty()) return both("--resume", "--session");
  if (a.resume == kChooseSession && !a.record_file.empty()) {
    return "--record needs the conversation's id behind --resume";
  }
  if (a.command == "sessions delete" && a.all == !a.names.empty()) {
    return a.all ? "--all and an id exclude each other; give one"
                 : "which conversation? Give its id, or --all";
  }
  if (a.with_calls && a.export_format == "json") return "--with-calls is for --format md";
  if (a.demo && !a.api_url.empty()) return both("--demo", "--api-url");
  if (a.sandbox && !a.api_url.empty()) return both("--sandbox", "--api-url");
  if (a.demo && !a.provider.empty() && a.provider != "offline") return both("--demo", "--provider");
  if (a.no_plugins && !a.plugin_files.empty()) return both("--no-plugins", "--plugin");
  if (a.no_plugins && !a.plugin_directories.empty()) return both("--no-plugins", "--plugin-path");
  if (a.approval_descriptor >= 0 && a.approve == "never") {
    return both("--approval-fd", "--approve never");
  }
  if (a.approval_page && a.approve == "never") return both("--approval-page", "--approve never");
  if (a.list && !a.deny.empty()) return both("--list", "--deny");
  if (a.gap && !a.name.empty()) return both("--gap", "ID");
  if (a.gap && (a.bought || a.not_bought)) return both("--gap", "--bought or --not-bought");
  if (a.command == "purchases resolve" && !a.gap && a.name.empty()) {
    return "id: name a purchase of 'cartpilot purchases list', or pass --gap";
  }
  if (a.json && a.command == "chat") return "--json is not for chat; use --output jsonl";
  constexpr std::array kWithoutJson = {"tools call",
                                       "tools handle",
                                       "tools instructions",
                                       "mcp",
                                       "pair",
                                       "serve",
                                       "replay",
                                       "sandbox",
                                       "purchases resolve",
                                       "plugin new",
                                       "sessions export",
                                       "sessions delete",
                                       "sessions rename",
                                       "config set"};
  if (a.json &&
      std::find(kWithoutJson.begin(), kWithoutJson.end(), a.command) != kWithoutJson.end())
    return fmt::format("--json is not for {}", a.command);
  const bool bounded = a.approve.rfind("up-to", 0) == 0;
  if (!a.merchants.empty() && !bounded) return "--merchants holds for --approve up-to only";
  if (a.allow_repeat && !bounded) return "--allow-repeat holds for --approve up-to only";
  return "";
}

int refuse_line(const Arguments& a, const std::string& why) {
  err_line(fmt::format("cartpilot: {}. See 'cartpilot{}{} --help'.", why,
                       a.command.empty() ? "" : " ", a.command));
  return kUsage;
}

/// What CLI11 does not look at. nullopt = nothing is wrong.
std::optional<int> check_values(int argc, const char* const* argv, const CLI::App& app,
                                const Arguments& a) {
  std::string empty = empty_assignment(argc, argv);
  if (empty.empty()) empty = empty_option(app);
  if (!empty.empty()) return refuse_line(a, fmt::format("{}: the value is empty", empty));
  if (const std::string why = contradiction(a); !why.empty()) return refuse_line(a, why);
  return std::nullopt;
}

/// Declaring all commands takes as long as loading a library, and nearly every run is a chat: its
/// line is read with its own flags first. False when that will not do; what is wrong, or was
/// asked, is said with all commands known.
bool parse_chat(int argc, const char* const* argv, Arguments& a, std::vector<std::string>& options,
                std::optional<int>& wrong) {
  if (argc < 2 || std::string_view(argv[1]) != "chat") return false;
  CLI::App app{kAbout, "cartpilot"};
  declare_global_flags(app, a);
  declare_chat(app, a, options);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
    a.command = command_path(app);
    wrong = check_values(argc, argv, app, a);
    return true;
  } catch (const CLI::ParseError&) {
    return false;
  }
}

/// `--resume` without an id, which CLI11 does not tell from one with an empty id.
std::vector<const char*> with_choice_named(std::vector<const char*> words) {
  static const std::string choice = std::string("--resume=") + kChooseSession;
  for (std::size_t i = 1; i < words.size() && std::string_view(words[i]) != "--"; ++i) {
    if (std::string_view(words[i]) != "--resume") continue;
    if (i + 1 == words.size() || words[i + 1][0] == '-') words[i] = choice.c_str();
  }
  return words;
}

/// `help COMMAND` is `COMMAND --help`.
std::vector<const char*> without_help_command(std::vector<const char*> words) {
  if (words.size() < 2 || std::string_view(words[1]) != "help") return words;
  words.erase(words.begin() + 1);
  words.push_back("--help");
  return words;
}

/// Says what is wrong with a --provider-option.
std::optional<int> take_options(const std::vector<std::string>& options, Arguments& a) {
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == option.size()) {
      err_line(fmt::format("cartpilot: --provider-option takes KEY=VALUE, got '{}'.", option));
      return kUsage;
    }
    a.provider_options[option.substr(0, equals)] = option.substr(equals + 1);
  }
  return std::nullopt;
}

/// What a bug report needs.
std::string version_text() {
#ifdef NDEBUG
  constexpr const char* kBuild = "release";
#else
  constexpr const char* kBuild = "debug";
#endif
  return fmt::format(
      "cartpilot {}\n{} build by compiler {}, C++ {}\nplugins: ABI epoch {}, revision {}\n",
      CARTPILOT_VERSION, kBuild, __VERSION__, __cplusplus / 100 % 100, CP_EPOCH, CP_REVISION);
}

}  // namespace

ParsedArguments parse_arguments(int argument_count, const char* const* arguments) {
  if (argument_count > 1 && std::string_view(arguments[1]) == kCompleteCommand) {
    ParsedArguments completing;
    completing.arguments.command = kCompleteCommand;
    completing.arguments.words.assign(arguments + 2, arguments + argument_count);
    return completing;
  }
  const std::vector<const char*> words =
      with_choice_named(without_help_command({arguments, arguments + std::max(argument_count, 0)}));
  const int argc = static_cast<int>(words.size());
  const char* const* const argv = words.data();
  ParsedArguments parsed;
  std::vector<std::string> options;
  const std::vector<std::string> given(argv + std::min(argc, 1), argv + argc);
  parsed.arguments.words = given;
  if (parse_chat(argc, argv, parsed.arguments, options, parsed.exit_code)) {
    if (!parsed.exit_code) parsed.exit_code = take_options(options, parsed.arguments);
    return parsed;
  }
  parsed.arguments = {};
  parsed.arguments.words = given;
  options.clear();

  Arguments& a = parsed.arguments;
  CLI::App app{kAbout, "cartpilot"};
  declare_global_flags(app, a);
  declare_commands(app, a, options);
  app.require_subcommand(0, 1);

  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) names.push_back(sub->get_name());
  for (const HelpTopic& topic : help_topics()) names.emplace_back(topic.name);
  if (argument_count == 3 && std::string_view(arguments[1]) == "help") {
    if (const std::string topic = help_topic(arguments[2], help_width()); !topic.empty()) {
      parsed.exit_code = print(topic);
      return parsed;
    }
  }
  if (argument_count > 2 && std::string_view(arguments[1]) == "help" &&
      std::find(names.begin(), names.end(), arguments[2]) == names.end()) {
    const std::vector<std::string> near = text::near_names(arguments[2], names);
    parsed.exit_code = refuse_line(
        a, fmt::format("no command or topic '{}'{}", arguments[2],
                       near.empty() ? "" : fmt::format(" (did you mean {}?)", near.front())));
    return parsed;
  }

  try {
    app.parse(argc, argv);
    a.command = command_path(app);
    if (a.command.empty() && !bare_on_a_terminal(argc)) parsed.exit_code = print(app.help());
    if (a.command == "version") {
      parsed.exit_code = print(version_text());
    }
    if (a.command == "completion") parsed.exit_code = print(completion_script(a.name));
    if (a.command == "manual") parsed.exit_code = print_manual(app, a);
    if (const auto wrong = check_values(argc, argv, app, a)) parsed.exit_code = wrong;
    if (const auto wrong = take_options(options, a)) parsed.exit_code = wrong;
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = report(app, error);
  }
  return parsed;
}

}  // namespace cartpilot::host
