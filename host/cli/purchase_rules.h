// The rules of the settings file about purchases: its tables [[purchases.rules]].
//
//     [[purchases.rules]]
//     name = "coffee"
//     action = "allow"
//     up_to = "15.00:USD"
//     merchants = ["merchant-a"]
//     per_day = 2
//
// Free functions; any thread. Whether the file may be obeyed is asked elsewhere (owner_only.h).
#pragma once

#include <string>
#include <vector>

#include "purchase/rules.h"

namespace cartpilot::host {

/// The rules in `text`, which parse_settings() has accepted, in their order. `file` is named in
/// errors. Throws Error{kInvalidArgument} with file, line, rule and key for an unknown or missing
/// key, a value that is not understood, a name that is used twice, and a rule that allows without
/// up_to, merchants and per_day.
std::vector<purchase::Rule> parse_rules(const std::string& text, const std::string& file);

/// Settings that hold these rules and nothing else: parse_rules() reads them back, but for where
/// they stand.
std::string rules_text(const std::vector<purchase::Rule>& rules);

}  // namespace cartpilot::host
