// The commands and flags of the program, declared to CLI11.
//
// One tree serves reading a command line, its help, the manual pages and shell completion. What an
// option takes is its option text: a word in capitals (FILE, ID, PROVIDER, ...) or the words to
// choose from ("text|jsonl"). Values are written into an Arguments, which outlives the tree.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/arguments.h"

namespace cartpilot::host {

constexpr const char* kAbout =
    "cartpilot lets any large language model shop through CartPilot. The model proposes; nothing "
    "is bought without your explicit yes to exactly that purchase.";

/// Options that every command takes.
void declare_global_flags(CLI::App& app, Arguments& arguments);

/// `options` receives the --provider-option values as they were given.
void declare_chat(CLI::App& app, Arguments& arguments, std::vector<std::string>& options);

/// Every command, chat included.
void declare_commands(CLI::App& app, Arguments& arguments, std::vector<std::string>& options);

}  // namespace cartpilot::host
