// Settings files with rules about purchases, and what they say about a receipt.
//
// What they say is written down here by hand, apart from the program's own way of reading them.
// Plain values.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "torture/program_output.h"

namespace cartpilot::torture {

enum class RuleWord { kAllow, kAsk, kDeny };

struct RuleFile {
  std::string name;
  std::string text;
  std::function<RuleWord(const Consent&)> word;  ///< for a receipt
  int per_day = 0;                               ///< how many purchases it allows in 24 hours
};

const std::vector<RuleFile>& rule_files();

/// The one of that name; nullptr for "".
const RuleFile* rule_file(const std::string& name);

}  // namespace cartpilot::torture
