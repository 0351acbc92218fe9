#include "anthropic/provider.h"

#include <memory>
#include <utility>

#include "anthropic/decode.h"
#include "anthropic/encode.h"
#include "anthropic/errors.h"
#include "anthropic/functions.h"
#include "cartpilot/vendor/fetch.h"
#include "cartpilot/vendor/history.h"
#include "cartpilot/vendor/keys.h"
#include "cartpilot/vendor/model_list.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::anthropic {
namespace {

/// Models that think may be silent for minutes before the first byte, and work for many more.
constexpr std::int64_t kIdleTimeoutMs = 300'000;
constexpr std::int64_t kTotalTimeoutMs = 20 * 60 * 1000;
/// Of a whole body, or of one event: an answer of the most text that is taken, 8 MiB, and what is
/// around it.
constexpr std::uint64_t kMaxBodyBytes = 12U << 20;
/// Nobody waits longer than this for the description of a model.
constexpr std::int64_t kDescriptionLimitMs = 3'000;
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
/// How often an interrupted answer is asked to go on.
constexpr int kMaxPauses = 3;

/// Passes an answer on and holds back its end when the service only interrupted it.
class AnswerInParts final : public EventSink {
 public:
  explicit AnswerInParts(EventSink& sink) : sink_(sink) {}

  void on_event(const StreamEvent& event) override {
    if (const auto* usage = std::get_if<UsageEvent>(&event)) {
      current_ = usage->usage;
      Usage total = before_;
      total += current_;
      sink_.on_event(UsageEvent{total});
      return;
    }
    const auto* finish = std::get_if<Finish>(&event);
    if (finish == nullptr) {
      sink_.on_event(event);
      return;
    }
    Finish end = *finish;
    const bool has_blocks = end.provider_metadata.contains("content");
    paused_ = end.raw_reason == "pause_turn" && end.reason == FinishReason::kOther && has_blocks;
    if (has_blocks) {
      for (Json& block : end.provider_metadata["content"]) blocks_.push_back(std::move(block));
      end.provider_metadata["content"] = blocks_;
    }
    before_ += std::exchange(current_, Usage{});
    if (!paused_) sink_.on_event(end);
  }

  bool paused() const { return paused_; }
  const Json& blocks() const { return blocks_; }

 private:
  EventSink& sink_;
  Usage before_;
  Usage current_;
  Json blocks_ = Json::array();
  bool paused_ = false;
};

}  // namespace

AnthropicProvider::AnthropicProvider(const ProviderConfig& config)
    : HttpProvider(config.transport),
      options_(read_options(config.options)),
      endpoint_(parse_endpoint(config.env("ANTHROPIC_BASE_URL"), options_.server)),
      quirks_(known_quirks()) {
  // One credential is sent, in one header: the service refuses both together.
  const std::string key(vendor::trim(config.env("ANTHROPIC_API_KEY")));
  const std::string token(vendor::trim(config.env("ANTHROPIC_AUTH_TOKEN")));
  bearer_ = options_.bearer.value_or(endpoint_.server->bearer || (key.empty() && !token.empty()));
  const bool use_token = bearer_ ? !token.empty() : key.empty() && !token.empty();
  key_ = use_token ? token : key;
  if (use_token || (key_.empty() && bearer_)) key_variable_ = "ANTHROPIC_AUTH_TOKEN";
}

ProviderInfo AnthropicProvider::info() const {
  return {"anthropic", std::string(endpoint_.server->model), ""};
}

void AnthropicProvider::check() const {
  if (key_.empty() && !endpoint_.url.loopback()) {
    throw Error(ErrorCode::kUnauthenticated,
                key_variable_ +
                    " is not set; set it to your key, or try the program without one: cartpilot "
                    "chat --demo");
  }
  vendor::require_printable_key(key_, key_variable_);
}

vendor::Service AnthropicProvider::service(const std::string& model) const {
  vendor::Service service;
  service.title =
      endpoint_.server->title.empty() ? endpoint_.url.host : std::string(endpoint_.server->title);
  service.provider = "anthropic";
  service.key_variable = key_variable_;
  service.url_variable = "ANTHROPIC_BASE_URL";
  if (endpoint_.server->first_party) service.key_page = "https://platform.claude.com/settings/keys";
  service.base = endpoint_.base();
  service.model = model;
  service.has_key = !key_.empty();
  return service;
}

HttpHeaders AnthropicProvider::headers() const {
  HttpHeaders headers;
  if (!key_.empty() && bearer_) headers.emplace_back("Authorization", "Bearer " + key_);
  if (!key_.empty() && !bearer_) headers.emplace_back("x-api-key", key_);
  if (endpoint_.server->vertex) return headers;  // says both in the body
  headers.emplace_back("anthropic-version", options_.version);
  if (!options_.beta.empty()) {
    headers.emplace_back("anthropic-beta", vendor::joined(options_.beta, ","));
  }
  return headers;
}

