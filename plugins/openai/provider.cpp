#include "openai/provider.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cartpilot/detail/secret_scrub.h"
#include "cartpilot/vendor/fetch.h"
#include "cartpilot/vendor/near_names.h"
#include "openai/chat_decode.h"
#include "openai/chat_encode.h"
#include "openai/functions.h"
#include "openai/model_list.h"
#include "openai/quirks.h"
#include "openai/responses_decode.h"
#include "openai/responses_encode.h"

namespace cartpilot::openai {
namespace {

constexpr const char* kDefaultBase = "https://api.openai.com/v1";
/// Models that think may be silent for minutes before the first byte.
constexpr std::int64_t kThinkingIdleMs = 300'000;
/// Of a whole body, or of one event: an answer of the most text that is taken, 8 MiB, and what is
/// around it.
constexpr std::uint64_t kMaxBodyBytes = 12U << 20;

std::string trimmed_env(const ProviderConfig& config, const std::string& name) {
  return std::string(vendor::trim(config.env(name)));
}

bool header_safe(const std::string& value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

OpenAiProvider::OpenAiProvider(const ProviderConfig& config)
    : HttpProvider(config.transport),
      options_(read_options(config.options)),
      quirks_(known_quirks()) {
  try {
    read_endpoint(config);
    read_environment(config);
  } catch (const Error& error) {
    problem_ = error;
  }
}

void OpenAiProvider::read_endpoint(const ProviderConfig& config) {
  std::string base = options_.base_url;
  if (base.empty()) base = trimmed_env(config, "OPENAI_BASE_URL");
  endpoint_ = parse_endpoint(base.empty() ? kDefaultBase : base);
  server_ = options_.server.value_or(detect_server(endpoint_));
}

void OpenAiProvider::read_environment(const ProviderConfig& config) {
  if (server_ == Server::kAzure) {
    key_ = trimmed_env(config, "AZURE_OPENAI_API_KEY");
    if (!key_.empty()) key_variable_ = "AZURE_OPENAI_API_KEY";
  }
  if (key_.empty()) key_ = trimmed_env(config, "OPENAI_API_KEY");
  if (!header_safe(key_)) {
    throw Error(ErrorCode::kUnauthenticated,
                key_variable_ +
                    " holds characters that no key has (a line break, a blank, a "
                    "quotation mark of a word processor?); set it again");
  }
  organization_ =
      options_.organization.empty() ? trimmed_env(config, "OPENAI_ORG_ID") : options_.organization;
  project_ = options_.project.empty() ? trimmed_env(config, "OPENAI_PROJECT_ID") : options_.project;
  if (!header_safe(organization_) || !header_safe(project_)) {
    throw Error(ErrorCode::kInvalidArgument,
                "OPENAI_ORG_ID or OPENAI_PROJECT_ID holds characters that no id has; set it again");
  }
}

ProviderInfo OpenAiProvider::info() const {
  return {"openai", default_model(endpoint_, server_), ""};
}

void OpenAiProvider::check() const {
  if (problem_) throw *problem_;
  if (!key_.empty() || endpoint_.loopback()) return;
  const std::string variable =
      server_ == Server::kAzure ? "AZURE_OPENAI_API_KEY" : "OPENAI_API_KEY";
  throw Error(ErrorCode::kUnauthenticated,
              variable +
                  " is not set; set it to your key, or try the program without one: "
                  "cartpilot chat --demo");
}

std::string OpenAiProvider::chosen_model(const GenerateRequest& request) const {
  return request.model.empty() ? default_model(endpoint_, server_) : request.model;
}

vendor::Service OpenAiProvider::service(const std::string& model) const {
  vendor::Service info;
  info.title = server_profile(server_).title;
  if (info.title.empty()) info.title = endpoint_.host;
  info.provider = "openai";
  info.key_variable = key_variable_;
  info.url_variable = "OPENAI_BASE_URL";
  info.base = endpoint_.base();
  if (!endpoint_.has_version()) info.version_hint = info.base + "/v1";
  info.has_key = !key_.empty();
  info.model = model;
  return info;
}

HttpHeaders OpenAiProvider::headers() const {
  HttpHeaders headers;
  if (!key_.empty()) {
    if (server_ == Server::kAzure) {
      headers.emplace_back("api-key", key_);
    } else {
      headers.emplace_back("Authorization", "Bearer " + key_);
    }
  }
  if (detect_server(endpoint_) == Server::kOpenAi) {
    if (!organization_.empty()) headers.emplace_back("OpenAI-Organization", organization_);
    if (!project_.empty()) headers.emplace_back("OpenAI-Project", project_);
  }
  headers.insert(headers.end(), options_.headers.begin(), options_.headers.end());
  return headers;
}

HttpProvider::Exchange OpenAiProvider::begin(const GenerateRequest& request) {
  const RequestPlan plan = plan_request(request, endpoint_, server_, options_, quirks_);
  const bool chat = plan.api == Api::kChat;
  api_ = plan.api;
  Json body = chat ? chat_request(request, plan) : responses_request(request, plan);
  quirks_.apply(plan.model, body);
  HttpRequest http = http_request(plan);
  http.body = dump_json(body);
  second_try_.sending(http.body);
  return {std::move(http), decoder_for(request, plan)};
}

/// All but the body.
HttpRequest OpenAiProvider::http_request(const RequestPlan& plan) const {
  HttpRequest http;
  http.url = api_url(endpoint_, plan.api);
  http.headers = headers();
  http.headers.emplace_back("Content-Type", "application/json");
  http.headers.emplace_back("Accept", plan.stream ? "text/event-stream" : "application/json");
  // Some servers stream whether they are asked to or not.
  http.server_sent_events = true;
  http.max_body_bytes = kMaxBodyBytes;
  if (plan.traits.reasoning) http.idle_timeout_ms = kThinkingIdleMs;
  if (!plan.stream) http.idle_timeout_ms = http.total_timeout_ms;
  return http;
}

std::unique_ptr<HttpProvider::Decoder> OpenAiProvider::decoder_for(const GenerateRequest& request,
                                                                   const RequestPlan& plan) {
  AnswerContext context;
  context.tools = &request.tools;
  context.endpoint = endpoint_.base();
  context.service = service(plan.model);
  for (const std::string& warning : plan.warnings) notices_.add(warning);
  context.notices = &notices_;
  context.second_try = &second_try_;
  if (plan.api == Api::kChat) return std::make_unique<ChatDecoder>(std::move(context));
  return std::make_unique<ResponsesDecoder>(std::move(context));
}

Error OpenAiProvider::classify_error(const HttpHead& head, std::string_view body) const {
  Error error = vendor::error_of_answer(head, body, service(model_));
  // The model wrote a call its host could not read; the next sample usually is one.
  const bool unreadable_call = vendor::read_error_body(body).code == "tool_use_failed";
  if (unreadable_call) error.retryable = second_try_.take();
  return error;
}

std::optional<std::string> OpenAiProvider::adapt(const Error& error, std::string_view body) {
  const vendor::ErrorBody refusal = vendor::read_error_body(body);
  const int status = error.http_status;
  const bool of_request = status == 400 || status == 404 || status == 422 || status >= 500;
  // What goes back is decided here: the members are the vendor's own.
  if (of_request && api_ == Api::kChat) {
    const std::optional<ThoughtsWanted> wanted = thoughts_wanted(refusal);
    if (wanted == ThoughtsWanted::kAll && quirks_.note(model_, "echo_reasoning")) return "";
    if (wanted == ThoughtsWanted::kNone && quirks_.note(model_, "no_reasoning")) return "";
  }
  if (of_request && api_ == Api::kResponses && refuses_item_ids(refusal) &&
      quirks_.note(model_, "no_item_ids")) {
    return "";
  }
  return quirks_.learn(model_, error, refusal);
}

Error OpenAiProvider::without_key(const Error& error) const {
  return error.with_message(
      SecretScrub(std::map<std::string, std::string>{{key_variable_, key_}}).apply(error.what()));
}

Error OpenAiProvider::with_near_models(const Error& error, const std::string& model,
                                       const CallContext& context) {
  std::vector<std::string> ids;
  try {
    for (const ModelInfo& offered : models(context)) ids.push_back(offered.id);
  } catch (const Error&) {
    return error;  // the first error says more than the failed search for names
  }
  const std::vector<std::string> near = vendor::near_names(model, ids, 3);
  if (near.empty()) return error;
  return error.with_message(std::string(error.what()) + "; near names: " + vendor::joined(near));
}

void OpenAiProvider::generate(const GenerateRequest& request, EventSink& sink,
                              const CallContext& context) {
  check();
  model_ = chosen_model(request);
  if (model_.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "no model named for " + service("").title +
                    "; add --model ID (`cartpilot models --provider openai` lists what it has)");
  }
  try {
    HttpProvider::generate(request, sink, context);
  } catch (const Error& error) {
    if (error.code == ErrorCode::kNotFound && error.reason == "model") {
      throw without_key(with_near_models(error, model_, context));
    }
    throw without_key(error);
  }
}

std::vector<ModelInfo> OpenAiProvider::models(const CallContext& context) {
  check();
  const vendor::WholeAnswer answer =
      vendor::fetch(transport(), models_url(endpoint_), headers(), context);
  if (!answer.ok()) {
    throw without_key(vendor::error_of_answer(answer.head, answer.body, service("")));
  }
  return read_model_list(answer.body, service(""));
}

Json OpenAiProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  return declare_functions(tools, options_.api.value_or(Api::kChat),
                           options_.strict.value_or(false));
}

std::vector<ToolCall> OpenAiProvider::parse_function_calls(const Json& message) const {
  return parse_functions(message, options_.strict.value_or(false));
}

Json OpenAiProvider::function_responses(const std::vector<ToolResult>& results) const {
  return answer_functions(results, options_.api.value_or(Api::kChat));
}

}  // namespace cartpilot::openai
