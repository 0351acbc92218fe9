#include "fakes/anthropic_profiles.h"

#include <stdexcept>
#include <utility>

namespace cartpilot::fakes {
namespace anthropic {
namespace {

AnthropicProfile first_party(std::string name, std::string model) {
  return {std::move(name), "anthropic", std::move(model), {}};
}

AnthropicProfile compatible(std::string name, std::string server, std::string model) {
  AnthropicProfile made{std::move(name), std::move(server), std::move(model), {}};
  made.options.first_party = false;
  made.options.models = {made.model};
  return made;
}

/// A gateway in front of Bedrock: its own model ids, no member but the known ones, signed thinking.
AnthropicProfile bedrock() {
  AnthropicProfile made = compatible("bedrock", "bedrock", "anthropic.claude-sonnet-5-5");
  made.options.base_path = "/bedrock";
  made.options.quirks.thinks = true;
  return made;
}

/// Google's address and body; the key is a token.
AnthropicProfile vertex() {
  AnthropicProfile made = compatible("vertex", "vertex", "claude-sonnet-5-5");
  made.options.vertex = true;
  made.options.bearer = true;
  made.options.quirks.thinks = true;
  return made;
}

/// No tool_choice, no signatures, an estimate instead of usage.
AnthropicProfile ollama() {
  AnthropicProfile made = compatible("ollama", "ollama", "qwen3");
  made.options.key.clear();
  made.options.quirks.no_tool_choice = true;
  made.options.quirks.no_signatures = true;
  made.options.quirks.thinks = true;
  return made;
}

/// Thinking begins twice and is not signed.
AnthropicProfile llama_cpp() {
  AnthropicProfile made = compatible("llama_cpp", "llama.cpp", "local");
  made.options.key.clear();
  made.options.quirks.doubled_start = true;
  made.options.quirks.no_signatures = true;
  made.options.quirks.thinks = true;
  return made;
}

/// An empty text comes first, and "end_turn" with calls.
AnthropicProfile litellm(const std::string& name) {
  AnthropicProfile made = compatible(name, "litellm", "claude-sonnet-5-5");
  made.options.bearer = true;
  made.options.quirks.empty_first_text = true;
  made.options.quirks.end_turn_with_calls = true;
  return made;
}

/// The same in front of Bedrock: streams end without message_stop.
AnthropicProfile litellm_bedrock() {
  AnthropicProfile made = litellm("litellm_bedrock");
  made.options.quirks.no_message_stop = true;
  return made;
}

/// Thinks unless told otherwise and wants it back.
AnthropicProfile deepseek() {
  AnthropicProfile made = compatible("deepseek", "deepseek", "deepseek-chat");
  made.options.base_path = "/anthropic";
  made.options.quirks.thinks = true;
  made.options.quirks.wants_thinking = true;
  return made;
}

/// A bearer token, ids of its own form, no adaptive thinking, thinking wanted back.
AnthropicProfile kimi() {
  AnthropicProfile made = compatible("kimi", "kimi", "kimi-k2");
  made.options.base_path = "/anthropic";
  made.options.bearer = true;
  made.options.quirks.thinks = true;
  made.options.quirks.wants_thinking = true;
  made.options.quirks.no_signatures = true;
  made.options.quirks.foreign_ids = true;
  made.options.quirks.only_enabled = true;
  return made;
}

/// As little as a server can get away with.
AnthropicProfile unknown() {
  AnthropicProfile made = compatible("unknown_server", "unknown", "vendor/model");
  made.options.base_path = "/api";
  made.options.quirks.no_event_names = true;
  made.options.quirks.whole_input = true;
  made.options.quirks.no_usage = true;
  return made;
}

std::vector<AnthropicProfile> make_profiles() {
  return {first_party("anthropic", "claude-sonnet-5-5"),
          first_party("anthropic_opus", "claude-opus-5-5"),
          first_party("anthropic_manual", "claude-haiku-4-5"),
          bedrock(),
          vertex(),
          ollama(),
          llama_cpp(),
          litellm("litellm"),
          litellm_bedrock(),
          deepseek(),
          kimi(),
          unknown()};
}

}  // namespace
}  // namespace anthropic

const std::vector<AnthropicProfile>& anthropic_profiles() {
  static const std::vector<AnthropicProfile> kProfiles = anthropic::make_profiles();
  return kProfiles;
}

const AnthropicProfile& anthropic_profile(const std::string& name) {
  for (const AnthropicProfile& one : anthropic_profiles()) {
    if (one.name == name) return one;
  }
  throw std::out_of_range("no pretend server " + name);
}

}  // namespace cartpilot::fakes
