#include "fakes/fake_openai.h"

#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "fakes/fake_openai_rules.h"

namespace cartpilot::fakes {
namespace {

using openai::Answer;
using openai::Refusal;

/// Parses a body as the service does: UTF-8, an object, no member twice.
Json parse_body(const std::string& text) {
  std::vector<std::set<std::string>> members;
  bool twice = false;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) members.emplace_back();
    if (event == Json::parse_event_t::object_end) members.pop_back();
    if (event == Json::parse_event_t::key) {
      twice = twice || !members.back().insert(value.get<std::string>()).second;
    }
    return true;
  };
  Json body = Json::parse(text, watch, false);
  if (!body.is_object() || twice) {
    openai::refuse("Q4", "We could not parse the JSON body of your request.");
  }
  return body;
}

std::string stream_text(const Answer& answer, const OpenAiQuirks& quirks) {
  std::string text;
  for (const Json& event : answer.events) {
    if (quirks.comments) text += ": PROCESSING\n\n";
    if (answer.named) text += "event: " + string_or(event, "type") + "\n";
    text += "data: " + dump_json(event) + "\n\n";
  }
  if (answer.done) text += "data: [DONE]\n\n";
  return text;
}

}  // namespace

struct FakeOpenAi::Impl {
  Impl(Model chosen_model, FakeOpenAiOptions chosen_options)
      : model(std::move(chosen_model)),
        options(std::move(chosen_options)),
        server([this](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
          answer(request, reply);
        }) {}

  void answer(const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
    const std::lock_guard lock(mutex);
    try {
      check_request(request);
      if (request.target == "/v1/models") {
        send_models(reply);
      } else {
        answer_model(request, reply);
      }
    } catch (const Refusal& refusal) {
      if (!refusal.rule.empty()) broken.push_back(refusal.rule + ": " + refusal.message);
      const auto or_null = [](const std::string& text) {
        return text.empty() ? Json() : Json(text);
      };
      const Json body = {{"error",
                          {{"message", refusal.message},
                           {"type", refusal.type},
                           {"param", or_null(refusal.param)},
                           {"code", or_null(refusal.code)}}}};
      reply.send(refusal.status,
                 {{"Content-Type", "application/json"}, {"x-request-id", "req_fake"}},
                 dump_json(body));
    }
  }

  void check_request(const LoopbackServer::Request& request) const {
    const bool get = request.target == "/v1/models";
    const bool known =
        get || request.target == "/v1/chat/completions" || request.target == "/v1/responses";
    if (!known || request.method != (get ? "GET" : "POST")) {
      Refusal refusal{404,
                      "Q1",
                      "Invalid URL (" + request.method + " " + request.target + ")",
                      "invalid_request_error",
                      "",
                      ""};
      throw refusal;
    }
    const std::string authorization = header_value(request.headers, "authorization");
    if (!options.key.empty() && authorization != "Bearer " + options.key) {
      Refusal refusal{401,
                      "",
                      "Incorrect API key provided: sk-wr***ng.",
                      "invalid_request_error",
                      "invalid_api_key",
                      ""};
      if (authorization.rfind("Bearer ", 0) != 0) refusal.rule = "Q2";
      throw refusal;
    }
    if (!get && header_value(request.headers, "content-type").rfind("application/json", 0) != 0) {
      openai::refuse("Q3", "Unsupported content type");
    }
  }

  void send_models(LoopbackServer::Reply& reply) const {
    Json data = Json::array();
    for (const std::string& name : options.models) {
      data.push_back(Json{{"id", name}, {"object", "model"}, {"owned_by", "fake"}});
    }
    reply.send(200, {{"Content-Type", "application/json"}},
               dump_json(Json{{"object", "list"}, {"data", data}}));
  }

  void answer_model(const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
    const Json body = parse_body(request.body);
    seen.push_back(body);
    if (string_or(body, "model").empty())
      openai::refuse("Q5", "you must provide a model parameter");
    if (!queue.empty()) {
      const RawAnswer raw = queue.front();
      queue.pop_front();
      send_raw(raw, reply);
      return;
    }
    const std::string name = string_or(body, "model");
    bool offered = false;
    for (const std::string& one : options.models) offered = offered || one == name;
    if (!offered) {
      Refusal refusal{404,
                      "",
                      "The model `" + name + "` does not exist or you do not have access.",
                      "invalid_request_error",
                      "model_not_found",
                      ""};
      throw refusal;
    }
    const bool chat = request.target == "/v1/chat/completions";
    const openai::DeclaredTools declared =
        chat ? openai::check_chat(body, options.quirks) : openai::check_responses(body, issued);
    const ModelStep step = model(chat ? openai::chat_view(body) : openai::responses_view(body));
    const std::size_t number = seen.size();
    const Answer answered = chat ? openai::chat_answer(body, step, declared, options.quirks, number)
                                 : openai::responses_answer(body, step, declared, number, issued);
    RawAnswer raw;
    raw.headers.emplace_back("x-request-id", "req_" + std::to_string(number));
    raw.piece_bytes = options.piece_bytes;
    if (body.value("stream", false)) {
      raw.body = stream_text(answered, options.quirks);
    } else {
      raw.headers[0].second = "application/json";
      raw.body = dump_json(answered.whole);
    }
    send_raw(raw, reply);
  }

  static void send_raw(const RawAnswer& raw, LoopbackServer::Reply& reply) {
    if (raw.piece_bytes == 0 && !raw.reset) {
      reply.send(raw.status, raw.headers, raw.body);
      return;
    }
    reply.begin_chunked(raw.status, raw.headers);
    const std::size_t size = raw.piece_bytes == 0 ? raw.body.size() : raw.piece_bytes;
    for (std::size_t at = 0; at < raw.body.size(); at += size) {
      reply.chunk(std::string_view(raw.body).substr(at, size));
    }
    if (raw.reset) {
      reply.reset();
    } else {
      reply.end();
    }
  }

  Model model;
  FakeOpenAiOptions options;
  mutable std::mutex mutex;
  std::deque<RawAnswer> queue;
  std::vector<std::string> broken;
  std::vector<Json> seen;
  openai::IssuedOutputs issued;
  LoopbackServer server;  // last: its threads use all of the above
};

FakeOpenAi::FakeOpenAi(Model model, FakeOpenAiOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(options))) {}

FakeOpenAi::~FakeOpenAi() = default;

std::string FakeOpenAi::base_url() const { return impl_->server.url() + "/v1"; }

const std::string& FakeOpenAi::key() const { return impl_->options.key; }

void FakeOpenAi::play(RawAnswer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->queue.push_back(std::move(answer));
}

std::vector<std::string> FakeOpenAi::violations() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->broken;
}

std::vector<LoopbackServer::Request> FakeOpenAi::requests() const {
  return impl_->server.requests();
}

std::vector<Json> FakeOpenAi::bodies() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->seen;
}

}  // namespace cartpilot::fakes
