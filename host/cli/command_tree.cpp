#include "cli/command_tree.h"

#include <memory>

#include "cli/help.h"

namespace cartpilot::host {

namespace {

constexpr const char* kConversation = "Conversation";
constexpr const char* kModel = "Model";
constexpr const char* kPurchases = "Purchases";
constexpr const char* kOutput = "Output";
constexpr const char* kPlugins = "Plugins";
constexpr const char* kPurchaseId = "ID (from 'cartpilot purchases list')";
constexpr const char* kSessionId = "ID (from 'cartpilot sessions list')";

/// The checks of CLI11 put their own words into the help unless they have none.
CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::IsMember(std::move(words)).description("");
}
CLI::Validator between(int low, int high) { return CLI::Range(low, high).description(""); }

template <typename Target>
CLI::Option* value(CLI::App& command, const char* names, Target& target, const char* takes,
                   const char* text) {
  return command.add_option(names, target, text)->option_text(takes);
}

/// May be given several times, one value each time.
CLI::Option* repeatable(CLI::App& command, const char* names, std::vector<std::string>& target,
                        const char* takes, const char* text) {
  return value(command, names, target, takes, text)->type_size(1)->allow_extra_args(false);
}

/// Which CartPilot.
void declare_cartpilot_flags(CLI::App& command, Arguments& a) {
  command
      .add_flag("--sandbox", a.sandbox, "Use the embedded CartPilot on this machine, play money")
      ->group(kConversation);
  value(command, "--api-url", a.api_url, "URL",
        "CartPilot to use (default $CARTPILOT_API_URL or http://localhost:8000)")
      ->group(kConversation);
}

/// Where the money goes, and who says yes.
void declare_purchase_flags(CLI::App& command, Arguments& a) {
  declare_cartpilot_flags(command, a);
  value(command, "--session", a.session, "SESSION",
        "Name of the conversation; a checkout can only be bought where it was made")
      ->group(kConversation);
  value(command, "--approve", a.approve, "ask|never|up-to:AMOUNT:CUR",
        "Who says yes to a purchase: ask (default on a terminal), never (default elsewhere), or a "
        "standing permission, which needs --merchants")
      ->group(kPurchases);
  value(command, "--merchants", a.merchants, "LIST",
        "Merchants that --approve up-to holds for, separated by commas")
      ->group(kPurchases);
  value(command, "--allow-repeat", a.allow_repeat, "N",
        "How many further identical baskets --approve up-to may buy in this run (default 0: a "
        "basket is bought once in 24 hours)")
      ->check(between(0, 1000))
      ->group(kPurchases);
  value(command, "--limit-order", a.limit_order, "AMOUNT:CUR",
        "Spending limit of one purchase (default 1000000 of the currency's smallest unit: "
        "10000.00 USD, 1000000 JPY)")
      ->group(kPurchases);
  value(command, "--limit-session", a.limit_session, "AMOUNT:CUR",
        "Spending limit of this conversation (default twice as much)")
      ->group(kPurchases);
  value(command, "--limit-day", a.limit_day, "AMOUNT:CUR",
        "Spending limit across all conversations in 24 hours (default twice as much)")
      ->group(kPurchases);
  command
      .add_flag("--dry-run", a.dry_run,
                "Say what would be decided about a purchase, and buy nothing")
      ->group(kPurchases);
  command
      .add_flag("--new-journal", a.new_journal,
                "Start a new record of purchases; the old one is kept aside")
      ->group(kPurchases);
}

void declare_provider_flags(CLI::App& command, Arguments& a, std::vector<std::string>& options) {
  value(command, "-p,--provider", a.provider, "PROVIDER",
        "gemini, openai, anthropic, offline, script or any plugin's (default: "
        "$CARTPILOT_PROVIDER, the settings, or the one whose key is set)")
      ->group(kModel);
  value(command, "--provider-option", options, "KEY=VALUE",
        "An option of the provider, see its page (repeatable)")
      ->take_all()
      ->type_size(1)
      ->allow_extra_args(false)
      ->group(kModel);
}

void declare_model_flags(CLI::App& command, Arguments& a) {
  value(command, "-m,--model", a.model, "MODEL", "Model id (default: the provider's)")
      ->group(kModel);
  value(command, "--system", a.system_file, "FILE", "Your own instructions for the model")
      ->group(kModel);
  value(command, "--max-steps", a.max_steps, "N",
        "Maximum number of model calls per message (default 12)")
      ->check(between(1, 100))
      ->group(kModel);
  value(command, "--max-requests", a.max_requests, "N",
        "Maximum number of model requests in this run, repeated ones included")
      ->check(between(1, 100'000))
      ->group(kModel);
  value(command, "--max-output-tokens", a.max_output_tokens, "N",
        "Maximum number of tokens of one answer of the model, reasoning included")
      ->check(between(16, 1'000'000))
      ->group(kModel);
  repeatable(command, "--limit-model-cost", a.cost_limits, "AMOUNT:CUR/turn|conversation|day",
             "What models may cost; needs --max-output-tokens and a known price (repeatable)")
      ->group(kModel);
}

void declare_tools(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  CLI::App* tools = app.add_subcommand(
      "tools", "The functions without the chat, for programs with a model of their own");
  tools->require_subcommand(1);
  declare_purchase_flags(*tools->add_subcommand("list", "The functions and what they can do"), a);
  CLI::App* declarations = tools->add_subcommand(
      "declarations", "The JSON array a user of the vendor's SDK passes as functions");
  declare_provider_flags(*declarations, a, options);
  declarations->add_flag("--with-effects", a.with_effects,
                         "Add to each function whether it reads, writes or spends money");
  tools->add_subcommand("instructions", "The program's own words for the model");
  CLI::App* call = tools->add_subcommand("call", "Run one function");
  declare_purchase_flags(*call, a);
  value(*call, "name", a.name, "FUNCTION", "One of 'cartpilot tools list'")->required();
  value(*call, "arguments", a.tool_arguments, "JSON",
        "Its arguments, an object; - reads standard input (default {})");
  CLI::App* handle = tools->add_subcommand(
      "handle",
      "Read vendor-native function calls, one a line, and print the vendor-native responses");
  declare_provider_flags(*handle, a, options);
  declare_purchase_flags(*handle, a);
  value(*handle, "--approval-fd", a.approval_descriptor, "N",
        "Ask for purchases on this descriptor, a connected stream socket")
      ->check(between(0, 1'000'000))
      ->group(kPurchases);
}

void declare_plugins(CLI::App& app, Arguments& a) {
  CLI::App* plugin = app.add_subcommand("plugin", "List, check and create plugins");
  plugin->require_subcommand(1);
  plugin->add_subcommand("list", "All plugins found, refused ones with the reason; runs none");
  CLI::App* info = plugin->add_subcommand("info", "One plugin in full, with a test load");
  value(*info, "name", a.name, "PLUGIN", "Plugin id, file name or path")->required();
  info->add_flag("--details", a.plugin_author.details)->group("");  // for the program itself
  plugin->add_subcommand("path", "The folders that are searched, in order");
  plugin->add_subcommand("doctor", "Try every plugin again, and say why folders are skipped");
  add_plugin_author_commands(*plugin, a.plugin_author);
  CLI::App* remove = plugin->add_subcommand("remove", "Remove a plugin that was installed");
  value(*remove, "name", a.name, "PLUGIN", "Plugin id or file name")->required();
  remove->add_flag("--yes", a.plugin_author.yes, "Do not ask");
}

void declare_records(CLI::App& app, Arguments& a) {
  CLI::App* purchases =
      app.add_subcommand("purchases", "What this program bought, tried to buy, or is unsure about");
  purchases->require_subcommand(1);
  purchases->add_subcommand("list", "All purchases, newest first");
  value(*purchases->add_subcommand("show", "One purchase with its history"), "id", a.name,
        "PURCHASE", kPurchaseId)
      ->required();
  CLI::App* explain = purchases->add_subcommand(
      "explain", "Which rule of the settings would decide about a checkout, and why no other");
  declare_cartpilot_flags(*explain, a);
  value(*explain, "id", a.name, "CHECKOUT", "ID of a checkout, as create_checkout told it")
      ->required();
  CLI::App* resolve =
      purchases->add_subcommand("resolve", "Say what really happened to an unknown purchase");
  value(*resolve, "id", a.name, "PURCHASE", kPurchaseId);
  resolve->add_flag("--gap", a.gap,
                    "You looked through the orders after an older copy of the record was restored");
  CLI::Option* bought = resolve->add_flag("--bought", a.bought, "It was bought");
  resolve->add_flag("--not-bought", a.not_bought, "It was not bought")->excludes(bought);
  purchases->add_subcommand("verify", "Check that the record was not altered");

  CLI::App* sessions = app.add_subcommand("sessions", "Stored conversations");
  sessions->require_subcommand(1);
  sessions->add_subcommand("list", "All conversations, newest first");
  value(*sessions->add_subcommand("show", "One conversation as text"), "id", a.name, "SESSION",
        kSessionId)
      ->required();
  CLI::App* exported = sessions->add_subcommand("export", "Write one conversation as text");
  value(*exported, "id", a.name, "SESSION", kSessionId)->required();
  value(*exported, "file", a.export_file, "FILE", "A new file (default: standard output)");
  exported->add_flag("--with-calls", a.with_calls, "Functions with their JSON, too");
  value(*exported, "--format", a.export_format, "md|json", "As Markdown or JSON (default md)")
      ->check(one_of({"md", "json"}));
  CLI::App* renamed = sessions->add_subcommand("rename", "Give a conversation a title");
  value(*renamed, "id", a.name, "SESSION", kSessionId)->required();
  value(*renamed, "title", a.title, "TITLE", "At most 80 bytes")->required();
  CLI::App* forked = sessions->add_subcommand(
      "fork", "Begin a conversation with the first turns of another one, without its purchases");
  value(*forked, "id", a.name, "SESSION", kSessionId)->required();
  value(*forked, "--at", a.at_turn, "TURN", "The last turn to keep, from 1 (default: all)")
      ->check(between(1, 1'000'000));
  CLI::App* removed =
      sessions->add_subcommand("delete", "Forget conversations and what they left on this machine");
  value(*removed, "id", a.names, "SESSION", kSessionId);
  removed->add_flag("--all", a.all, "All conversations, and the lines typed");

  CLI::App* database =
      app.add_subcommand("db", "The database that holds conversations and purchases");
  database->footer(
      "With --database that PostgreSQL database and everybody in it, else the file in the state "
      "folder.");
  database->require_subcommand(1);
  database->add_subcommand("migrate", "Make and update its tables");
  database->add_subcommand("check", "Check that no record of purchases in it was altered");

  CLI::App* stats =
      app.add_subcommand("stats", "Tokens, cost, times and purchases, by day and provider");
  value(*stats, "--days", a.days, "N", "The last N days in UTC, today included (default 30)")
      ->check(between(1, 36500));
}

void declare_settings(CLI::App& app, Arguments& a) {
  CLI::App* config = app.add_subcommand("config", "Read and change the settings file");
  config->require_subcommand(1);
  config->add_subcommand("list", "What the file says");
  constexpr const char* kName = "Setting, such as provider or purchases.approve";
  value(*config->add_subcommand("get", "One setting of the file"), "name", a.name, "SETTING", kName)
      ->required();
  CLI::App* set = config->add_subcommand("set", "Write one setting; all other lines stay");
  value(*set, "name", a.name, "SETTING", kName)->required();
  value(*set, "value", a.setting_value, "VALUE", "Its value; a list is written as '[\"a\", \"b\"]'")
      ->required();
  config->add_subcommand("path", "Where the file is");
  config->add_subcommand("explain", "What is in force, and where each value comes from");
}

void declare_sandbox(CLI::App& app, Arguments& a) {
  CLI::App* sandbox =
      app.add_subcommand("sandbox", "An embedded CartPilot with two merchants on this machine");
  value(*sandbox, "--port", a.port, "N", "Port on 127.0.0.1 (default 8000; 0 picks one)")
      ->check(between(0, 65535));
  value(*sandbox, "--db", a.database, "FILE",
        "Database file, or :memory: (default: sandbox.db in the state folder)");
  value(*sandbox, "--api-key", a.api_key, "KEY",
        "Key clients must send (default: CartPilot's development key)");
  value(*sandbox, "--seed", a.seed, "N", "Makes merchant B's chaos repeatable");
  value(*sandbox, "--chaos", a.chaos, "LIST",
        "Scenarios of merchant B to switch on: a list with commas, all, or none");
  sandbox->add_flag("--strict", a.strict, "Close the weak spots that the real service has");
  value(*sandbox, "--merchant-a-port", a.merchant_a_port, "N",
        "Port of merchant A's own API (default: none; 0 picks one)")
      ->check(between(0, 65535));
  value(*sandbox, "--merchant-b-port", a.merchant_b_port, "N",
        "Port of merchant B's own API, chaos included (default: none; 0 picks one)")
      ->check(between(0, 65535));
  value(*sandbox, "--webhook-url", a.webhook_url, "URL",
        "Where the merchants send webhooks (default: this sandbox)");
}

void declare_surfaces(CLI::App& app, Arguments& a) {
  CLI::App* approve =
      app.add_subcommand("approve", "Answer a question that another cartpilot asks");
  value(*approve, "id", a.name, "QUESTION",
        "ID of the question, or its beginning (default: the only one)");
  approve->add_flag("--list", a.list, "List the open questions");
  value(*approve, "--deny", a.deny, "QUESTION", "Say no to the question with this ID");

  CLI::App* mcp = app.add_subcommand(
      "mcp", "The functions for agent applications that speak MCP, on standard input and output");
  mcp->footer(
      "The application starts it, not a person. Purchases are approved with 'cartpilot approve' on "
      "a terminal, never by the application or its model.");
  declare_purchase_flags(*mcp, a);
  value(*mcp, "--http", a.http, "ADDRESS:PORT",
        "Serve HTTP there, or on PORT of 127.0.0.1 (0 picks one)");
  mcp->add_flag("--no-token", a.no_token, "With --http on 127.0.0.1: ask clients for no token");
  mcp->add_flag(
      "--approval-page", a.approval_page,
      "Show purchases on a page on this machine, where a paired browser can approve them");

  CLI::App* pair = app.add_subcommand("pair", "Pair a browser with the page of another cartpilot");
  pair->footer(
      "Shows a code on the terminal and waits until a browser has sent it to the page of "
      "'cartpilot "
      "serve' or 'cartpilot mcp --approval-page'.");
}

void declare_serve(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  CLI::App* serve =
      app.add_subcommand("serve", "The shop assistant in a browser, for one person or for many");
  serve->footer(
      "For one person: pair a browser with 'cartpilot pair'. For many: behind a proxy that "
      "authenticates people and names them in a header; each has conversations, limits and "
      "purchases of their own. Purchases are approved on the page, by the person, with the same "
      "code as on a terminal.");
  value(*serve, "--listen", a.listen, "ADDRESS:PORT|unix:FILE",
        "Where to listen; 127.0.0.1 only without --auth-header (default 127.0.0.1:8088)");
  value(*serve, "--auth-header", a.auth_header, "NAME",
        "The header in which a proxy names the person; on a Unix socket, or with "
        "--auth-secret-file");
  value(*serve, "--auth-secret-file", a.auth_secret_file, "FILE",
        "A secret of one line that the proxy sends as X-Cartpilot-Secret; mode 0600");
  value(*serve, "--advertise", a.advertise, "URL",
        "Where other processes that share the database reach this one (default: where it listens, "
        "on 127.0.0.1)");
  value(*serve, "--public-url", a.public_url, "URL",
        "Where people reach the page, for links to it (default: where it listens)");
  serve->add_flag("--openai-api", a.openai_api,
                  "Also answer chat applications that speak OpenAI's chat completions, under /v1");
  serve->add_flag("--mcp", a.serve_mcp, "Also answer agent applications that speak MCP, at /mcp");
  declare_provider_flags(*serve, a, options);
  declare_model_flags(*serve, a);
  serve->add_flag("--demo", a.demo, "Same as --provider offline --sandbox: no key, no network")
      ->group(kConversation);
  declare_purchase_flags(*serve, a);

  CLI::App* token = app.add_subcommand("token", "Tokens for programs that talk to 'serve'");
  token->require_subcommand(1);
  token->footer(
      "A program with a token talks for one person, under /v1 and /mcp of 'cartpilot serve'. It "
      "can never answer a question.");
  CLI::App* made = token->add_subcommand("new", "Make a token and print it, once");
  value(*made, "name", a.name, "NAME", "What it is for")->required();
  made->footer("With --person NAME it is for somebody whom a proxy names so.");
  token->add_subcommand("list", "The tokens, without what they are; with --person of one person");
  value(*token->add_subcommand("revoke", "End a token"), "id", a.name, "TOKEN",
        "Its id, from 'cartpilot token list'")
      ->required();
}

}  // namespace

void declare_chat(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  CLI::App* chat = app.add_subcommand("chat", "Talk to a model that can shop for you");
  chat->footer(
      "With MESSAGE it answers and exits. Without, it reads lines: with editing and history on a "
      "terminal, plain lines from a pipe. Within a conversation: /provider NAME [MODEL], /model "
      "ID, /tools, /cost, /export, /help, /quit.");
  value(*chat, "message", a.message, "MESSAGE",
        "What you want to say; - is standard input, and a pipe's text is added");
  declare_provider_flags(*chat, a, options);
  declare_model_flags(*chat, a);
  chat->add_flag("--demo", a.demo, "Same as --provider offline --sandbox: no key, no network")
      ->group(kConversation);
  declare_purchase_flags(*chat, a);
  chat->add_flag("-c,--continue", a.continue_last, "Go on with the last conversation")
      ->group(kConversation);
  value(*chat, "--resume", a.resume, "SESSION",
        "Go on with that conversation; without an id, choose one of the last on a terminal")
      ->expected(0, 1)
      ->group(kConversation);
  value(*chat, "--output", a.output, "text|jsonl",
        "For people, or one JSON object per line (default text)")
      ->check(one_of({"text", "jsonl"}))
      ->group(kOutput);
  chat->add_flag("--plain", a.plain,
                 "On a terminal: redraw nothing, no colours, tables as lines (for screen readers)")
      ->group(kOutput);
  chat->add_flag("--verbose", a.verbose, "On a terminal: show functions with their arguments")
      ->group(kOutput);
  chat->add_flag("--no-stream", a.no_stream, "Print each answer when it is complete")
      ->group(kOutput);
  CLI::Option* record = value(*chat, "--record", a.record_file, "FILE",
                              "Write all that comes in and is shown to this new file, without keys")
                            ->group(kOutput);
  value(*chat, "--replay", a.replay_file, "FILE", "Same as 'cartpilot replay FILE'")
      ->excludes(record)
      ->group(kOutput);
}

void declare_commands(CLI::App& app, Arguments& a, std::vector<std::string>& options) {
  declare_chat(app, a, options);
  declare_provider_flags(
      *app.add_subcommand("models", "The models a provider offers, one id a line"), a, options);
  declare_surfaces(app, a);
  declare_serve(app, a, options);
  declare_tools(app, a, options);
  declare_records(app, a);
  declare_plugins(app, a);
  declare_settings(app, a);
  declare_sandbox(app, a);
  CLI::App* replay = app.add_subcommand(
      "replay", "Run a recorded conversation again, without network and without your state");
  value(*replay, "file", a.replay_file, "FILE", "What --record wrote")->required();
  replay->add_flag("--check", a.check, "Show nothing but whether it is the same");
  app.add_subcommand("doctor", "Check keys, API, clock, TLS, plugins and the state folder")
      ->add_flag("--sandbox", a.sandbox, "Check the embedded CartPilot instead of another one");
  value(*app.add_subcommand("completion", "Print the completion script of a shell"), "shell",
        a.name, "bash|zsh|fish", "The shell that is to complete command lines")
      ->required()
      ->check(one_of({"bash", "zsh", "fish"}));
  app.add_subcommand("version", "Print the version, the build and the plugin ABI");
  app.add_subcommand("help", "Explain a command or a topic: exit-codes, environment, files");
  // For the build: the manual pages are made from this tree.
  value(*app.add_subcommand("manual", "Print a manual page")->group(""), "page", a.name, "PAGE",
        "cartpilot, or cartpilot-COMMAND")
      ->required();
}

void declare_global_flags(CLI::App& app, Arguments& a) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Explain the command");
  app.set_version_flag("-V,--version", std::string("cartpilot ") + CARTPILOT_VERSION,
                       "Print the version");
  app.fallthrough();
  value(app, "--config", a.config_file, "FILE",
        "Settings file (default ~/.config/cartpilot/config.toml)");
  value(app, "--profile", a.profile, "NAME", "Use [profiles.NAME] of the settings file");
  value(app, "--database", a.state_database, "URL",
        "Keep the state in PostgreSQL: postgresql://USER@HOST:PORT/DATABASE (default: a file)");
  value(app, "--person", a.person, "NAME",
        "Whose state it is, where it holds that of many (with --database default "
        "$CARTPILOT_PERSON or the login name)");
  app.add_flag("--json", a.json, "JSON from list, show, info, doctor, models and stats");
  value(app, "--log-level", a.log_level, "debug|info|warning|error",
        "Which lines of plugins are shown (default warning)")
      ->check(one_of({"debug", "info", "warning", "error"}));
  value(app, "--log-format", a.log_format, "text|json",
        "How lines on standard error look; json also tells requests with --log-level info")
      ->check(one_of({"text", "json"}));
  app.add_flag("--otel-content", a.otel_content,
               "Tell the OpenTelemetry collector arguments and results of functions too");
  repeatable(app, "--plugin", a.plugin_files, "FILE", "Also load this plugin file (repeatable)")
      ->group(kPlugins);
  repeatable(app, "--plugin-path", a.plugin_directories, "DIR",
             "Also search this folder (repeatable)")
      ->group(kPlugins);
  app.add_flag("--no-plugins", a.no_plugins, "Do not search for plugins")->group(kPlugins);
  repeatable(app, "--allow-money-tools", a.money_plugins, "PLUGIN",
             "Let this plugin offer functions that spend money (repeatable)")
      ->group(kPlugins);
  app.add_flag("--allow-insecure-plugin-dir", a.allow_insecure_plugins,
               "Load plugins from files and folders that others may write (containers)")
      ->group(kPlugins);
  value(app, "--probe", a.probe, "first|always|off",
        "Try plugins in a process of their own: the first time (default), always, or never")
      ->check(one_of({"first", "always", "off"}))
      ->group(kPlugins);
  value(app, "--probe-timeout", a.probe_timeout, "SECONDS",
        "How long such a try may take (default 10)")
      ->check(between(1, 600))
      ->group(kPlugins);
}

}  // namespace cartpilot::host
