// Arguments: the command line, read but not yet interpreted.
//
// parse_arguments() is the only place that knows flags. Values; nothing is opened or looked up
// here, so --version and
// --help cost nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/plugin_arguments.h"

namespace cartpilot::host {

/// The value of --resume without one: the person is asked.
inline constexpr const char* kChooseSession = "true";

struct Arguments {
  std::string command;             ///< "chat", "tools call", "plugin list", ...
  std::vector<std::string> words;  ///< the whole line, without the program

  // Everywhere.
  std::vector<std::string> plugin_files;
  std::vector<std::string> plugin_directories;
  bool no_plugins = false;
  bool allow_insecure_plugins = false;
  std::string probe = "first";             ///< first, always or off
  int probe_timeout = 10;                  ///< seconds
  std::vector<std::string> money_plugins;  ///< ids whose money tools are let in
  std::string config_file;
  std::string profile;
  std::string state_database;  ///< --database
  std::string person;          ///< --person
  std::string log_level = "warning";
  std::string log_format = "text";
  bool otel_content = false;
  bool json = false;

  // Conversations and tools.
  std::string provider;
  std::string model;
  bool demo = false;
  bool sandbox = false;
  std::string api_url;
  std::string session;
  bool continue_last = false;
  std::string resume;  ///< kChooseSession: the person is asked which
  std::string approve;
  std::string merchants;
  std::optional<int> allow_repeat;
  std::string limit_order;
  std::string limit_session;
  std::string limit_day;
  bool new_journal = false;
  bool dry_run = false;
  int max_steps = 12;
  std::optional<int> max_requests;
  std::optional<int> max_output_tokens;
  std::vector<std::string> cost_limits;  ///< --limit-model-cost
  std::string system_file;
  bool no_stream = false;
  bool plain = false;
  bool verbose = false;
  std::string output = "text";
  std::string record_file;  ///< --record
  std::string replay_file;  ///< --replay, or the file of the command replay
  bool check = false;       ///< of replay: compare, show nothing
  std::map<std::string, std::string> provider_options;
  std::vector<std::string> message;

  // tools call, plugin info, purchases show, sessions show, ...
  std::string name;
  std::string tool_arguments = "{}";
  std::string export_format = "md";
  std::string export_file;  ///< "" = standard output
  bool with_calls = false;
  std::string title;               ///< sessions rename
  std::optional<int> at_turn;      ///< sessions fork
  std::vector<std::string> names;  ///< sessions delete
  bool all = false;
  bool bought = false;
  bool not_bought = false;
  bool gap = false;  ///< purchases resolve

  // stats
  int days = 30;

  // config set
  std::string setting_value;

  // approve
  bool list = false;
  std::string deny;

  // mcp
  std::string http;  ///< where to listen; "" = standard input and output
  bool no_token = false;
  bool approval_page = false;

  // serve
  std::string listen = "127.0.0.1:8088";  ///< or unix:FILE
  std::string auth_header;                ///< that names the person; "" = a browser is paired
  std::string auth_secret_file;
  std::string advertise;   ///< where other processes reach this one; "" = where it listens
  std::string public_url;  ///< where people reach the page; "" = where it listens
  bool openai_api = false;
  bool serve_mcp = false;  ///< --mcp

  // tools instructions, declarations, handle
  bool with_effects = false;
  int approval_descriptor = -1;

  PluginAuthorArguments plugin_author;

  // sandbox
  int port = 8000;
  std::string database;
  std::string api_key;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> chaos;
  bool strict = false;
  std::optional<int> merchant_a_port;
  std::optional<int> merchant_b_port;
  std::string webhook_url;
};

/// Outcome of reading the command line: arguments, or an exit code after help, version or an error
/// was printed.
struct ParsedArguments {
  Arguments arguments;
  std::optional<int> exit_code;
};

ParsedArguments parse_arguments(int argc, const char* const* argv);

}  // namespace cartpilot::host
