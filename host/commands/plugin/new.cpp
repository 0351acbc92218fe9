#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "cartpilot/plugin.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "commands/plugin/templates.h"
#include "terminal/output.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

/// "acme-cloud" -> "AcmeCloud"
std::string class_name(const std::string& id) {
  std::string name;
  bool upper = true;
  for (const char c : id) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  if (std::isdigit(static_cast<unsigned char>(name[0])) != 0) name = "Plugin" + name;
  return name;
}

/// "acme-cloud" -> "acme_cloud" (or in capitals)
std::string identifier(const std::string& id, bool capitals) {
  std::string name = id;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    if (capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (std::isdigit(static_cast<unsigned char>(name[0])) != 0) {
    name = (capitals ? "PLUGIN_" : "plugin_") + name;
  }
  return name;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// `text` with the template's words replaced by the plugin's.
std::string filled(std::string text, const PluginAuthorArguments& arguments) {
  const std::string& id = arguments.name;
  replace_all(text, "@ID@", id);
  replace_all(text, "@CLASS@", class_name(id));
  replace_all(text, "@IDENTIFIER@", identifier(id, false));
  replace_all(text, "@VARIABLE@", identifier(id, true));
  replace_all(text, "@LICENSE@", arguments.license);
  return text;
}

void check_arguments(const PluginAuthorArguments& arguments) {
  if (!detail::id_is_valid(arguments.name) || arguments.name.rfind("cartpilot", 0) == 0) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" cannot be a plugin's id: 2 to 63 of a-z 0-9 . -, beginning "
                            "with a letter or digit, not with \"cartpilot\"",
                            arguments.name));
  }
  if (!arguments.provider && !arguments.engine && !arguments.tool_set) {
    throw Error(ErrorCode::kInvalidArgument,
                "say what it is: --provider (a model vendor with a service), --engine (a model of "
                "your own) or --toolset (functions)");
  }
  const bool plain = std::all_of(arguments.license.begin(), arguments.license.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '+';
  });
  if (!plain || arguments.license.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is no SPDX licence id", arguments.license));
  }
}

/// The folder of templates. In C a provider is an engine: there is no HTTP client for it.
std::string kind_of(const PluginAuthorArguments& arguments) {
  if (arguments.tool_set) return arguments.plain_c ? "toolset-c" : "toolset";
  if (arguments.plain_c) return "provider-c";
  return arguments.engine ? "engine" : "provider";
}

void warn_of_namesakes(CommandServices& services, const std::string& id) {
  for (const plugin::PluginRecord& record : services.plugins().list()) {
    if (record.id != id) continue;
    err_line(fmt::format(
        "cartpilot: there is a plugin {} already ({}); once installed, yours takes its place",
        text::field(id), text::field(record.file.string())));
    return;
  }
}

}  // namespace

int run_plugin_new(CommandServices& services) {
  const PluginAuthorArguments& arguments = services.arguments().plugin_author;
  check_arguments(arguments);
  const std::filesystem::path directory =
      arguments.directory.empty() ? arguments.name : arguments.directory;
  std::error_code problem;
  if (std::filesystem::exists(directory, problem) &&
      !std::filesystem::is_empty(directory, problem)) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{} exists and is not empty; choose another --directory", directory.string()));
  }
  warn_of_namesakes(services, arguments.name);
  for (const PluginTemplate& file : plugin_templates(kind_of(arguments))) {
    const std::filesystem::path target = directory / filled(file.path, arguments);
    std::filesystem::create_directories(target.parent_path(), problem);
    std::ofstream stream(target, std::ios::binary);
    stream << filled(file.text, arguments);
    stream.close();
    if (!stream) {
      throw Error(ErrorCode::kUnavailable, fmt::format("cannot write {}", target.string()));
    }
    if (file.executable) {
      std::filesystem::permissions(target, std::filesystem::perms(0755), problem);
    }
    out_line(target.string());
  }
  out_line(fmt::format("Next: {}/build.sh, which builds, tests and checks the plugin.",
                       directory.string()));
  return kOk;
}

}  // namespace cartpilot::host