HttpProvider::Exchange AnthropicProvider::begin(const GenerateRequest& request) {
  ModelRules rules = rules_by_name(model_);
  const Json& description = descriptions_[model_];
  apply_description(description, rules);
  if (std::string notice = retirement_notice(model_, description); !notice.empty()) {
    notices_.add(notice);
  }
  RequestPlan plan = make_plan(request, model_, endpoint_, options_, rules, quirks_, notices_);
  plan.stream = plan.stream && !whole_answers_;
  plan.refused_thinking = &refused_thinking_;
  Json body = encode_body(request, plan, options_.beta, paused_);
  quirks_.apply(model_, body);
  sent_thinking_ = thinking_keys(body["messages"]);
  HttpRequest http;
  http.url = messages_url(endpoint_, model_, plan.stream);
  http.headers = headers();
  http.headers.emplace_back("Content-Type", "application/json");
  http.headers.emplace_back("Accept", plan.stream ? "text/event-stream" : "application/json");
  http.body = dump_json(body);
  second_try_.sending(http.body);
  http.server_sent_events = plan.stream;
  http.total_timeout_ms = kTotalTimeoutMs;
  http.idle_timeout_ms = plan.stream ? kIdleTimeoutMs : kTotalTimeoutMs;
  http.max_body_bytes = kMaxBodyBytes;
  DecodeContext context;
  context.service = service(model_);
  context.endpoint = endpoint_.base();
  context.used_ids = vendor::call_ids_of(request.messages);
  context.notices = &notices_;
  context.second_try = &second_try_;
  if (!endpoint_.server->first_party) context.wants_whole_answers = &whole_answers_;
  return {std::move(http), std::make_unique<AnthropicDecoder>(std::move(context))};
}

Error AnthropicProvider::classify_error(const HttpHead& head, std::string_view body) const {
  return vendor::error_of_answer(head, body, service(model_), anthropic_error);
}

std::optional<std::string> AnthropicProvider::adapt(const Error& error, std::string_view body) {
  if (error.reason != "signature") {
    return quirks_.learn(model_, error, vendor::read_error_body(body));
  }
  // Thinking is bound to a model, an account and all that came before it. Without any of it the
  // conversation is a valid one.
  refused_thinking_.insert(sent_thinking_.begin(), sent_thinking_.end());
  return model_ +
         " did not accept the thinking of earlier answers; it is left out, the next answers may be "
         "a little weaker";
}

void AnthropicProvider::look_up_model(const CallContext& context) {
  const std::int64_t now = vendor::now_unix_ms();
  if (!endpoint_.server->first_party || now - described_at_ms_[model_] < kDayMs) return;
  described_at_ms_[model_] = now;
  // Without an answer the name of the model says nearly as much.
  descriptions_[model_] = vendor::try_fetch_json(
      transport(), models_url(endpoint_) + "/" + vendor::query_escaped(model_), headers(), context,
      kDescriptionLimitMs);
}

void AnthropicProvider::generate(const GenerateRequest& request, EventSink& sink,
                                 const CallContext& context) {
  check();
  model_ = request.model.empty() ? std::string(endpoint_.server->model) : request.model;
  if (model_.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "no model named for " + service("").title +
                    "; add --model ID (`cartpilot models --provider anthropic` lists what it has)");
  }
  look_up_model(context);
  AnswerInParts parts(sink);
  for (int pauses = 0;; ++pauses) {
    paused_ = parts.blocks();
    HttpProvider::generate(request, parts, context);
    if (!parts.paused()) return;
    if (pauses == kMaxPauses) {
      throw vendor::make_error(ErrorCode::kProtocol, "pause_turn",
                               service("").title +
                                   " interrupted its answer again and again; rephrase, or choose "
                                   "another --model");
    }
  }
}

std::vector<ModelInfo> AnthropicProvider::models(const CallContext& context) {
  check();
  const std::string none = service("").title + " has no list of models; see its documentation";
  if (endpoint_.server->vertex) throw Error(ErrorCode::kUnsupported, none);
  std::vector<ModelInfo> models;
  const std::string first = models_url(endpoint_) + "?limit=1000";
  const auto read_page = [&](const vendor::WholeAnswer& answer) -> std::string {
    if (answer.head.status == 404) throw Error(ErrorCode::kUnsupported, none);
    if (!answer.ok()) {
      throw vendor::error_of_answer(answer.head, answer.body, service(""), anthropic_error);
    }
    const Json page = parse_json(answer.body, "the list of models");
    for (ModelInfo& model : vendor::read_model_list(page, service(""))) {
      models.push_back(std::move(model));
    }
    const bool more = page.contains("has_more") && page["has_more"] == true;
    const std::string last = string_or(page, "last_id");
    return more && !last.empty() ? first + "&after_id=" + vendor::query_escaped(last) : "";
  };
  vendor::fetch_pages(transport(), first, headers(), context, read_page);
  return models;
}

Json AnthropicProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  return encode_tools(tools);
}

std::vector<ToolCall> AnthropicProvider::parse_function_calls(const Json& message) const {
  return parse_calls(message);
}

Json AnthropicProvider::function_responses(const std::vector<ToolResult>& results) const {
  return encode_results(results);
}

}  // namespace cartpilot::anthropic
