#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "cartpilot/error.h"
#include "cli/exit_code.h"
#include "terminal/output.h"
#include "text/near_names.h"

namespace cartpilot::host {

namespace {

constexpr const char* kAbout =
    "cartpilot lets any large language model shop through CartPilot.\n"
    "The model proposes; nothing is bought without your explicit yes to exactly that purchase.\n"
    "Try it without key or network:  cartpilot chat --demo";

constexpr const char* kFooter =
    "Environment: GEMINI_API_KEY, OPENAI_API_KEY, CARTPILOT_API_URL, CARTPILOT_API_KEY, "
    "CARTPILOT_PROVIDER, "
    "CARTPILOT_PLUGIN_PATH, ...\nExit codes and all details: docs/cli.md";

/// Flags shared by everything that talks to CartPilot.
void add_cartpilot_flags(CLI::App& command, Arguments& a) {
  command.add_flag("--sandbox", a.sandbox, "Use the embedded CartPilot on this machine");
  command.add_option("--api-url", a.api_url,
                     "CartPilot to use (default $CARTPILOT_API_URL or http://localhost:8000)");
  command.add_option(
      "--session", a.session,
      "Id of the conversation; a checkout can only be bought in the conversation that made it");
  command.add_option(
      "--approve", a.approve,
      "Who says yes to a purchase: ask (default on a terminal), never (default elsewhere), or "
      "up-to:AMOUNT:CUR, which needs --merchants");
  command.add_option("--merchants", a.merchants,
                     "Merchants that --approve up-to holds for, separated by commas");
  command
      .add_option("--allow-repeat", a.allow_repeat,
                  "How many further identical baskets --approve up-to may buy in this run (default "
                  "0: a basket is bought once in 24 hours)")
      ->check(CLI::Range(0, 1000));
  command.add_option("--limit-order", a.limit_order,
                     "Spending limit of one purchase, AMOUNT:CUR (default 1000000 of the "
                     "currency's smallest unit: 10000.00 USD, 1000000 JPY)");
  command.add_option("--limit-session", a.limit_session,
                     "Spending limit of this conversation, AMOUNT:CUR (default twice as much)");
  command.add_option(
      "--limit-day", a.limit_day,
      "Spending limit across all conversations in 24 hours, AMOUNT:CUR (default twice as much)");
  command.add_flag("--new-journal", a.new_journal, "Start a new record; the old one is kept aside");
}

void add_provider_flags(CLI::App& command, Arguments& a, std::vector<std::string>& options) {
  command.add_option("--provider", a.provider,
                     "Model vendor: gemini, openai, offline, script or any plugin's name");
  command.add_option("--provider-option", options, "KEY=VALUE for the provider (repeatable)")
      ->take_all()
      ->type_size(1)
      ->allow_extra_args(false);
}

void add_chat(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  CLI::App* chat = app.add_subcommand("chat", "Talk to a model that can shop for you");
  chat->footer(
      "With MESSAGE: answers it and exits. Without: reads lines, with editing on a terminal.\n"
      "Within a conversation: /provider NAME [MODEL]  /model ID  /tools  /cost  /export  /help  "
      "/quit");
  add_provider_flags(*chat, a, options);
  chat->add_option("--model", a.model, "Model id (default: the provider's)");
  chat->add_flag("--demo", a.demo, "Same as --provider offline --sandbox: no key, no network");
  add_cartpilot_flags(*chat, a);
  chat->add_flag("--continue", a.continue_last, "Go on with the last conversation");
  chat->add_option("--resume", a.resume, "Go on with conversation ID");
  chat->add_option("--max-steps", a.max_steps,
                   "Maximum number of model calls per message (default 12)")
      ->check(CLI::Range(1, 100));
  chat->add_option("--system", a.system_file, "File with your own instructions for the model");
  chat->add_flag("--no-stream", a.no_stream, "Print each answer when it is complete");
  chat->add_option("--output", a.output, "text, or jsonl: one JSON object per line")
      ->check(CLI::IsMember({"text", "jsonl"}));
  CLI::Option* record = chat->add_option(
      "--record", a.record_file,
      "Write all that comes in and is shown to this new file, without keys, for cartpilot replay");
  chat->add_option("--replay", a.replay_file, "Same as 'cartpilot replay FILE'")->excludes(record);
  chat->add_option("message", a.message,
                   "What you want to say; - is standard input, and a pipe's text is added");
}

void add_tools(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  CLI::App* tools = app.add_subcommand(
      "tools", "The functions without the chat, for programs with a model of their own");
  tools->require_subcommand(1);
  add_cartpilot_flags(*tools->add_subcommand("list", "The functions and what they can do"), a);
  CLI::App* declarations = tools->add_subcommand(
      "declarations", "The JSON array a user of the vendor's SDK passes as functions");
  add_provider_flags(*declarations, a, options);
  declarations->add_flag("--with-effects", a.with_effects,
                         "Add to each function whether it reads, writes or spends money");
  tools->add_subcommand("instructions", "The program's own words for the model");
  CLI::App* call = tools->add_subcommand("call", "Run one function");
  add_cartpilot_flags(*call, a);
  call->add_option("name", a.name, "Function, see 'cartpilot tools list'")->required();
  call->add_option("arguments", a.tool_arguments,
                   "JSON object, or - to read it from standard input (default {})");
  CLI::App* handle = tools->add_subcommand(
      "handle",
      "Read vendor-native function calls, one a line, and print the vendor-native responses");
  add_provider_flags(*handle, a, options);
  add_cartpilot_flags(*handle, a);
  handle
      ->add_option("--approval-fd", a.approval_descriptor,
                   "Ask for purchases on this descriptor, a connected stream socket (docs/cli.md)")
      ->check(CLI::Range(0, 1'000'000));
}

void add_small_commands(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  CLI::App* models = app.add_subcommand("models", "The models a provider offers, one id a line");
  add_provider_flags(*models, a, options);

  CLI::App* plugin = app.add_subcommand("plugin", "List, check and create plugins");
  plugin->require_subcommand(1);
  plugin->add_subcommand("list", "All plugins found, refused ones with the reason; runs none");
  plugin->add_subcommand("info", "One plugin in full, with a test load")
      ->add_option("name", a.name, "Plugin id, file name or path")
      ->required();
  plugin->add_subcommand("path", "The folders that are searched, in order");
  plugin->add_subcommand("doctor", "Try every plugin again, and say why folders are skipped");

  add_plugin_author_commands(*plugin, a.plugin_author);

  CLI::App* approve =
      app.add_subcommand("approve", "Answer a question that another cartpilot asks");
  approve->add_option("id", a.name, "ID of the question, or its beginning (default: the only one)");
  approve->add_flag("--list", a.list, "List the open questions");
  approve->add_option("--deny", a.deny, "Say no to the question with this ID");

  CLI::App* mcp = app.add_subcommand(
      "mcp", "The functions for agent applications that speak MCP, on standard input and output");
  mcp->footer(
      "Started by the application, not by hand; see docs/mcp.md. Purchases are approved with\n"
      "'cartpilot approve' on a terminal, never by the application or its model.");
  add_cartpilot_flags(*mcp, a);
  mcp->add_option("--http", a.http,
                  "Serve HTTP on ADDRESS:PORT, or on PORT of 127.0.0.1 (0 picks one)");
  mcp->add_flag("--no-token", a.no_token, "With --http on 127.0.0.1: ask clients for no token");

  CLI::App* purchases =
      app.add_subcommand("purchases", "What this program bought, tried to buy, or is unsure about");
  purchases->require_subcommand(1);
  purchases->add_subcommand("list", "All purchases, newest first");
  purchases->add_subcommand("show", "One purchase with its history")
      ->add_option("id", a.name, "ID (from `cartpilot purchases list`)")
      ->required();
  CLI::App* resolve =
      purchases->add_subcommand("resolve", "Say what really happened to an unknown purchase");
  resolve->add_option("id", a.name, "ID (from `cartpilot purchases list`)")->required();
  CLI::Option* bought = resolve->add_flag("--bought", a.bought, "It was bought");
  resolve->add_flag("--not-bought", a.not_bought, "It was not bought")->excludes(bought);
  purchases->add_subcommand("verify", "Check that the record was not altered");

  CLI::App* sessions = app.add_subcommand("sessions", "Stored conversations");
  sessions->require_subcommand(1);
  sessions->add_subcommand("list", "All conversations, newest first");
  sessions->add_subcommand("show", "One conversation as text")
      ->add_option("id", a.name, "ID (from `cartpilot purchases list`)")
      ->required();
  CLI::App* exported = sessions->add_subcommand("export", "One conversation to standard output");
  exported->add_option("id", a.name, "ID (from `cartpilot purchases list`)")->required();
  exported->add_option("--format", a.export_format, "md or json")
      ->check(CLI::IsMember({"md", "json"}));
  sessions->add_subcommand("delete", "Forget one conversation")
      ->add_option("id", a.name, "ID (from `cartpilot purchases list`)")
      ->required();

  CLI::App* config = app.add_subcommand("config", "Read and change the settings file");
  config->require_subcommand(1);
  config->add_subcommand("list", "What the file says");
  config->add_subcommand("get", "One setting of the file")
      ->add_option("name", a.name, "Setting, such as provider or purchases.approve")
      ->required();
  CLI::App* set = config->add_subcommand("set", "Write one setting; all other lines stay");
  set->add_option("name", a.name, "Setting, such as provider or purchases.approve")->required();
  set->add_option("value", a.setting_value, "Its value; a list is written as '[\"a\", \"b\"]'")
      ->required();
  config->add_subcommand("path", "Where the file is");
  config->add_subcommand("explain", "What is in force, and where each value comes from");

  CLI::App* sandbox =
      app.add_subcommand("sandbox", "An embedded CartPilot with two merchants on this machine");
  sandbox->add_option("--port", a.port, "Port on 127.0.0.1 (default 8000; 0 picks one)")
      ->check(CLI::Range(0, 65535));
  sandbox->add_option("--db", a.database,
                      "Database file, or :memory: (default: sandbox.db in the state folder)");
  sandbox->add_option("--api-key", a.api_key,
                      "Key clients must send (default: CartPilot's development key)");
  sandbox->add_option("--seed", a.seed, "Makes merchant B's chaos repeatable");
  sandbox->add_option("--chaos", a.chaos,
                      "Scenarios of merchant B to switch on: a list with commas, all, or none");
  sandbox->add_flag("--strict", a.strict, "Close the service's weak spots (docs/sandbox.md)");
  sandbox
      ->add_option("--merchant-a-port", a.merchant_a_port,
                   "Port of merchant A's own API (default: none; 0 picks one)")
      ->check(CLI::Range(0, 65535));
  sandbox
      ->add_option("--merchant-b-port", a.merchant_b_port,
                   "Port of merchant B's own API, chaos included (default: none; 0 picks one)")
      ->check(CLI::Range(0, 65535));
  sandbox->add_option("--webhook-url", a.webhook_url,
                      "Where the merchants send webhooks (default: this sandbox)");

  app.add_subcommand("version", "Print the version");
  app.add_subcommand("help", "Explain a command: cartpilot help COMMAND");
  CLI::App* replay = app.add_subcommand(
      "replay", "Run a recorded conversation again, without network and without your state");
  replay->add_option("file", a.replay_file, "What --record wrote")->required();
  replay->add_flag("--check", a.check, "Show nothing but whether it is the same");

  app.add_subcommand("doctor", "Check keys, API, clock, TLS, plugins and the state folder");
}

/// "tools call" from CLI11's tree of parsed subcommands.
std::string command_path(const CLI::App& app) {
  std::string path;
  for (const CLI::App* level = &app; !level->get_subcommands().empty();) {
    level = level->get_subcommands().front();
    path += (path.empty() ? "" : " ") + level->get_name();
  }
  return path;
}

void collect_names(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    names.push_back(sub->get_name());
    collect_names(*sub, names);
  }
}

/// The word of the error CLI11 complains about, for the suggestion.
std::string suggestion(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t colon = text.rfind(": ");
  // "A subcommand is required" does not name the word that stands in its place.
  const std::vector<std::string> left = app.remaining(true);
  if (colon == std::string::npos && left.empty()) return "";
  // CLI11 lists what it did not expect, last one first; a flag among them is what went wrong.
  std::istringstream unexpected(colon == std::string::npos ? left.front() : text.substr(colon + 2));
  std::string word;
  for (std::string next; unexpected >> next;) {
    if (word.rfind("--", 0) != 0 || next.rfind("--", 0) == 0) word = next;
  }
  word = word.substr(0, word.find('='));
  std::vector<std::string> names;
  collect_names(app, names);
  const std::vector<std::string> near = text::near_names(word, names);
  return near.empty() ? "" : fmt::format(" (did you mean {}?)", near.front());
}

/// Prints what was asked for instead of a command; returns the exit code.
int print(const std::string& text) {
  try {
    out_text(text);
  } catch (const Error&) {
    return report_output_failure();
  }
  return kOk;
}

int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help and --version
    std::ostringstream text;
    app.exit(error, text, text);
    return print(text.str());
  }
  std::string command = command_path(app);
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  err_line(fmt::format("cartpilot: {}{}. See 'cartpilot{}{} --help'.", text, suggestion(app, error),
                       command.empty() ? "" : " ", command));
  return kUsage;
}

