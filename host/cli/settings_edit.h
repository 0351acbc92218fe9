// Changing one setting in the text of a settings file, leaving every other byte as it is.
//
// Pure; any thread.
#pragma once

#include <string>

namespace cartpilot::host {

/// `text` with the setting `name` ("provider", "profiles.work.model") set to `value`: in its own
/// line when it has one, else in a new line at the end of its table, else in a new table. For lists
/// `value` is TOML (`["a", "b"]`), for texts and numbers the value itself. Throws
/// Error{kInvalidArgument} for an unknown name, a value of the wrong type and a text that is no
/// settings file; `file` is named in errors.
std::string with_setting(const std::string& text, const std::string& file, const std::string& name,
                         const std::string& value);

}  // namespace cartpilot::host
