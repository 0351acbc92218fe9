#include "fakes/gemini.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace cartpilot::fakes {

using gemini_rules::check_contents;
using gemini_rules::check_declarations;
using gemini_rules::check_keys;
using gemini_rules::check_settings;
using gemini_rules::GeminiRefusal;
using gemini_rules::holds_response;
using gemini_rules::parse_request_body;
using gemini_rules::refuse_argument;
using gemini_rules::responses_match;

namespace {

constexpr const char* kPlaceholder = "skip_thought_signature_validator";

/// Keys of a part that need no permission.
const gemini_rules::Keys kEverydayKeys = {"text",         "thought",        "functionCall",
                                          "inlineData",   "executableCode", "thoughtSignature",
                                          "partMetadata", "toolCall",       "toolResponse"};

std::string frame(const Json& chunk) { return "data: " + dump_json(chunk) + "\r\n\r\n"; }

/// The RetryInfo of an answer that says "later".
std::optional<std::chrono::milliseconds> asked_delay(const GivenAnswer& given) {
  if ((given.status != 429 && given.status != 503) || given.chunks.empty()) return std::nullopt;
  const std::string& body = given.chunks[0];
  const std::size_t name = body.find("\"retryDelay\"");
  const std::size_t colon = name == std::string::npos ? name : body.find(':', name);
  const std::size_t quote = colon == std::string::npos ? colon : body.find('"', colon);
  if (quote == std::string::npos) return std::nullopt;
  const char* const number = body.c_str() + quote + 1;
  char* unit = nullptr;
  const double amount = std::strtod(number, &unit);
  if (unit == number) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(amount * (*unit == 'm' ? 1 : 1000)));
}

/// The model of ".../models/MODEL:generateContent" or ":streamGenerateContent"; "" for any other
/// target.
std::string model_of(const std::string& target) {
  constexpr std::string_view kModels = "/v1beta/models/";
  const std::string path = target.substr(0, target.find('?'));
  const std::size_t colon = path.find(':');
  if (path.rfind(kModels, 0) != 0 || colon == std::string::npos) return "";
  const std::string method = path.substr(colon + 1);
  if (method != "generateContent" && method != "streamGenerateContent") return "";
  const std::string model = path.substr(kModels.size(), colon - kModels.size());
  const bool plain = std::all_of(model.begin(), model.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
  return plain ? model : "";
}

std::string generation_of(const std::string& model) { return model.substr(0, 8); }

Json without(const Json& parts, const char* key) {
  Json result = parts;
  for (Json& part : result) part.erase(key);
  return result;
}

Json without_arguments(const Json& parts) {
  Json result = parts;
  for (Json& part : result) {
    if (part.contains("functionCall")) part["functionCall"].erase("args");
  }
  return result;
}

/// The number of the check that tells `sent` from `issued`.
std::string rule_of_difference(const Json& issued, const Json& sent) {
  if (without(issued, "thought") == without(sent, "thought")) return "Q43";
  if (without_arguments(issued) == without_arguments(sent)) return "Q27";
  // The first call kept its signature, or the request would have been refused.
  if (without(issued, "thoughtSignature") == without(sent, "thoughtSignature")) return "Q24";
  const std::size_t calls = gemini_rules::calls_of(Json{{"parts", issued}}).size();
  return gemini_rules::calls_of(Json{{"parts", sent}}).size() == calls ? "Q23" : "Q26";
}

bool begins_a_turn(const Json& content) {
  return string_or(content, "role", "user") == "user" && !holds_response(content);
}

}  // namespace

GivenAnswer GivenAnswer::json(int status, const Json& body) {
  GivenAnswer answer;
  answer.status = status;
  answer.chunks = {dump_json(body)};
  return answer;
}

GivenAnswer GivenAnswer::events(const std::vector<Json>& events) {
  GivenAnswer answer;
  answer.headers = gemini_rules::kEventHeaders;
  for (const Json& event : events) answer.chunks.push_back(frame(event));
  return answer;
}

FakeGemini::FakeGemini(Model model, FakeGeminiOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  server_ = std::make_unique<LoopbackServer>(
      [this](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
        handle(request, reply);
      });
}

