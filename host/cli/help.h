// Help: what --help, 'cartpilot help TOPIC' and the manual pages say.
//
// Everything is made from the tree of commands (command_tree.h) and from the texts in
// help_text.h, so that the three cannot say different things. Pure functions; any thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cartpilot::host {

/// "cartpilot chat" of the chat command: the words that call it.
std::string words_of(const CLI::App& app);

/// Description, examples, usage, options in groups; wrapped to `width` columns at words.
std::string help_of(const CLI::App& app, int width);

/// A topic for a terminal of that width; "" = there is no such topic.
std::string help_topic(const std::string& name, int width);

/// The page `name` ("cartpilot" or "cartpilot-COMMAND") for man(1); "" = there is none.
std::string manual_page(const CLI::App& root, const std::string& name);

/// Columns of standard output, 40 to 100; 80 when it is no terminal.
int help_width();

/// Makes CLI11 print help_of().
class HelpFormatter final : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace cartpilot::host