void add_global_flags(CLI::App& app, Arguments& a) {
  app.footer(kFooter);
  app.set_version_flag("-V,--version", std::string("cartpilot ") + CARTPILOT_VERSION);
  app.fallthrough();
  app.add_option("--plugin", a.plugin_files, "Also load this plugin file (repeatable)")
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_option("--plugin-path", a.plugin_directories, "Also search this folder (repeatable)")
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_flag("--no-plugins", a.no_plugins, "Do not search for plugins");
  app.add_flag("--allow-insecure-plugin-dir", a.allow_insecure_plugins,
               "Load plugins from files and folders that others may write (containers)");
  app.add_option("--probe", a.probe,
                 "Try plugins in a process of their own: first (the first time, default), always, "
                 "or off")
      ->check(CLI::IsMember({"first", "always", "off"}));
  app.add_option("--probe-timeout", a.probe_timeout, "Seconds a try may take (default 10)")
      ->check(CLI::Range(1, 600));
  app.add_option("--allow-money-tools", a.money_plugins,
                 "Let the plugin with this id offer functions that spend money (repeatable)")
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_option("--config", a.config_file,
                 "Settings file (default config.toml in the config folder)");
  app.add_option("--profile", a.profile, "Use [profiles.NAME] of the settings file");
  app.add_option("--log-level", a.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.add_flag("--json", a.json, "JSON for list, show, info and doctor");
}

/// An empty value is a wrong one, never an absent one. Returns the name of an option that has one.
std::string empty_option(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& value : option->results()) {
      if (value.empty()) return option->get_name();
    }
  }
  for (const CLI::App* sub : app.get_subcommands()) {
    if (std::string name = empty_option(*sub); !name.empty()) return name;
  }
  return "";
}