void FakeGemini::play(GivenAnswer answer) {
  const std::lock_guard lock(mutex_);
  given_.push_back(std::move(answer));
}

void FakeGemini::issue(const Json& parts) {
  const std::lock_guard lock(mutex_);
  remember(parts, "");
}

void FakeGemini::remember(const Json& parts, const std::string& generation) {
  for (const Json& part : parts) {
    const std::string signature = string_or(part, "thoughtSignature");
    if (!signature.empty()) issued_by_signature_[signature] = issued_.size();
    for (const auto& [key, value] : part.items()) {
      if (kEverydayKeys.count(key) == 0) issued_kinds_.insert(key);
    }
  }
  issued_.push_back({parts, generation});
}

std::vector<std::string> FakeGemini::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

std::vector<Json> FakeGemini::bodies() const {
  const std::lock_guard lock(mutex_);
  return bodies_;
}

std::size_t FakeGemini::closed_by_client() const {
  const std::lock_guard lock(mutex_);
  return closed_by_client_;
}

void FakeGemini::handle(const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
  try {
    const std::string model = model_of(request.target);
    const bool generates = !model.empty();
    Json body;
    std::optional<GivenAnswer> given;
    bool silent = false;
    {
      const std::lock_guard lock(mutex_);
      check_credentials(request);
      if (request.method == "GET" && request.target.rfind("/v1beta/models", 0) == 0) {
        if (given_.empty()) {
          list_models(request, reply);
          return;
        }
      } else if (request.method != "POST" || !generates) {
        throw GeminiRefusal{"Q1", 404, "NOT_FOUND", "Requested entity was not found."};
      }
      if (generates) {
        check_repetition(request.body);
        if (header_value(request.headers, "content-type").rfind("application/json", 0) != 0) {
          refuse_argument("Q6", "Invalid JSON payload received. Wrong content type");
        }
        body = parse_request_body(request.body);
        bodies_.push_back(body);
        if (request.body.find(options_.api_key) != std::string::npos) {
          violations_.push_back("Q5 the key stands in the body");
        }
        check_keys(body, issued_kinds_, violations_);
        if (std::find(options_.models.begin(), options_.models.end(), model) ==
            options_.models.end()) {
          throw GeminiRefusal{
              "Q8", 404, "NOT_FOUND",
              fmt::format("models/{} is not found for API version v1beta, or is not supported for "
                          "generateContent. Call ModelService.ListModels to see the list of "
                          "available models and their supported methods.",
                          model)};
        }
        check_contents(body, model, issued_kinds_, violations_);
        check_declarations(body, violations_);
        check_settings(body, model, options_.sampling_expected, violations_);
        check_signatures(body["contents"], model);
        silent = !responses_match(body["contents"], violations_);
      }
      if (!given_.empty()) {
        given = std::move(given_.front());
        given_.pop_front();
        if (given->status >= 400 && given->status <= 404) refused_body_ = request.body;
        if (given->status >= 429 && request.body != failed_body_) {
          failed_body_ = request.body;
          attempts_ = 1;
        }
        if (const auto delay = asked_delay(*given)) not_before_ = Clock::now() + *delay;
      }
    }
    if (given) {
      send_given(*given, reply);
      return;
    }
    const bool stream = request.target.find(":streamGenerateContent") != std::string::npos;
    const bool events = request.target.substr(std::min(request.target.find('?'),
                                                       request.target.size())) == "?alt=sse";
    if (stream && !events) {
      const std::lock_guard lock(mutex_);
      violations_.push_back("Q2 streaming without alt=sse");
    }
    if (silent) {
      const Json empty{
          {"candidates",
           Json::array({{{"content", {{"role", "model"}}}, {"finishReason", "STOP"}}})},
          {"modelVersion", model}};
      if (stream && events) {
        send_events({empty}, reply);
      } else {
        reply.send(200, gemini_rules::kJsonHeaders, dump_json(empty));
      }
      return;
    }
    answer(model, body, stream, events, reply);
  } catch (const GeminiRefusal& refusal) {
    {
      const std::lock_guard lock(mutex_);
      violations_.push_back(refusal.rule + " " + refusal.message);
      refused_body_ = request.body;
    }
    reply.send(refusal.code, gemini_rules::kJsonHeaders, dump_json(refusal.body()));
  }
}

