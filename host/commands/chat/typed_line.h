// What a line of the person is: a message to the model, or a slash command.
//
// A value and a pure function.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cartpilot::host {

struct TypedLine {
  std::string message;             ///< "" for a command
  std::string command;             ///< without the slash; "" for a message
  std::vector<std::string> words;  ///< behind the command
};

/// A command is "/" and lower-case letters up to a blank or the end. "//" begins a message with one
/// slash. A first word with another slash in it, or that `exists` as a path and is none of
/// `commands`, begins a message.
TypedLine read_typed_line(const std::string& line, const std::vector<std::string>& commands,
                          const std::function<bool(const std::string&)>& exists);

}  // namespace cartpilot::host
