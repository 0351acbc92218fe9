// The slash commands of a conversation: their names, what /help says, and what Tab completes.
//
// Pure functions; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cartpilot::host {

/// Names without the slash, in the order of /help.
const std::vector<std::string>& slash_command_names();
/// What /help prints.
std::string slash_command_help();

/// What a word behind a command may be: "PROVIDER", "MODEL", "SESSION".
using ValuesOfKind = std::function<std::vector<std::string>(const std::string& kind)>;
/// What the word at the end of `line`, which holds the text in front of the cursor, may be: whole
/// words, sorted, that begin with it. Nothing for a message.
std::vector<std::string> slash_completions(const std::string& line, const ValuesOfKind& values);

}  // namespace cartpilot::host
