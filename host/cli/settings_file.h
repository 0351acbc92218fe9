// The settings file: TOML, read as a person wrote it and checked against the list of settings.
//
//     provider = "gemini"
//     [keys]
//     GEMINI_API_KEY = { command = ["pass", "show", "gemini"] }
//     [purchases]
//     approve = "up-to:50:USD"
//     [profiles.work]
//     provider = "openai"
//
// Free functions over values; any thread. No input makes them hang or crash.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::host {

struct SettingValue {
  std::vector<std::string> texts;  ///< one for a text or number; any number for a list
  int line = 0;                    ///< where it stands, from 1
  std::string profile;             ///< "" outside of [profiles]

  const std::string& text() const { return texts.front(); }
};

/// By dotted name below the profile: "provider", "keys.GEMINI_API_KEY.file", ...
using SettingValues = std::map<std::string, SettingValue>;

enum class SettingType { kText, kList, kNumber };

struct SettingKind {
  std::string_view name;  ///< dotted; a part "*" stands for a name of the person's own
  SettingType type;
  std::string_view meaning;
};

/// Every setting there is, in the order it is listed to people.
const std::vector<SettingKind>& setting_kinds();

/// The kind of the setting `name`, which may begin with "profiles.NAME."; nullptr when there is
/// none.
const SettingKind* find_setting_kind(std::string_view name);

/// "; did you mean 'provider'?", or "" when nothing is near.
std::string near_setting(const std::string& name);

/// The bytes of the settings file `file`. Throws Error{kInvalidArgument} with one line for what is
/// no regular file of this user or root, cannot be read, or is longer than 256 KiB.
std::string read_settings_text(const std::filesystem::path& file);

/// `text` as settings, those of `profile` over those outside of profiles. `file` is named in
/// errors. Throws Error{kInvalidArgument} with file, line and what to do.
SettingValues parse_settings(const std::string& text, const std::string& file,
                             const std::string& profile);

}  // namespace cartpilot::host