void FakeGemini::check_credentials(const LoopbackServer::Request& request) {
  const std::string key = header_value(request.headers, "x-goog-api-key");
  const std::string bearer = header_value(request.headers, "authorization");
  const bool in_query = request.target.find("key=") != std::string::npos;
  if (in_query) violations_.push_back("Q5 the key stands in the URL");
  const int credentials = (key.empty() ? 0 : 1) + (bearer.empty() ? 0 : 1) + (in_query ? 1 : 0);
  if (credentials > 1) {
    refuse_argument("Q3", "Multiple authentication credentials received. Please pass only one.");
  }
  if (credentials == 0) {
    throw GeminiRefusal{"Q3", 403, "PERMISSION_DENIED",
                        "Method doesn't allow unregistered callers (callers without established "
                        "identity). Please use API Key or other form of API consumer identity to "
                        "call this API."};
  }
  if (key != options_.api_key) {
    GeminiRefusal refusal{"Q4", 400, "INVALID_ARGUMENT",
                          "API key not valid. Please pass a valid API key."};
    refusal.details.push_back({{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                               {"reason", "API_KEY_INVALID"},
                               {"domain", "googleapis.com"}});
    throw refusal;
  }
}

/// Refused requests stay refused, waits that were asked for are kept, and nobody asks for ever.
void FakeGemini::check_repetition(const std::string& body) {
  constexpr std::size_t kMaxAttempts = 5;
  if (body == refused_body_) {
    violations_.push_back("Q46 a refused request was sent again unchanged");
  }
  if (Clock::now() < not_before_) {
    violations_.push_back("Q46 sent before the wait that was asked for was over");
  }
  if (body == failed_body_ && ++attempts_ > kMaxAttempts)
    violations_.push_back("Q46 the same request again and again");
}

void FakeGemini::check_signatures(const Json& contents, const std::string& model) {
  std::size_t turn_begin = 0;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (begins_a_turn(contents[i])) turn_begin = i;
  }
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (string_or(contents[i], "role") == "model") {
      check_step(contents[i], i, i > turn_begin, generation_of(model));
    }
  }
}

/// One content of the model: what was issued must come back as it was.
void FakeGemini::check_step(const Json& content, std::size_t index, bool current_turn,
                            const std::string& generation) {
  const auto complain = [&](const std::string& rule, const std::string& what) {
    violations_.push_back(fmt::format("{} {} in contents[{}]", rule, what, index));
  };
  bool first_call = true;
  std::optional<std::size_t> origin;
  for (const Json& part : content["parts"]) {
    const std::string signature = string_or(part, "thoughtSignature");
    const bool is_call = part.contains("functionCall");
    const auto known = issued_by_signature_.find(signature);
    if (known != issued_by_signature_.end()) origin = known->second;
    if (!signature.empty() && known == issued_by_signature_.end() && signature != kPlaceholder) {
      refuse_argument("Q23", "Corrupted thought signature.");
    }
    if (is_call && !first_call && signature == kPlaceholder) {
      complain("Q24", "a placeholder stands on a later call");
    }
    if (is_call && first_call && signature.empty() && current_turn) {
      refuse_argument(
          "Q23", fmt::format("Function call is missing a thought_signature in functionCall parts. "
                             "Additional data, function call `default_api:{}` , position {}.",
                             string_or(part["functionCall"], "name"), index));
    }
    if (is_call) first_call = false;
  }
  if (origin) {
    // Covers order, position, signatures, ids, arguments and thought marks at once.
    if (content["parts"] != issued_[*origin].parts) {
      complain(rule_of_difference(issued_[*origin].parts, content["parts"]),
               "the parts are not those that were issued");
    }
    return;
  }
  for (const Issued& issued : issued_) {
    // Another generation of models does not take it.
    if (!issued.generation.empty() && issued.generation != generation) continue;
    const Json calls = gemini_rules::calls_of(Json{{"parts", issued.parts}});
    if (!calls.empty() && calls == gemini_rules::calls_of(content)) {
      complain("Q25", "an issued signature was lost");
    }
  }
}

}  // namespace cartpilot::fakes
