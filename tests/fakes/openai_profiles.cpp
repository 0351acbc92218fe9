#include "fakes/openai_profiles.h"

#include <stdexcept>
#include <utility>

namespace cartpilot::fakes {
namespace {

OpenAiProfile profile(std::string name, std::string server, std::string model) {
  OpenAiProfile made{std::move(name), std::move(server), std::move(model), {}};
  made.options.models = {"near-" + made.model, made.model, "text-embedding-3-large"};
  return made;
}

OpenAiProfile openai(const std::string& name, const std::string& model) {
  OpenAiProfile made = profile(name, "openai", model);
  made.options.models = {"gpt-6.1-terra", "gpt-5.6-luna", "gpt-4.1-mini", "text-embedding-3-large"};
  made.options.quirks.obfuscation = true;
  return made;
}

/// Azure: its own key header, deployments instead of models, notes of its content filter.
OpenAiProfile azure(const std::string& name) {
  OpenAiProfile made = profile(name, "azure", "shop-deployment");
  made.options.key = "azure-key-0123456789";
  made.options.address.base_path = "/openai/v1";
  made.options.address.api_key_header = true;
  made.options.quirks.filter_notes = true;
  made.options.quirks.obfuscation = true;
  made.options.quirks.errors = OpenAiErrorForm::kAzure;
  return made;
}

OpenAiProfile azure_dated() {
  OpenAiProfile made = azure("azure_dated");
  made.options.address.base_path = "/openai/deployments/shop-deployment";
  made.options.address.root_path = "/openai";
  made.options.address.query = "?api-version=2025-01-01";
  return made;
}

/// Reads max_tokens only, ignores tool_choice, thinks in `reasoning`.
OpenAiProfile ollama(const std::string& name) {
  OpenAiProfile made = profile(name, "ollama", "qwen3");
  made.options.key.clear();
  made.options.quirks.whole_calls = true;
  made.options.quirks.whole_items = true;
  made.options.quirks.limit_field = "max_tokens";
  made.options.quirks.reasoning_field = "reasoning";
  return made;
}

OpenAiProfile llama_cpp() {
  OpenAiProfile made = profile("llama_cpp", "llama.cpp", "local");
  made.options.key.clear();
  OpenAiQuirks& quirks = made.options.quirks;
  quirks.finish_with_delta = true;
  quirks.one_call = true;
  quirks.limit_field = "max_tokens";
  quirks.reasoning_field = "reasoning_content";
  quirks.errors = OpenAiErrorForm::kIntegerCode;
  return made;
}

OpenAiProfile vllm(const std::string& name) {
  OpenAiProfile made = profile(name, "vllm", "local");
  made.options.key.clear();
  OpenAiQuirks& quirks = made.options.quirks;
  quirks.finish_with_delta = true;
  quirks.finish_stop = true;
  quirks.null_metadata = true;
  quirks.long_ids = true;
  quirks.reasoning_field = "reasoning";
  quirks.errors = OpenAiErrorForm::kDetail;
  return made;
}

OpenAiProfile old_vllm() {
  OpenAiProfile made = vllm("vllm_old");
  OpenAiQuirks& quirks = made.options.quirks;
  quirks.null_metadata = false;
  quirks.repeat_metadata = true;
  quirks.refuse_stream_options = true;
  quirks.reasoning_field = "reasoning_content";
  quirks.errors = OpenAiErrorForm::kFlat;
  return made;
}

OpenAiProfile lm_studio() {
  OpenAiProfile made = profile("lm_studio", "lmstudio", "local");
  made.options.key.clear();
  made.options.quirks.tool_choice_strings = true;
  made.options.quirks.no_done = true;
  made.options.quirks.limit_field = "max_tokens";
  made.options.quirks.errors = OpenAiErrorForm::kText;
  return made;
}

OpenAiProfile openrouter() {
  OpenAiProfile made = profile("openrouter", "openrouter", "vendor/model");
  made.options.address.base_path = "/api/v1";
  OpenAiQuirks& quirks = made.options.quirks;
  quirks.comments = true;
  quirks.native_finish = true;
  quirks.reasoning_field = "reasoning";
  quirks.reasoning_details = true;
  quirks.limit_field = "max_tokens";
  quirks.errors = OpenAiErrorForm::kGateway;
  return made;
}

OpenAiProfile groq() {
  OpenAiProfile made = profile("groq", "groq", "local");
  made.options.address.base_path = "/openai/v1";
  made.options.quirks.whole_calls = true;
  made.options.quirks.usage_with_finish = true;
  made.options.quirks.limit_field = "max_completion_tokens";
  made.options.quirks.reasoning_field = "reasoning";
  return made;
}

OpenAiProfile deepseek() {
  OpenAiProfile made = profile("deepseek", "deepseek", "deepseek-reasoner");
  made.options.quirks.reasoning_field = "reasoning_content";
  made.options.quirks.wants_reasoning = true;
  made.options.quirks.limit_field = "max_tokens";
  made.options.address.responses = false;
  return made;
}

OpenAiProfile gemini() {
  OpenAiProfile made = profile("gemini_endpoint", "gemini", "gemini-3.8-flash");
  made.options.address.base_path = "/v1beta/openai";
  made.options.address.responses = false;
  OpenAiQuirks& quirks = made.options.quirks;
  quirks.no_index = true;
  quirks.call_extras = true;
  quirks.usage_everywhere = true;
  quirks.names_begin_with_letter = true;
  quirks.errors = OpenAiErrorForm::kArray;
  return made;
}

/// As little as a server can get away with.
OpenAiProfile unknown() {
  OpenAiProfile made = profile("unknown_server", "unknown", "local");
  OpenAiQuirks& quirks = made.options.quirks;
  quirks.no_ids = true;
  quirks.no_usage = true;
  quirks.no_done = true;
  quirks.arguments_object = true;
  quirks.refuse_stream_options = true;
  quirks.refuse_strict = true;
  quirks.errors = OpenAiErrorForm::kText;
  made.options.address.responses = false;
  return made;
}

std::vector<OpenAiProfile> make_profiles() {
  OpenAiProfile old_ollama = ollama("ollama_old");
  old_ollama.options.quirks.index_zero = true;
  old_ollama.options.quirks.reasoning_field.clear();
  OpenAiProfile gateway = openai("gateway_without_strict", "gpt-4.1-mini");
  gateway.options.quirks.refuse_strict = true;
  OpenAiProfile origins = openai("openai_call_origins", "gpt-6.1-terra");
  origins.options.quirks.call_origin = true;
  OpenAiProfile proxy = profile("deepseek_behind_a_proxy", "unknown", "deepseek-reasoner");
  proxy.options.quirks = deepseek().options.quirks;
  return {openai("openai_responses", "gpt-6.1-terra"),
          openai("openai_chat", "gpt-4.1-mini"),
          origins,
          azure("azure"),
          azure_dated(),
          ollama("ollama"),
          old_ollama,
          llama_cpp(),
          vllm("vllm"),
          old_vllm(),
          lm_studio(),
          openrouter(),
          groq(),
          deepseek(),
          gemini(),
          unknown(),
          gateway,
          proxy};
}

}  // namespace

const std::vector<OpenAiProfile>& openai_profiles() {
  static const std::vector<OpenAiProfile> kProfiles = make_profiles();
  return kProfiles;
}

const OpenAiProfile& openai_profile(const std::string& name) {
  for (const OpenAiProfile& one : openai_profiles()) {
    if (one.name == name) return one;
  }
  throw std::out_of_range("no pretend server " + name);
}

}  // namespace cartpilot::fakes
