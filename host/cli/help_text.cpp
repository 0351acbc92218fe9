#include "cli/help_text.h"

#include <map>

namespace cartpilot::host {

const std::vector<Example>& examples_of(const std::string& command) {
  static const std::map<std::string, std::vector<Example>> table = {
      {"",
       {{"cartpilot chat --demo", "a whole purchase with play money; no key, no network"},
        {"cartpilot chat \"a desk lamp under 60 USD\"", "one message, one answer"},
        {"cartpilot doctor", "what is set up, and what to do next"}}},
      {"chat",
       {{"cartpilot chat --demo", "try it with play money; no key, no network"},
        {"cartpilot chat", "a conversation with the model whose key is set"},
        {"cartpilot chat -p gemini \"a desk lamp under 60 USD\"", "one message, one answer"},
        {"cartpilot chat -c", "go on with the last conversation"},
        {"cartpilot chat --approve up-to:50:USD --merchants merchant-a \"more of the same tea\"",
         "a standing permission instead of a question"},
        {"cartpilot chat \"find offers for each of these\" < wishes.txt",
         "standard input joins the message"}}},
      {"models", {{"cartpilot models -p openai", "what this key may use"}}},
      {"approve",
       {{"cartpilot approve", "answer the only open question"},
        {"cartpilot approve --list", "see what is asked"},
        {"cartpilot approve --deny 7f3a", "say no"}}},
      {"mcp",
       {{"cartpilot mcp --sandbox", "on standard input and output, play money"},
        {"cartpilot mcp --http 8765", "over HTTP on this machine"}}},
      {"tools",
       {{"cartpilot tools list", "the functions"},
        {"cartpilot tools declarations -p gemini", "for the vendor's SDK"},
        {"cartpilot tools call list_orders --sandbox", "run one"}}},
      {"tools list", {{"cartpilot tools list --json", "with their schemas"}}},
      {"tools declarations",
       {{"cartpilot tools declarations -p openai --with-effects", "and what each may do"}}},
      {"tools call",
       {{"cartpilot tools call create_intent '{\"query\": \"desk lamp\"}' --sandbox --session s1",
         "the first step of a purchase"}}},
      {"tools handle",
       {{"your-program | cartpilot tools handle -p gemini --sandbox", "calls in, responses out"}}},
      {"purchases",
       {{"cartpilot purchases list", "newest first"},
        {"cartpilot purchases show ID", "what was bought, for how much, who agreed"}}},
      {"purchases resolve",
       {{"cartpilot purchases resolve ID --not-bought", "after asking the merchant"}}},
      {"sessions",
       {{"cartpilot sessions list", "newest first"},
        {"cartpilot sessions export ID > lamp.md", "keep one as text"}}},
      {"plugin",
       {{"cartpilot plugin list", "what is found, and what is refused"},
        {"cartpilot plugin new acme --provider", "start one of your own"},
        {"cartpilot plugin check cartpilot-acme.so", "before you publish it"}}},
      {"plugin new", {{"cartpilot plugin new acme --toolset", "a folder that builds and tests"}}},
      {"plugin check",
       {{"cartpilot plugin check cartpilot-acme.so", "all checks"},
        {"cartpilot plugin check cartpilot-acme.so --only CP-101 --in-process",
         "one, in a debugger"}}},
      {"config",
       {{"cartpilot config set provider gemini", "writes one line"},
        {"cartpilot config explain", "every value in force and where it comes from"}}},
      {"sandbox",
       {{"cartpilot sandbox", "on http://localhost:8000, the default address"},
        {"cartpilot sandbox --port 0 --db :memory: --seed 7", "for tests"}}},
      {"replay", {{"cartpilot replay lamp.jsonl --check", "is it still the same?"}}},
      {"doctor", {{"cartpilot doctor --sandbox", "without another CartPilot"}}},
      {"completion",
       {{"cartpilot completion bash > ~/.local/share/bash-completion/completions/cartpilot", ""},
        {"cartpilot completion zsh > ~/.zfunc/_cartpilot", ""},
        {"cartpilot completion fish > ~/.config/fish/completions/cartpilot.fish", ""}}},
  };
  static const std::vector<Example> none;
  const auto found = table.find(command);
  return found == table.end() ? none : found->second;
}

const std::vector<HelpTopic>& help_topics() {
  static const std::vector<HelpTopic> topics = {
      {"exit-codes",
       "How the program ends.",
       {{"0", "ok"},
        {"1", "failed"},
        {"2", "wrong usage, or a message that cannot be sent"},
        {"3", "a setting, key or plugin is missing"},
        {"4", "the model provider failed"},
        {"5", "CartPilot failed"},
        {"10", "approval declined"},
        {"11", "approval needed but refused by policy (no terminal, over the limit)"},
        {"12", "the price changed; nothing bought"},
        {"13", "purchase outcome unknown"},
        {"14", "bought, but not as agreed"},
        {"130", "interrupted"},
        {"141", "nobody reads standard output any more"}},
       "A conversation of several turns ends with the code of its last purchase attempt; without "
       "one, with that of its first failed turn. The code of a purchase outranks output that "
       "cannot be written."},
      {"environment",
       "Variables the program reads. Flags win over them, they win over the settings file; an "
       "empty one counts as absent.",
       {{"GEMINI_API_KEY, GOOGLE_API_KEY", "key of gemini"},
        {"OPENAI_API_KEY", "key of openai"},
        {"ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN", "key of anthropic"},
        {"GEMINI_BASE_URL, OPENAI_BASE_URL, ANTHROPIC_BASE_URL",
         "other servers; that of openai includes /v1"},
        {"CARTPILOT_PROVIDER", "the provider when no flag names one"},
        {"CARTPILOT_API_URL", "CartPilot's address (default http://localhost:8000)"},
        {"CARTPILOT_API_KEY", "its key (default: CartPilot's development key)"},
        {"CARTPILOT_PLUGIN_PATH", "more folders with plugins"},
        {"CARTPILOT_PLUGINS", "none, or a list of ids to use"},
        {"WEBHOOK_SECRET", "key of the sandbox's webhook signatures"},
        {"XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME, XDG_CACHE_HOME",
         "where files are kept, see 'cartpilot help files'"},
        {"https_proxy, no_proxy", "proxies"},
        {"SSL_CERT_FILE, SSL_CERT_DIR", "certificates to trust instead of the system's"},
        {"NO_COLOR, TERM", "no colours; no terminal sequences with TERM=dumb"}},
       "No variable permits a purchase. Variables that plugins declare are listed by 'cartpilot "
       "plugin info PLUGIN'."},
      {"files",
       "What the program keeps, and where. All of it is readable by you alone.",
       {{"~/.config/cartpilot/config.toml", "settings; see 'cartpilot config explain'"},
        {"~/.local/state/cartpilot/state.db", "conversations, purchases and open questions"},
        {"~/.local/state/cartpilot/sandbox.db", "the shops of --sandbox and --demo"},
        {"~/.local/state/cartpilot/history", "lines typed at the prompt, without keys"},
        {"~/.local/state/cartpilot/locks", "who has a conversation or a terminal open"},
        {"~/.local/state/cartpilot/mcp-token", "what HTTP clients of 'cartpilot mcp' must send"},
        {"~/.cache/cartpilot", "what was found out about plugins; may be deleted"},
        {"~/.local/share/cartpilot/plugins", "your plugins; see 'cartpilot plugin path'"}},
       "The XDG variables move these folders. The record of purchases is the only proof of what "
       "was bought: delete the state folder only when nothing is open."},
  };
  return topics;
}

}  // namespace cartpilot::host
