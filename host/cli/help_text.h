// The words of the help that the tree of commands does not hold: examples and topics.
//
// Constant tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cartpilot::host {

struct Example {
  const char* line;
  const char* what;
};

/// Of "" (the program), "chat", "tools call", ...; empty when a command explains itself.
const std::vector<Example>& examples_of(const std::string& command);

struct HelpTopic {
  const char* name;   ///< as in 'cartpilot help exit-codes'
  const char* title;  ///< one sentence
  std::vector<std::pair<const char*, const char*>> rows;
  const char* footer;  ///< "" = none
};

const std::vector<HelpTopic>& help_topics();

}  // namespace cartpilot::host
