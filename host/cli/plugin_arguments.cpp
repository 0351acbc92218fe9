#include "cli/plugin_arguments.h"

#include <CLI/CLI.hpp>

namespace cartpilot::host {

void add_plugin_author_commands(CLI::App& plugin, PluginAuthorArguments& a) {
  CLI::App* install =
      plugin.add_subcommand("install", "Check a plugin file and put it where yours are found");
  install->footer(
      "The file gets a test load in a process of its own first. One it replaces is kept.");
  install->add_option("file", a.file, "The plugin, cartpilot-NAME.so")
      ->option_text("FILE")
      ->required();
  install->add_flag("--yes", a.yes, "Do not ask");

  CLI::App* make = plugin.add_subcommand(
      "new", "Start a plugin: a folder that builds, with tests (docs/plugin-authoring.md)");
  make->add_option("name", a.name, "Id of the plugin, like acme; also the folder's name")
      ->option_text("ID")
      ->required();
  CLI::Option* provider = make->add_flag("--provider", a.provider, "A model vendor with a service");
  CLI::Option* engine =
      make->add_flag("--engine", a.engine, "A model of your own, without a service")
          ->excludes(provider);
  make->add_flag("--toolset", a.tool_set, "Functions a model may call")
      ->excludes(provider)
      ->excludes(engine);
  make->add_flag("--c", a.plain_c, "In plain C instead of C++");
  make->add_option("--directory", a.directory, "Where to put it (default ./NAME)")
      ->option_text("DIR");
  make->add_option("--license", a.license, "SPDX id for the files (default Apache-2.0)")
      ->option_text("SPDX");

  CLI::App* check = plugin.add_subcommand("check", "Run the conformance checks on a plugin file");
  check->footer(
      "Each check runs in a process of its own. Exit codes: 0 good, 1 something failed, 3 no such "
      "file.");
  check->add_option("file", a.file, "The plugin, cartpilot-NAME.so")->option_text("FILE");
  check->add_flag("--list", a.list, "Name all checks and what they ask for");
  for (const auto& [flag, target, text] :
       {std::tuple{"--only", &a.only, "Run this check (repeatable)"},
        std::tuple{"--skip", &a.skip, "Leave this check out (repeatable)"}}) {
    check->add_option(flag, *target, text)
        ->option_text("CHECK")
        ->type_size(1)
        ->allow_extra_args(false);
  }
  check->add_option("--seed", a.seed, "Seed of generated input (default 1)")->option_text("N");
  check->add_option("--deadline", a.deadline_s, "Seconds for one check (default 20)")
      ->option_text("SECONDS")
      ->check(CLI::Range(1, 3600).description(""));
  check->add_option("--junit", a.junit, "Also write the results to this file as JUnit XML")
      ->option_text("FILE");
  check->add_option("--samples", a.samples, "Answers of your vendor, when the kit cannot know them")
      ->option_text("FILE");
  check->add_flag("--static", a.static_only, "Only the checks that run no code of the plugin");
  check->add_flag("--in-process", a.in_process, "No child processes, for a debugger (with --only)");
  check->add_flag("--quiet", a.quiet, "Print only what is not good");
}

}  // namespace cartpilot::host
