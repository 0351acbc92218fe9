#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "cli/command_tree.h"
#include "cli/help_text.h"

namespace cartpilot::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class Help : public testing::Test {
 protected:
  Help() {
    declare_global_flags(root_, arguments_);
    declare_commands(root_, arguments_, options_);
  }

  /// The program and every command a person can see.
  std::vector<const CLI::App*> commands() const {
    std::vector<const CLI::App*> all;
    const std::function<void(const CLI::App&)> add = [&](const CLI::App& app) {
      all.push_back(&app);
      for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!sub->get_group().empty()) add(*sub);
      }
    };
    add(root_);
    return all;
  }

  static std::string file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  Arguments arguments_;
  std::vector<std::string> options_;
  CLI::App root_{kAbout, "cartpilot"};
};

// A word that is longer than the screen stands out; nothing else does, and no word is cut.
TEST_F(Help, of_every_command_keeps_to_the_width) {
  for (const int width : {40, 80, 100}) {
    for (const CLI::App* command : commands()) {
      std::istringstream lines(help_of(*command, width));
      std::string section;
      for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line.front() != ' ') section = line;
        if (static_cast<int>(line.size()) <= width) continue;
        // What is to be typed stays on one line.
        const bool typed = section == "Examples:" && line.find("  cartpilot") == 0;
        const bool one_word =
            line.find(' ', line.find_first_not_of(' ')) == line.npos || line.find("  -") == 0;
        EXPECT_TRUE(typed || one_word || line.find("| cartpilot") != line.npos)
            << words_of(*command) << " at " << width << ": " << line;
      }
    }
  }
}

TEST_F(Help, of_every_command_begins_with_what_it_does_and_examples) {
  for (const CLI::App* command : commands()) {
    const std::string text = help_of(*command, 80);
    EXPECT_EQ(text.find(command->get_description().substr(0, 20)), 0U) << text;
    const std::size_t examples = text.find("Examples:");
    EXPECT_LT(examples == text.npos ? 0 : examples, text.find("Usage:")) << text;
  }
  for (const char* command : {"chat", "tools call", "approve", "config", "plugin new"}) {
    EXPECT_FALSE(examples_of(command).empty()) << command;
  }
}

TEST_F(Help, examples_are_lines_the_program_takes) {
  for (const CLI::App* command : commands()) {
    const std::string words = words_of(*command);
    const std::string name = words == "cartpilot" ? "" : words.substr(words.find(' ') + 1);
    for (const Example& example : examples_of(name)) {
      std::string line = example.line;
      line.erase(0, line.find("cartpilot "));
      line.erase(std::min(line.find(" > "), line.size()));
      line.erase(std::min(line.find(" < "), line.size()));
      Arguments fresh;
      std::vector<std::string> options;
      CLI::App app{kAbout, "cartpilot"};
      declare_global_flags(app, fresh);
      declare_commands(app, fresh, options);
      EXPECT_NO_THROW(app.parse(line, true)) << example.line;
    }
  }
}

TEST_F(Help, names_what_every_option_takes) {
  for (const CLI::App* command : commands()) {
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_items_expected_max() == 0) continue;  // a flag
      EXPECT_NE(option->get_option_text(), "") << words_of(*command) << " " << option->get_name();
    }
    EXPECT_THAT(help_of(*command, 80), testing::Not(HasSubstr("INT"))) << words_of(*command);
    EXPECT_THAT(help_of(*command, 80), testing::Not(HasSubstr("TEXT"))) << words_of(*command);
  }
}

TEST_F(Help, topics_say_what_the_documentation_says) {
  const std::string page = file(CARTPILOT_CLI_PAGE);
  for (const auto& [code, meaning] : help_topics().at(0).rows) {
    EXPECT_THAT(page, HasSubstr(std::string("| ") + code + " | " + meaning + " |"));
  }
  for (const auto& [names, meaning] : help_topics().at(1).rows) {
    std::istringstream each(names);
    for (std::string name; std::getline(each >> std::ws, name, ',');) {
      EXPECT_THAT(page, HasSubstr("`" + name + "`"));
    }
  }
  EXPECT_THAT(help_topic("files", 80), HasSubstr("state.db"));
  EXPECT_EQ(help_topic("nosuch", 80), "");
}

// scripts/manual writes them.
TEST_F(Help, manual_pages_are_current) {
  int pages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CARTPILOT_MANUAL)) {
    ++pages;
    EXPECT_TRUE(file(entry.path()) == manual_page(root_, entry.path().stem()))
        << entry.path() << " is not what the program says; run scripts/manual";
  }
  int commands = 1;
  for (const CLI::App* command : root_.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = command->get_name();
    if (!command->get_group().empty() && name != "help" && name != "version") ++commands;
  }
  EXPECT_EQ(pages, commands);
  EXPECT_EQ(manual_page(root_, "cartpilot-nosuch"), "");
}

TEST_F(Help, manual_pages_hold_no_line_that_roff_would_obey) {
  for (const CLI::App* command : commands()) {
    std::istringstream lines(manual_page(root_, "cartpilot-" + command->get_name()));
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || (line.front() != '.' && line.front() != '\'')) continue;
      EXPECT_THAT(line, testing::ContainsRegex("^\\.(TH|SH|SS|TP|P)( |$)"));
    }
  }
}

}  // namespace
}  // namespace cartpilot::host
