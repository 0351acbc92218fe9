#include "fakes/openai.h"

#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes {
namespace {

using openai::Answer;
using openai::Refusal;

constexpr std::chrono::milliseconds kHoldLimit{60'000};

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

[[noreturn]] void not_found(const LoopbackServer::Request& request) {
  Refusal refusal;
  refusal.status = 404;
  refusal.rule = "Q1";
  refusal.message = "Invalid URL (" + request.method + " " + request.target + ")";
  throw refusal;
}

}  // namespace

struct FakeOpenAi::Impl {
  Impl(Model chosen_model, FakeOpenAiOptions chosen_options)
      : model(std::move(chosen_model)),
        options(std::move(chosen_options)),
        server([this](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
          const RawAnswer raw = answer(request);
          send_raw(raw, reply);
        }) {}

  RawAnswer answer(const LoopbackServer::Request& request) {
    const std::lock_guard lock(mutex);
    RawAnswer raw;
    try {
      check_request(request);
      raw = request.target == target("/models") ? list_of_models() : answer_model(request);
    } catch (const Refusal& refusal) {
      const std::string text = refusal.rule + ": " + refusal.message;
      if (!refusal.rule.empty() && !refusal.learnable) broken.push_back(text);
      refused.push_back(text);
      raw.status = refusal.status;
      raw.headers = {{"Content-Type", "application/json"}, {"x-request-id", "req_fake"}};
      raw.body = dump_json(openai::error_body(refusal, options.quirks.errors));
    }
    if (!request.body.empty()) attempts.remember(request.body, raw);
    return raw;
  }

  std::string target(const std::string& path) const {
    const OpenAiAddress& address = options.address;
    const bool deployed = path == "/chat/completions" || address.root_path.empty();
    return (deployed ? address.base_path : address.root_path) + path + address.query;
  }

  void check_request(const LoopbackServer::Request& request) {
    const auto break_rule = [this](const std::string& text) {
      broken.push_back(text);
      refused.push_back(text);
    };
    const bool with_key = !header_value(request.headers, "authorization").empty() ||
                          !header_value(request.headers, "api-key").empty();
    if (options.redirected_to && with_key) {
      break_rule("Q9: the key was sent to where a redirect led");
    }
    if (!options.key.empty() && request.target.find(options.key) != std::string::npos) {
      break_rule("Q8: the key is in the address");
    }
    if (const std::string wrong = attempts.check(request.body); !wrong.empty()) {
      break_rule("Q10: " + wrong);
    }
    const bool get = request.target == target("/models");
    const bool responses = options.address.responses && request.target == target("/responses");
    if (!get && !responses && request.target != target("/chat/completions")) not_found(request);
    if (request.method != (get ? "GET" : "POST")) not_found(request);
    check_key(request);
    if (!get && header_value(request.headers, "content-type").rfind("application/json", 0) != 0) {
      openai::refuse("Q3", "Unsupported content type");
    }
  }

  void check_key(const LoopbackServer::Request& request) const {
    if (options.key.empty()) return;
    const bool own_header = options.address.api_key_header;
    const std::string sent =
        header_value(request.headers, own_header ? "api-key" : "authorization");
    if (sent == (own_header ? "" : "Bearer ") + options.key) return;
    Refusal refusal;
    refusal.status = 401;
    refusal.message = "Incorrect API key provided: sk-wr***ng.";
    refusal.code = "invalid_api_key";
    const bool in_form =
        own_header ? !sent.empty() : sent.rfind("Bearer ", 0) == 0 && sent.size() > 7;
    refusal.rule = "Q2";
    refusal.learnable = in_form;
    throw refusal;
  }

  RawAnswer list_of_models() const {
    Json data = Json::array();
    for (const std::string& name : options.models) {
      data.push_back(Json{{"id", name}, {"object", "model"}, {"owned_by", "fake"}});
    }
    RawAnswer raw;
    raw.headers = {{"Content-Type", "application/json"}};
    raw.body = dump_json(Json{{"object", "list"}, {"data", data}});
    return raw;
  }

