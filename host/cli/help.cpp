#include "cli/help.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

#include "cli/help_text.h"

namespace cartpilot::host {

namespace {

constexpr int kUsualWidth = 80;
constexpr int kWidest = 100;
constexpr int kNarrowest = 40;
constexpr int kNarrow = 60;  ///< below, an explanation stands under what it explains

/// `text` broken at blanks, each row after the first one indented by `indent`, which the first one
/// has already. Only a word longer than a row stands out.
std::string wrapped(const std::string& text, int indent, int width) {
  const int room = std::max(width - indent, 16);
  std::string result;
  int used = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const int size = static_cast<int>(word.size());
    if (used > 0 && used + 1 + size > room) {
      result += '\n' + std::string(static_cast<std::size_t>(indent), ' ');
      used = 0;
    }
    if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
    used += size;
  }
  return result + '\n';
}

/// A name and what it means, beside each other where they fit.
std::string row(const std::string& name, const std::string& meaning, int column, int width) {
  if (meaning.empty()) return "  " + name + "\n";
  if (width < kNarrow || static_cast<int>(name.size()) + 4 > column) {
    const int indent = width < kNarrow ? 6 : column;
    return "  " + name + "\n" + std::string(static_cast<std::size_t>(indent), ' ') +
           wrapped(meaning, indent, width);
  }
  return fmt::format("  {:<{}}", name, column - 2) + wrapped(meaning, column, width);
}

/// Wide enough for most of the names.
int column_for(const std::vector<std::string>& names) {
  std::size_t widest = 0;
  for (const std::string& name : names) {
    if (name.size() <= 24) widest = std::max(widest, name.size());
  }
  return static_cast<int>(widest) + 4;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::vector<const CLI::App*> shown_commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_group().empty()) commands.push_back(sub);
  }
  return commands;
}

/// "-p, --provider PROVIDER", or "MESSAGE" of an argument.
std::string name_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_option_text();
  std::string name;
  for (const std::string& letter : option.get_snames()) name += "-" + letter + ", ";
  for (const std::string& word : option.get_lnames()) name += "--" + word + ", ";
  name.resize(name.size() - 2);
  if (!option.get_option_text().empty()) name += " " + option.get_option_text();
  return name;
}

struct OptionGroup {
  std::string title;
  std::vector<const CLI::Option*> options;
};

/// In the order in which they were declared; arguments first.
std::vector<OptionGroup> groups_of(const CLI::App& app) {
  std::vector<OptionGroup> groups;
  for (const bool arguments : {true, false}) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional() != arguments || option->get_group().empty()) continue;
      const std::string title = arguments ? "Arguments" : option->get_group();
      auto group = std::find_if(groups.begin(), groups.end(),
                                [&](const OptionGroup& seen) { return seen.title == title; });
      if (group == groups.end()) group = groups.insert(groups.end(), OptionGroup{title, {}});
      group->options.push_back(option);
    }
  }
  // What every command has comes last.
  std::stable_partition(groups.begin(), groups.end(),
                        [](const OptionGroup& group) { return group.title != "Options"; });
  return groups;
}

std::string usage_of(const CLI::App& app) {
  std::string usage = words_of(app);
  if (!shown_commands(app).empty()) return usage + " COMMAND [OPTIONS]";
  usage += " [OPTIONS]";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    std::string name = option->get_option_text();
    if (option->get_expected_max() > 1) name += " ...";
    usage += option->get_required() ? " " + name : " [" + name + "]";
  }
  return usage;
}

std::string command_of(const CLI::App& app) {
  const std::string words = words_of(app);
  const std::size_t blank = words.find(' ');
  return blank == std::string::npos ? "" : words.substr(blank + 1);
}

const CLI::App& root_of(const CLI::App& app) {
  const CLI::App* root = &app;
  while (root->get_parent() != nullptr) root = root->get_parent();
  return *root;
}