/// `--limit-order=` would take the next word for its value.
std::string empty_assignment(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") break;
    if (word.size() > 3 && word.rfind("--", 0) == 0 && word.find('=') == word.size() - 1) {
      return std::string(word.substr(0, word.size() - 1));
    }
  }
  return "";
}

/// "" or the sentence about two flags that say different things.
std::string contradiction(const Arguments& a) {
  const auto both = [](const char* first, const char* second) {
    return fmt::format("{} and {} exclude each other; give one", first, second);
  };
  if (a.continue_last && !a.resume.empty()) return both("--continue", "--resume");
  if (a.continue_last && !a.session.empty()) return both("--continue", "--session");
  if (!a.resume.empty() && !a.session.empty()) return both("--resume", "--session");
  if (a.demo && !a.api_url.empty()) return both("--demo", "--api-url");
  if (a.sandbox && !a.api_url.empty()) return both("--sandbox", "--api-url");
  if (a.demo && !a.provider.empty() && a.provider != "offline") return both("--demo", "--provider");
  if (a.no_plugins && !a.plugin_files.empty()) return both("--no-plugins", "--plugin");
  if (a.no_plugins && !a.plugin_directories.empty()) return both("--no-plugins", "--plugin-path");
  if (a.approval_descriptor >= 0 && a.approve == "never") {
    return both("--approval-fd", "--approve never");
  }
  if (a.list && !a.deny.empty()) return both("--list", "--deny");
  const bool bounded = a.approve.rfind("up-to", 0) == 0;
  if (!a.merchants.empty() && !bounded) return "--merchants holds for --approve up-to only";
  if (a.allow_repeat && !bounded) return "--allow-repeat holds for --approve up-to only";
  return "";
}