  RawAnswer answer_model(const LoopbackServer::Request& request) {
    const Json body = openai::parse_body(request.body);
    seen.push_back(body);
    const std::string name = string_or(body, "model");
    if (name.empty()) openai::refuse("Q5", "you must provide a model parameter", "model");
    if (!queue.empty()) {
      RawAnswer raw = queue.front();
      queue.pop_front();
      return raw;
    }
    bool offered = false;
    for (const std::string& one : options.models) offered = offered || one == name;
    if (!offered) {
      Refusal refusal;
      refusal.status = 404;
      refusal.message = "The model `" + name + "` does not exist or you do not have access.";
      refusal.code = "model_not_found";
      throw refusal;
    }
    const bool chat = request.target == target("/chat/completions");
    const openai::DeclaredTools declared =
        chat ? openai::check_chat(body, options.quirks)
             : openai::check_responses(body, issued, options.may_store, options.quirks);
    const ModelStep step =
        model(chat ? openai::chat_view(body) : openai::responses_view(body, issued));
    const std::size_t number = seen.size();
    const Answer answered =
        chat ? openai::chat_answer(body, step, declared, options.quirks, number)
             : openai::responses_answer(body, step, declared, options.quirks, number, issued);
    RawAnswer raw;
    raw.headers.emplace_back("x-request-id", "req_" + std::to_string(number));
    raw.piece_bytes = options.piece_bytes;
    if (body.value("stream", false)) {
      raw.body = stream_text(answered, options.quirks);
    } else {
      raw.headers[0].second = "application/json";
      raw.body = dump_json(answered.whole);
    }
    return raw;
  }

  static void send_raw(const RawAnswer& raw, LoopbackServer::Reply& reply) {
    const bool plain = raw.piece_bytes == 0 && raw.pause.count() == 0;
    if (plain && raw.end == RawAnswer::End::kComplete) {
      reply.send(raw.status, raw.headers, raw.body);
      return;
    }
    reply.begin_chunked(raw.status, raw.headers);
    const std::size_t size = raw.piece_bytes == 0 ? raw.body.size() : raw.piece_bytes;
    for (std::size_t at = 0; at < raw.body.size(); at += size) {
      if (raw.pause.count() > 0 && reply.wait_for_close(raw.pause)) return;
      reply.chunk(std::string_view(raw.body).substr(at, size));
    }
    switch (raw.end) {
      case RawAnswer::End::kComplete: reply.end(); return;
      case RawAnswer::End::kClose: reply.close(); return;
      case RawAnswer::End::kReset: reply.reset(); return;
      case RawAnswer::End::kHold: reply.wait_for_close(kHoldLimit); return;
    }
  }

  Model model;
  FakeOpenAiOptions options;
  mutable std::mutex mutex;
  std::deque<RawAnswer> queue;
  std::vector<std::string> broken;
  std::vector<std::string> refused;
  std::vector<Json> seen;
  openai::IssuedOutputs issued;
  openai::AttemptRules attempts;
  LoopbackServer server;  // last: its threads use all of the above
};

FakeOpenAi::FakeOpenAi(Model model, FakeOpenAiOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(options))) {}

FakeOpenAi::~FakeOpenAi() = default;

std::string FakeOpenAi::base_url() const {
  const OpenAiAddress& address = impl_->options.address;
  return impl_->server.url() + address.base_path + address.query;
}

const std::string& FakeOpenAi::key() const { return impl_->options.key; }

void FakeOpenAi::play(RawAnswer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->queue.push_back(std::move(answer));
}

std::vector<std::string> FakeOpenAi::violations() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->broken;
}

std::vector<std::string> FakeOpenAi::refusals() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->refused;
}

std::vector<LoopbackServer::Request> FakeOpenAi::requests() const {
  return impl_->server.requests();
}

std::vector<Json> FakeOpenAi::bodies() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->seen;
}

}  // namespace cartpilot::fakes
