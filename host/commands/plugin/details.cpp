#include "commands/plugin/details.h"

#include <Poco/Pipe.h>
#include <Poco/Process.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {
namespace {

constexpr unsigned kSeconds = 30;
constexpr std::size_t kMaxBytes = 1U << 20;

using Variables = std::map<std::string, std::string>;

/// While it lives, what is printed goes nowhere: a plugin may print megabytes.
class Silence {
 public:
  Silence() {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      kept_[stream - STDOUT_FILENO] = ::fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      ::dup2(nowhere, stream);
    }
    ::close(nowhere);
  }
  ~Silence() {
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      ::dup2(kept_[stream - STDOUT_FILENO], stream);
      ::close(kept_[stream - STDOUT_FILENO]);
    }
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int kept_[2] = {-1, -1};
};

Json no_details() {
  return {{"models", Json::object()}, {"options", Json::object()}, {"functions", Json::array()}};
}

/// The names of a provider's options, which only its refusal of a wrong one tells.
std::string options_of(plugin::PluginHost& host, const std::string& provider,
                       const Variables& environment) {
  try {
    host.make_provider(provider, environment, {{"?", "?"}});
  } catch (const Error& error) {
    const std::string text = error.what();
    const std::size_t known = text.find(" it knows ");
    if (known != std::string::npos) return text.substr(known + 10);
  }
  return "";
}

Json ask(plugin::PluginHost& host, const Variables& environment) {
  Json details = no_details();
  for (const plugin::PluginRecord& record : host.list()) {
    for (const std::string& provider : record.providers) {
      const std::string name = record.id + ":" + provider;
      try {
        details["models"][provider] =
            host.make_provider(name, environment, {})->info().default_model;
        details["options"][provider] = options_of(host, name, environment);
      } catch (const Error&) {  // NOLINT: what it cannot tell is left out
      }
    }
  }
  for (const auto& set : host.make_tool_sets(environment)) {
    for (const ToolSpec& spec : set.tools->list()) {
      details["functions"].push_back({{"name", spec.name},
                                      {"description", spec.description},
                                      {"effect", effect_word(spec.effect)}});
    }
  }
  return details;
}

/// A plugin may have written it itself. Throws json exceptions for other types.
Json checked(const Json& told) {
  Json details = no_details();
  for (const char* list : {"models", "options"}) {
    for (const auto& [name, value] : told.at(list).items()) {
      details[list][name] = value.get<std::string>();
    }
  }
  for (const Json& function : told.at("functions")) {
    Json one = Json::object();
    for (const char* name : {"name", "description", "effect"}) {
      one[name] = function.at(name).get<std::string>();
    }
    details["functions"].push_back(std::move(one));
  }
  return details;
}

}  // namespace

plugin::SearchOptions only_file(const Settings& settings, const std::filesystem::path& file) {
  plugin::SearchOptions search;
  search.files = {file};
  search.standard_places = false;
  search.allow_insecure = settings.plugins.allow_insecure;
  search.probe = settings.plugins.probe;
  return search;
}

Json plugin_details(const Settings& settings, const plugin::PluginRecord& record) {
  if (record.status != plugin::PluginStatus::kAvailable) return no_details();
  try {
    std::vector<std::string> words = {"plugin", "info", record.file.string(), "--details"};
    if (settings.plugins.allow_insecure) words.emplace_back("--allow-insecure-plugin-dir");
    Poco::Pipe input;
    Poco::Pipe output;
    Poco::Pipe errors;
    Poco::ProcessHandle child =
        Poco::Process::launch("/proc/self/exe", words, &input, &output, &errors);
    input.close();
    std::string text;
    char block[4096];
    for (int got; (got = output.readBytes(block, sizeof block)) > 0;) {
      text.append(block, static_cast<std::size_t>(got));
      if (text.size() > kMaxBytes) Poco::Process::kill(child);
    }
    if (child.wait() == 0) return checked(parse_json(text, "the details"));
  } catch (const std::exception&) {  // NOLINT: what it could not tell is left out
  }
  return no_details();
}

int tell_plugin_details(CommandServices& services) {
  ::alarm(kSeconds);
  plugin::SearchOptions search = only_file(services.settings(), services.arguments().name);
  // It was tried a moment ago.
  search.probe.when = plugin::ProbeOptions::When::kOff;
  Json details;
  {
    const Silence silence;
    plugin::PluginHost host(search, services.http());
    details = ask(host, services.settings().environment);
    host.shutdown();
  }
  out_json(details);
  return kOk;
}

}  // namespace cartpilot::host