/// The options of every command, named on the help of one.
std::string everywhere(const CLI::App& app, int width) {
  std::string names;
  for (const CLI::Option* option : root_of(app).get_options()) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    names += "--" + option->get_lnames().front() + " ";
  }
  return "Everywhere:\n  " + wrapped(names, 2, width) + "  " +
         wrapped("'cartpilot --help' explains them.", 2, width);
}

std::string examples_text(const CLI::App& app, int width) {
  const std::vector<Example>& examples = examples_of(command_of(app));
  if (examples.empty()) return "";
  std::string text = "Examples:\n";
  for (const Example& example : examples) {
    text += std::string("  ") + example.line + "\n";
    if (*example.what != '\0') text += "      " + wrapped(example.what, 6, width);
  }
  return text + "\n";
}

// --- man(7) ---

/// Plain text as roff: no line of it is a request, and dashes are what the keyboard has.
std::string roff(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  if (!result.empty() && (result.front() == '.' || result.front() == '\'')) {
    result.insert(0, "\\&");
  }
  return result;
}

std::string roff_row(const std::string& name, const std::string& meaning) {
  return ".TP\n\\fB" + roff(name) + "\\fR\n" + roff(meaning) + "\n";
}

std::string roff_options(const CLI::App& app) {
  std::string text;
  for (const OptionGroup& group : groups_of(app)) {
    text += ".P\n" + roff(group.title) + ":\n";
    for (const CLI::Option* option : group.options) {
      text += roff_row(name_of(*option), option->get_description());
    }
  }
  return text;
}

std::string roff_examples(const std::string& command) {
  std::string text;
  for (const Example& example : examples_of(command)) {
    text += ".TP\n\\fB" + roff(example.line) + "\\fR\n" +
            (*example.what == '\0' ? std::string("\\&") : roff(example.what)) + "\n";
  }
  return text;
}

std::string roff_command(const CLI::App& app) {
  std::string text = ".SS " + roff(usage_of(app)) + "\n" + roff(app.get_description()) + ".\n";
  const std::string footer = app.get_footer();
  if (!footer.empty()) text += ".P\n" + roff(footer) + "\n";
  return text + roff_options(app) + roff_examples(command_of(app));
}

std::string roff_topic(const HelpTopic& topic, const char* section) {
  std::string text = std::string(".SH ") + section + "\n" + roff(topic.title) + "\n";
  for (const auto& [name, meaning] : topic.rows) text += roff_row(name, meaning);
  if (*topic.footer != '\0') text += ".P\n" + roff(topic.footer) + "\n";
  return text;
}

std::string roff_head(const std::string& name, const std::string& sentence) {
  return fmt::format(".TH {} 1 \"\" \"cartpilot {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n",
                     roff(upper(name)), CARTPILOT_VERSION, roff(name), roff(sentence));
}

std::string roff_see_also(const CLI::App& root, const std::string& self) {
  std::string text = ".SH SEE ALSO\n";
  std::string separator;
  if (self != "cartpilot") {
    text += "\\fBcartpilot\\fR(1)";
    separator = ",\n";
  }
  for (const CLI::App* command : shown_commands(root)) {
    const std::string name = "cartpilot-" + command->get_name();
    if (name == self || command->get_name() == "help" || command->get_name() == "version") continue;
    text += separator + "\\fB" + roff(name) + "\\fR(1)";
    separator = ",\n";
  }
  return text + "\n";
}

std::string root_page(const CLI::App& root) {
  std::string text = roff_head("cartpilot", "shop with a language model through CartPilot");
  text += ".SH SYNOPSIS\n\\fB" + roff(usage_of(root)) + "\\fR\n.SH DESCRIPTION\n" +
          roff(root.get_description()) + "\n.SH COMMANDS\n";
  for (const CLI::App* command : shown_commands(root)) {
    text += roff_row(command->get_name(), command->get_description());
  }
  text += ".SH OPTIONS\n" + roff_options(root) + ".SH EXAMPLES\n" + roff_examples("");
  constexpr const char* kSections[] = {"EXIT STATUS", "ENVIRONMENT", "FILES"};
  const char* const* section = kSections;
  for (const HelpTopic& topic : help_topics()) text += roff_topic(topic, *section++);
  return text + roff_see_also(root, "cartpilot");
}

