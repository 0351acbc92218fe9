// Anything as a settings file; the first line is the name and value of a setting to change in it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cartpilot/error.h"
#include "cli/purchase_rules.h"
#include "cli/settings_edit.h"
#include "cli/settings_file.h"

namespace {

using namespace cartpilot;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Nothing but one line of a wrong argument leaves the reader.
void require_usage_error(const Error& error) {
  require(error.code == ErrorCode::kInvalidArgument);
  require(std::string(error.what()).size() < 2'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  const std::string text = line == std::string::npos ? input : input.substr(line + 1);
  const std::string change = input.substr(0, line);
  const std::string name = change.substr(0, change.find('='));
  const std::string value = name.size() < change.size() ? change.substr(name.size() + 1) : "";

  for (const char* profile : {"", "work"}) {
    try {
      for (const auto& [setting, found] : host::parse_settings(text, "config.toml", profile)) {
        require(host::find_setting_kind(setting) != nullptr && found.line > 0);
      }
      const auto rules = host::parse_rules(text, "config.toml");
      const auto again = host::parse_rules(host::rules_text(rules), "config.toml");
      require(again.size() == rules.size());
      for (std::size_t i = 0; i < rules.size(); ++i) {
        require(rules[i].line > 0 &&
                purchase::described(again[i]) == purchase::described(rules[i]));
      }
    } catch (const Error& error) {
      require_usage_error(error);
    }
  }
  try {
    const std::string changed = host::with_setting(text, "config.toml", name, value);
    const std::string again = host::with_setting(changed, "config.toml", name, value);
    require(again == changed);
  } catch (const Error& error) {
    require_usage_error(error);
  }
  return 0;
}