int refuse_line(const Arguments& a, const std::string& why) {
  err_line(fmt::format("cartpilot: {}. See 'cartpilot{}{} --help'.", why,
                       a.command.empty() ? "" : " ", a.command));
  return kUsage;
}

/// What CLI11 does not look at. nullopt = nothing is wrong.
std::optional<int> check_values(int argc, const char* const* argv, const CLI::App& app,
                                const Arguments& a) {
  std::string empty = empty_assignment(argc, argv);
  if (empty.empty()) empty = empty_option(app);
  if (!empty.empty()) return refuse_line(a, fmt::format("{}: the value is empty", empty));
  if (const std::string why = contradiction(a); !why.empty()) return refuse_line(a, why);
  return std::nullopt;
}

/// Declaring all commands takes as long as loading a library, and nearly every run is a chat: its
/// line is read with its own flags first. False when that will not do; what is wrong, or was
/// asked, is said with all commands known.
bool parse_chat(int argc, const char* const* argv, Arguments& a, std::vector<std::string>& options,
                std::optional<int>& wrong) {
  if (argc < 2 || std::string_view(argv[1]) != "chat") return false;
  CLI::App app{kAbout, "cartpilot"};
  add_global_flags(app, a);
  add_chat(app, a, options);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
    a.command = command_path(app);
    wrong = check_values(argc, argv, app, a);
    return true;
  } catch (const CLI::ParseError&) {
    return false;
  }
}

