#include "gemini/provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "cartpilot/vendor/text.h"
#include "gemini/adapt.h"
#include "gemini/decode.h"
#include "gemini/errors.h"
#include "gemini/functions.h"
#include "gemini/models.h"

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

std::string query_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

struct BodyCollector final : HttpSink {
  void on_head(const HttpHead& received) override { head = received; }
  bool on_event(const HttpEvent& event) override {
    body.append(event.data);
    return true;
  }
  HttpHead head;
  std::string body;
};

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
      options_(parse_options(config.options)) {
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

HttpRequest GeminiProvider::build_request(const GenerateRequest& request) {
  check();
  last_model_ = model_of(request);
  const std::string path = model_path(last_model_);
  if (const std::string notice = retirement_notice(last_model_); !notice.empty()) {
    notices_.add(notice);
  }
  last_body_ = encode_body(request, last_model_, endpoint_, options_, refused_[last_model_],
                           notices_, kept_);
  HttpRequest http;
  http.method = "POST";
  http.url = endpoint_.base + "/" + path +
             (request.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
  http.headers = headers();
  http.lent_body = kept_.dump(last_body_, "contents");
  second_try_.sending(http.content());
  http.server_sent_events = request.stream;
  http.total_timeout_ms = kTotalTimeoutMs;
  http.max_body_bytes = kMaxBodyBytes;
  return http;
}

std::unique_ptr<HttpProvider::Decoder> GeminiProvider::make_decoder(
    const GenerateRequest& request) {
  DecodeContext context;
  context.model = model_of(request);
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

Error GeminiProvider::without_key(const Error& error) const {
  std::string message = error.what();
  if (key_.empty()) return error;
  for (std::size_t at = message.find(key_); at != std::string::npos; at = message.find(key_, at)) {
    message.replace(at, key_.size(), "***");
  }
  return error.with_message(message);
}

Error GeminiProvider::classify_error(const HttpHead& head, std::string_view body) const {
  return without_key(classify_answer(head, body, last_model_));
}

std::optional<std::string> GeminiProvider::adapt(const Error& error, std::string_view body) {
  if (!kept_.empty()) {  // what was refused may be anywhere in the conversation
    Json contents = kept_.array();
    for (Json& content : last_body_["contents"]) contents.push_back(std::move(content));
    last_body_["contents"] = std::move(contents);
  }
  return learn_from(error, body, last_body_, last_model_, refused_[last_model_]);
}

std::vector<ModelInfo> GeminiProvider::models(const CallContext& context) {
  check();
  if (endpoint_.vertex) {
    throw Error(ErrorCode::kUnsupported,
                "Vertex AI lists no models for API keys; its ids are at "
                "https://cloud.google.com/vertex-ai/generative-ai/docs/models");
  }
  std::vector<ModelInfo> models;
  std::set<std::string> seen_tokens;
  std::string token;
  do {
    HttpRequest request;
    request.method = "GET";
    request.url = endpoint_.base + "/models?pageSize=1000";
    if (!token.empty()) request.url += "&pageToken=" + query_escaped(token);
    request.headers = headers();
    BodyCollector answer;
    transport().send(request, answer, context);
    if (answer.head.status < 200 || answer.head.status > 299) {
      throw without_key(classify_answer(answer.head, answer.body, "list"));
    }
    const Json page = parse_json(answer.body, "Gemini's list of models");
    const auto list = page.find("models");
    if (list != page.end() && list->is_array()) {
      for (const Json& entry : *list) {
        std::string id = string_or(entry, "name");
        if (id.rfind("models/", 0) == 0) id.erase(0, 7);
        if (id.empty() || !generates_content(entry)) continue;
        models.push_back({id, string_or(entry, "displayName", string_or(entry, "description"))});
      }
    }
    token = string_or(page, "nextPageToken");
    // A server that repeats a token would keep us here for ever.
  } while (!token.empty() && seen_tokens.insert(token).second);
  return models;
}

Json GeminiProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  std::vector<std::string> losses;
  return encode_declarations(tools, options_.schema, losses);
}

std::vector<ToolCall> GeminiProvider::parse_function_calls(const Json& message) const {
  return parse_calls(message, parsed_calls_);
}

Json GeminiProvider::function_responses(const std::vector<ToolResult>& results) const {
  return encode_responses(results);
}

}  // namespace cartpilot::gemini