std::string command_page(const CLI::App& root, const CLI::App& command) {
  const std::string name = "cartpilot-" + command.get_name();
  std::string text = roff_head(name, command.get_description());
  text += ".SH SYNOPSIS\n\\fB" + roff(usage_of(command)) + "\\fR\n";
  const std::string footer = command.get_footer();
  const std::vector<const CLI::App*> subcommands = shown_commands(command);
  if (!footer.empty()) text += ".SH DESCRIPTION\n" + roff(footer) + "\n";
  if (subcommands.empty()) {
    text += ".SH OPTIONS\n" + roff_options(command);
  } else {
    text += ".SH COMMANDS\n";
    for (const CLI::App* sub : subcommands) text += roff_command(*sub);
  }
  const std::string examples = roff_examples(command.get_name());
  if (!examples.empty()) text += ".SH EXAMPLES\n" + examples;
  return text + roff_see_also(root, name);
}

}  // namespace

std::string words_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : words_of(*app.get_parent()) + " " + app.get_name();
}

std::string help_of(const CLI::App& app, int width) {
  std::string text = wrapped(app.get_description(), 0, width) + "\n" + examples_text(app, width);
  text += "Usage:\n  " + wrapped(usage_of(app), 6, width) + "\n";
  const std::vector<const CLI::App*> commands = shown_commands(app);
  if (!commands.empty()) {
    text += "Commands:\n";
    std::vector<std::string> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    const int column = column_for(names);
    for (const CLI::App* command : commands) {
      text += row(command->get_name(), command->get_description(), column, width);
    }
    text += "\n";
  }
  std::vector<std::string> names;
  const std::vector<OptionGroup> groups = groups_of(app);
  for (const OptionGroup& group : groups) {
    for (const CLI::Option* option : group.options) names.push_back(name_of(*option));
  }
  const int column = column_for(names);
  for (const OptionGroup& group : groups) {
    text += group.title + ":\n";
    for (const CLI::Option* option : group.options) {
      text += row(name_of(*option), option->get_description(), column, width);
    }
    text += "\n";
  }
  if (!app.get_footer().empty()) text += wrapped(app.get_footer(), 0, width) + "\n";
  if (app.get_parent() != nullptr) return text + everywhere(app, width);
  return text + "More:\n" + row("cartpilot help COMMAND", "one command in full", 30, width) +
         row("cartpilot help exit-codes", "also: environment, files", 30, width);
}

std::string help_topic(const std::string& name, int width) {
  for (const HelpTopic& topic : help_topics()) {
    if (name != topic.name) continue;
    std::string text = wrapped(topic.title, 0, width) + "\n";
    std::vector<std::string> names;
    for (const auto& [row_name, meaning] : topic.rows) names.emplace_back(row_name);
    const int column = column_for(names);
    for (const auto& [row_name, meaning] : topic.rows)
      text += row(row_name, meaning, column, width);
    return *topic.footer == '\0' ? text : text + "\n" + wrapped(topic.footer, 0, width);
  }
  return "";
}

std::string manual_page(const CLI::App& root, const std::string& name) {
  if (name == "cartpilot") return root_page(root);
  for (const CLI::App* command : shown_commands(root)) {
    if (name == "cartpilot-" + command->get_name()) return command_page(root, *command);
  }
  return "";
}

int help_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0) {
    return kUsualWidth;
  }
  return std::clamp<int>(size.ws_col, kNarrowest, kWidest);
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/,
                                     CLI::AppFormatMode /*mode*/) const {
  return help_of(*app, help_width());
}

}  // namespace cartpilot::host