/// `help COMMAND` is `COMMAND --help`.
std::vector<const char*> without_help_command(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  if (words.size() < 2 || std::string_view(words[1]) != "help") return words;
  words.erase(words.begin() + 1);
  words.push_back("--help");
  return words;
}

/// Says what is wrong with a --provider-option.
std::optional<int> take_options(const std::vector<std::string>& options, Arguments& a) {
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == option.size()) {
      err_line(fmt::format("cartpilot: --provider-option takes KEY=VALUE, got '{}'.", option));
      return kUsage;
    }
    a.provider_options[option.substr(0, equals)] = option.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace

ParsedArguments parse_arguments(int argument_count, const char* const* arguments) {
  const std::vector<const char*> words = without_help_command(argument_count, arguments);
  const int argc = static_cast<int>(words.size());
  const char* const* const argv = words.data();
  ParsedArguments parsed;
  std::vector<std::string> options;
  const std::vector<std::string> given(argv + std::min(argc, 1), argv + argc);
  parsed.arguments.words = given;
  if (parse_chat(argc, argv, parsed.arguments, options, parsed.exit_code)) {
    if (!parsed.exit_code) parsed.exit_code = take_options(options, parsed.arguments);
    return parsed;
  }
  parsed.arguments = {};
  parsed.arguments.words = given;
  options.clear();

  Arguments& a = parsed.arguments;
  CLI::App app{kAbout, "cartpilot"};
  add_global_flags(app, a);
  add_chat(app, a, options);
  add_tools(app, a, options);
  add_small_commands(app, a, options);
  app.require_subcommand(0, 1);

  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) names.push_back(sub->get_name());
  if (argument_count > 2 && std::string_view(arguments[1]) == "help" &&
      std::find(names.begin(), names.end(), arguments[2]) == names.end()) {
    const std::vector<std::string> near = text::near_names(arguments[2], names);
    parsed.exit_code = refuse_line(
        a, fmt::format("no command '{}'{}", arguments[2],
                       near.empty() ? "" : fmt::format(" (did you mean {}?)", near.front())));
    return parsed;
  }

  try {
    app.parse(argc, argv);
    a.command = command_path(app);
    if (a.command.empty()) parsed.exit_code = print(app.help());
    if (a.command == "version") {
      parsed.exit_code = print(fmt::format("cartpilot {}\n", CARTPILOT_VERSION));
    }
    if (const auto wrong = check_values(argc, argv, app, a)) parsed.exit_code = wrong;
    if (const auto wrong = take_options(options, a)) parsed.exit_code = wrong;
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = report(app, error);
  }
  return parsed;
}

}  // namespace cartpilot::host
