// Shell completion: which words may stand at a place of the command line.
//
// A shell's script (completion_script()) runs 'cartpilot __complete WORD ...' with the words up to
// the place, the last one begun or empty, and offers the lines it prints. Pure functions; any
// thread. What has to be looked up (sessions, providers) is named by kind and found elsewhere.
#pragma once

#include <string>
#include <vector>

namespace cartpilot::host {

constexpr const char* kCompleteCommand = "__complete";

/// What a place takes.
struct PlaceOnLine {
  std::vector<std::string> words;  ///< commands, flags, fixed values
  std::string kind;   ///< option text of what stands here (PROVIDER, SESSION, FILE, ...); "" = none
  std::string begun;  ///< what is typed of it
  std::string before;  ///< what the shell has for one word with it, such as "--provider="
};

/// `words`: without the program; the last one is the one to complete.
PlaceOnLine place_on_line(const std::vector<std::string>& words);

/// For "bash", "zsh" or "fish".
std::string completion_script(const std::string& shell);

}  // namespace cartpilot::host
