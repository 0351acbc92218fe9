#include "gemini/provider.h"

#include <algorithm>
#include <utility>

#include "cartpilot/vendor/fetch.h"
#include "cartpilot/vendor/text.h"
#include "gemini/decode.h"
#include "gemini/errors.h"
#include "gemini/functions.h"
#include "gemini/history.h"
#include "gemini/models.h"
#include "gemini/quirks.h"

namespace cartpilot::gemini {
namespace {

/// The largest models think for many minutes.
constexpr std::int64_t kTotalTimeoutMs = 20 * 60 * 1000;
/// Of a whole body, or of one event: an answer of the most text that is taken, 8 MiB, and what is
/// around it.
constexpr std::uint64_t kMaxBodyBytes = 12U << 20;

std::string model_of(const GenerateRequest& request) {
  return request.model.empty() ? std::string(kDefaultModel) : request.model;
}

bool generates_content(const Json& model) {
  const auto methods = model.find("supportedGenerationMethods");
  // Gateways leave the list out; then the model is offered.
  if (methods == model.end() || !methods->is_array()) return true;
  return std::find(methods->begin(), methods->end(), "generateContent") != methods->end();
}

}  // namespace

GeminiProvider::GeminiProvider(const ProviderConfig& config)
    : HttpProvider(config.transport),
      endpoint_(parse_endpoint(config.env("GEMINI_BASE_URL"))),
      key_(vendor::trim(config.env("GEMINI_API_KEY"))),
      options_(parse_options(config.options)),
      quirks_(known_quirks()) {
  if (key_.empty()) key_ = vendor::trim(config.env("GOOGLE_API_KEY"));
}

ProviderInfo GeminiProvider::info() const {
  ProviderInfo info;
  info.name = "gemini";
  info.default_model = kDefaultModel;
  return info;
}

void GeminiProvider::check() const {
  if (key_.empty() && !endpoint_.loopback) {
    throw Error(ErrorCode::kUnauthenticated,
                "no Gemini API key: set GEMINI_API_KEY (or GOOGLE_API_KEY), or try --demo, which "
                "needs none");
  }
  const bool printable =
      std::all_of(key_.begin(), key_.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!printable) {
    throw Error(ErrorCode::kUnauthenticated,
                "the Gemini API key holds blanks or other characters no key has; copy it again "
                "into GEMINI_API_KEY");
  }
}

HttpHeaders GeminiProvider::headers() const {
  HttpHeaders headers = {{"Content-Type", "application/json"},
                         {"x-goog-api-client", "cartpilot/0.1.0"}};
  if (!key_.empty()) headers.emplace_back("x-goog-api-key", key_);
  return headers;
}

HttpProvider::Exchange GeminiProvider::begin(const GenerateRequest& request) {
  check();
  last_model_ = model_of(request);
  const std::string path = model_path(last_model_);
  if (const std::string notice = retirement_notice(last_model_); !notice.empty()) {
    notices_.add(notice);
  }
  Refused& refused = refused_[last_model_];
  refused.older_schema = quirks_.knows(last_model_, "older_schema");
  Json body = encode_body(request, last_model_, endpoint_, options_, refused, notices_);
  quirks_.apply(last_model_, body);
  last_signatures_ = signatures_in(body["contents"]);
  HttpRequest http;
  http.method = "POST";
  http.url = endpoint_.base + "/" + path +
             (request.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
  http.headers = headers();
  http.body = dump_json(body);
  second_try_.sending(http.body);
  // Some gateways stream whether they are asked to or not.
  http.server_sent_events = true;
  http.total_timeout_ms = kTotalTimeoutMs;
  http.max_body_bytes = kMaxBodyBytes;
  return {std::move(http), decoder_for(request)};
}

std::unique_ptr<HttpProvider::Decoder> GeminiProvider::decoder_for(const GenerateRequest& request) {
  DecodeContext context;
  context.service = service(last_model_);
  context.backend = endpoint_.backend;
  context.names = wire_names(request.tools);
  for (const Message& message : request.messages) {
    for (const Part& part : message.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part)) context.used_ids.insert(call->id);
    }
  }
  context.notices = &notices_;
  context.second_try = &second_try_;
  return std::make_unique<GeminiDecoder>(std::move(context));
}

vendor::Service GeminiProvider::service(const std::string& model) const {
  vendor::Service service;
  service.title = "Gemini";
  service.provider = "gemini";
  service.key_variable = "GEMINI_API_KEY";
  service.url_variable = "GEMINI_BASE_URL";
  service.key_page = "https://aistudio.google.com/apikey";
  service.base = endpoint_.base;
  service.model = model;
  service.has_key = !key_.empty();
  return service;
}

Error GeminiProvider::classify_error(const HttpHead& head, std::string_view body) const {
  return vendor::error_of_answer(head, body, service(last_model_), gemini_error);
}

std::optional<std::string> GeminiProvider::adapt(const Error& error, std::string_view body) {
  if (error.reason != "signature") {
    return quirks_.learn(last_model_, error, vendor::read_error_body(body));
  }
  // Signatures of another account or project are refused as a whole; the calls they belong to are
  // sent with the documented placeholder instead.
  Refused& refused = refused_[last_model_];
  refused.signatures.merge(last_signatures_);
  refused.unsigned_calls = true;
  return "Gemini did not accept the thought signatures of this conversation; they are replaced, "
         "its answers may be a little weaker";
}

std::vector<ModelInfo> GeminiProvider::models(const CallContext& context) {
  check();
  if (endpoint_.vertex) {
    throw Error(ErrorCode::kUnsupported,
                "Vertex AI lists no models for API keys; its ids are at "
                "https://cloud.google.com/vertex-ai/generative-ai/docs/models");
  }
  std::vector<ModelInfo> models;
  const std::string first = endpoint_.base + "/models?pageSize=1000";
  const auto read_page = [&](const vendor::WholeAnswer& answer) -> std::string {
    if (!answer.ok()) {
      throw vendor::error_of_answer(answer.head, answer.body, service(""), gemini_error);
    }
    const Json page = parse_json(answer.body, "Gemini's list of models");
    const auto list = page.find("models");
    if (list != page.end() && list->is_array()) {
      for (const Json& entry : *list) {
        std::string id = string_or(entry, "name");
        if (vendor::starts_with(id, "models/")) id.erase(0, 7);
        if (id.empty() || !generates_content(entry)) continue;
        models.push_back({id, string_or(entry, "displayName", string_or(entry, "description"))});
      }
    }
    const std::string token = string_or(page, "nextPageToken");
    return token.empty() ? "" : first + "&pageToken=" + vendor::query_escaped(token);
  };
  vendor::fetch_pages(transport(), first, headers(), context, read_page);
  return models;
}

Json GeminiProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  std::vector<std::string> losses;
  return encode_declarations(tools, options_.schema, losses);
}

std::vector<ToolCall> GeminiProvider::parse_function_calls(const Json& message) const {
  return parse_calls(message);
}

Json GeminiProvider::function_responses(const std::vector<ToolResult>& results) const {
  return encode_responses(results);
}

}  // namespace cartpilot::gemini
