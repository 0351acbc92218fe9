#include "openai/provider.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cartpilot/detail/secret_scrub.h"
#include "openai/adaptation.h"
#include "openai/answer_pieces.h"
#include "openai/chat_decode.h"
#include "openai/chat_encode.h"
#include "openai/functions.h"
#include "openai/model_list.h"
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

std::int64_t now_unix_ms() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string trimmed_env(const ProviderConfig& config, const std::string& name) {
  return std::string(trimmed(config.env(name)));
}

bool header_safe(const std::string& value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

OpenAiProvider::OpenAiProvider(const ProviderConfig& config)
    : HttpProvider(config.transport), options_(read_options(config.options)) {
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
  if (endpoint_.scheme == "http" && !endpoint_.loopback()) {
    throw Error(ErrorCode::kInvalidArgument,
                "plain http to " + endpoint_.host +
                    " is refused because the conversation would be readable on the way; use https "
                    "in OPENAI_BASE_URL");
  }
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

ServiceInfo OpenAiProvider::service(const std::string& model) const {
  ServiceInfo info;
  info.title = server_profile(server_).title;
  if (info.title.empty()) info.title = endpoint_.host;
  info.base = endpoint_.base;
  info.has_version = endpoint_.has_version();
  info.has_key = !key_.empty();
  info.key_variable = key_variable_;
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

RequestPlan OpenAiProvider::plan(const GenerateRequest& request) const {
  const auto learned = learned_.find(chosen_model(request));
  return plan_request(request, endpoint_, server_, options_,
                      learned == learned_.end() ? Learned{} : learned->second);
}

HttpRequest OpenAiProvider::build_request(const GenerateRequest& request) {
  const RequestPlan planned = plan(request);
  api_ = planned.api;
  const bool chat = api_ == Api::kChat;
  sent_ = chat ? chat_request(request, planned, kept_) : responses_request(request, planned, kept_);
  HttpRequest result;
  result.url = api_url(endpoint_, planned.api);
  result.headers = headers();
  result.headers.emplace_back("Content-Type", "application/json");
  result.headers.emplace_back("Accept", planned.stream ? "text/event-stream" : "application/json");
  result.lent_body = kept_.dump(sent_, chat ? "messages" : "input");
  result.server_sent_events = planned.stream;
  result.max_body_bytes = kMaxBodyBytes;
  if (planned.traits.reasoning) result.idle_timeout_ms = kThinkingIdleMs;
  if (!planned.stream) result.idle_timeout_ms = result.total_timeout_ms;
  // What a refusal can be about; the conversation itself is not.
  for (const char* member : {"messages", "input", "instructions"}) sent_.erase(member);
  return result;
}

std::unique_ptr<HttpProvider::Decoder> OpenAiProvider::make_decoder(
    const GenerateRequest& request) {
  RequestPlan planned = plan(request);
  AnswerContext context;
  context.tools = &request.tools;
  context.endpoint = endpoint_.base;
  context.service = service(planned.model);
  for (std::string& warning : planned.warnings) {
    if (shown_notices_.insert(warning).second) context.warnings.push_back(std::move(warning));
  }
  if (planned.api == Api::kChat) return std::make_unique<ChatDecoder>(std::move(context));
  return std::make_unique<ResponsesDecoder>(std::move(context));
}

Error OpenAiProvider::classify_error(const HttpHead& head, std::string_view body) const {
  return error_of_answer(head, body, service(model_), now_unix_ms());
}

std::optional<std::string> OpenAiProvider::adapt(const Error& error, std::string_view body) {
  if (error.reason == "tool_use_failed" && !resampled_) {
    // The model wrote a call its host could not read; the next sample usually is one.
    resampled_ = true;
    return "";
  }
  const ErrorBody refusal = read_error_body(body);
  const std::optional<std::string> notice =
      learn(refusal, error.http_status, sent_, api_, learned_[model_]);
  if (!notice || notice->empty()) return notice;
  return model_ + ": " + *notice;
}

Error OpenAiProvider::without_key(const Error& error) const {
  return error.with_message(
      SecretScrub(std::map<std::string, std::string>{{key_variable_, key_}}).apply(error.what()));
}

Error OpenAiProvider::with_near_models(const Error& error, const std::string& model,
                                       const CallContext& context) {
  std::vector<std::string> near;
  try {
    near = near_names(model, models(context), 3);
  } catch (const Error&) {
    return error;  // the first error says more than the failed search for names
  }
  if (near.empty()) return error;
  std::string names;
  for (const std::string& name : near) names += (names.empty() ? "" : ", ") + name;
  return error.with_message(std::string(error.what()) + "; near names: " + names);
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
  resampled_ = false;
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
  HttpRequest request;
  request.method = "GET";
  request.url = models_url(endpoint_);
  request.headers = headers();
  request.headers.emplace_back("Accept", "application/json");
  request.idle_timeout_ms = 30'000;
  request.total_timeout_ms = 60'000;
  WholeAnswer answer;
  transport().send(request, answer, context);
  if (answer.head.status < 200 || answer.head.status >= 300) {
    throw without_key(error_of_answer(answer.head, answer.body, service(""), now_unix_ms()));
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
