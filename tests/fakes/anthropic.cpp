#include "fakes/anthropic.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "fakes/anthropic_rules.h"

namespace cartpilot::fakes {
namespace anthropic {
namespace {

constexpr std::chrono::milliseconds kHoldLimit{60'000};
constexpr int kMaxAttempts = 5;
/// Answers of two services carry different ids.
std::size_t next_first_number() {
  static std::atomic<std::size_t> number{0};
  return number += 1000;
}

constexpr const char* kVertexPath = "/v1/projects/p/locations/l";

}  // namespace
}  // namespace anthropic

struct FakeAnthropic::Impl {
  Impl(Model chosen_model, FakeAnthropicOptions chosen_options)
      : model(std::move(chosen_model)),
        options(std::move(chosen_options)),
        server([this](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
          send_raw(answer(request), reply);
        }) {}

  RawAnswer answer(const LoopbackServer::Request& request) {
    const std::lock_guard lock(mutex);
    RawAnswer raw;
    try {
      check_headers(request);
      raw = request.method == "GET" ? describe(request) : answer_model(request);
    } catch (const anthropic::Refusal& refusal) {
      if (!refusal.rule.empty()) broken.push_back(refusal.rule + ": " + refusal.message);
      raw = RawAnswer{};
      raw.status = refusal.status;
      raw.headers = {{"Content-Type", "application/json"}, {"request-id", "req_fake"}};
      raw.body = dump_json(refusal.body());
    }
    remember_failure(request.body, raw);
    return raw;
  }

  /// Q30: what is tried again is the same request, and not for ever.
  void remember_failure(const std::string& body, const RawAnswer& raw) {
    if (body.empty()) return;
    if (!failed.empty() && body != failed && failed_status >= 429) {
      // Another request after a failure is a new message of the person, or it was changed.
      const Json before = Json::parse(failed, nullptr, false);
      const Json now = Json::parse(body, nullptr, false);
      if (before.is_object() && now.is_object() && before["messages"] == now["messages"]) {
        broken.push_back("Q30: the request was changed before it was tried again");
      }
    }
    attempts = body == failed ? attempts + 1 : 1;
    if (attempts > anthropic::kMaxAttempts)
      broken.push_back("Q30: the same request again and again");
    const bool final =
        raw.status >= 400 && raw.status < 429 && raw.status != 408 && raw.status != 409;
    if (body == refused) broken.push_back("Q30: a refused request was sent again unchanged");
    refused = final ? body : "";
    failed = raw.status >= 400 ? body : "";
    failed_status = raw.status;
  }

  std::string messages_path() const { return options.base_path + "/v1/messages"; }
  std::string models_path() const { return options.base_path + "/v1/models"; }

  void check_headers(const LoopbackServer::Request& request) {
    if (!options.key.empty()) {
      const bool leaked = request.target.find(options.key) != std::string::npos ||
                          request.body.find(options.key) != std::string::npos;
      if (leaked) broken.push_back("Q2: the key stands in the address or the body");
      const std::string key = header_value(request.headers, "x-api-key");
      const std::string bearer = header_value(request.headers, "authorization");
      if (!key.empty() && !bearer.empty()) {
        anthropic::refuse("Q2", "Only one of x-api-key and authorization may be sent");
      }
      const std::string sent = options.bearer ? bearer : key;
      if (sent != (options.bearer ? "Bearer " : "") + options.key) {
        throw anthropic::Refusal{sent.empty() ? "Q2" : "", "invalid x-api-key", 401,
                                 "authentication_error"};
      }
    }
    if (options.vertex) return;
    const std::string version = header_value(request.headers, "anthropic-version");
    if (version != "2023-06-01" && version != "2026-10-21") {
      anthropic::refuse("Q3", "anthropic-version: header is required");
    }
    const std::string beta = "," + header_value(request.headers, "anthropic-beta") + ",";
    if (beta.size() > 2 &&
        (beta.find(",,") != std::string::npos || beta.find(' ') != std::string::npos)) {
      anthropic::refuse("Q3", "anthropic-beta: names with commas between them");
    }
  }

  RawAnswer describe(const LoopbackServer::Request& request) const {
    RawAnswer raw;
    raw.headers = {{"Content-Type", "application/json"}};
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (options.first_party && path == models_path()) {
      Json data = Json::array();
      // Two pages, whatever was asked for.
      const bool first = request.target.find("after_id=") == std::string::npos;
      const std::size_t half = options.models.size() / 2;
      for (std::size_t i = first ? 0 : half; i < (first ? half : options.models.size()); ++i) {
        data.push_back(anthropic::model_description(options.models[i]));
      }
      raw.body = dump_json(Json{{"data", data},
                                {"has_more", first},
                                {"last_id", data.empty() ? Json() : data.back()["id"]}});
      return raw;
    }
    for (const std::string& name : options.models) {
      if (!options.first_party || path != models_path() + "/" + name) continue;
      raw.body = dump_json(anthropic::model_description(name));
      return raw;
    }
    throw anthropic::Refusal{"", "Not found", 404, "not_found_error"};
  }

  /// The model a request is for; "" when the path is none of the service's.
  std::string model_in_path(const std::string& target, const Json& body) const {
    if (!options.vertex) return target == messages_path() ? string_or(body, "model") : "";
    const std::string before =
        std::string(anthropic::kVertexPath) + "/publishers/anthropic/models/";
    const bool stream = body.value("stream", false);
    const std::string after = stream ? ":streamRawPredict" : ":rawPredict";
    if (target.rfind(before, 0) != 0 || target.size() <= before.size() + after.size()) return "";
    if (target.substr(target.size() - after.size()) != after) return "";
    return target.substr(before.size(), target.size() - before.size() - after.size());
  }

  RawAnswer answer_model(const LoopbackServer::Request& request) {
    const bool ours =
        request.method == "POST" && (options.vertex || request.target == messages_path());
    if (!ours) throw anthropic::Refusal{"Q1", "Not Found", 404, "not_found_error"};
    if (header_value(request.headers, "content-type").rfind("application/json", 0) != 0) {
      anthropic::refuse("Q4", "content-type must be application/json");
    }
    const Json body = anthropic::parse_body(request.body);
    const std::string version = header_value(request.headers, "anthropic-version");
    anthropic::check_settings(body, version, options);
    const std::string name = model_in_path(request.target, body);
    if (name.empty()) throw anthropic::Refusal{"Q1", "Not Found", 404, "not_found_error"};
    anthropic::check_tools(body);
    anthropic::check_messages(body, options);
    anthropic::check_marks(body);
    memory.check_thinking(body, options, broken);
    memory.check_beginning(body, options, broken);
    seen.push_back(body);
    if (!queue.empty()) {
      RawAnswer raw = queue.front();
      queue.pop_front();
      if (raw.body.find("signature") != std::string::npos && raw.status == 400) {
        memory.release_thinking();
      }
      memory.forget_newest(body);
      return raw;
    }
    if (std::find(options.models.begin(), options.models.end(), name) == options.models.end()) {
      throw anthropic::Refusal{"", "model: " + name, 404, "not_found_error"};
    }
    const anthropic::Answer made = anthropic::make_answer(
        body, model(anthropic::view_of(body)), name, options, first_number + seen.size());
    memory.issue(made.whole["content"], string_or(body, "model"));
    RawAnswer raw;
    raw.headers.emplace_back("request-id", fmt::format("req_{}", seen.size()));
    raw.piece_bytes = options.piece_bytes;
    if (body.value("stream", false)) {
      raw.body = anthropic::stream_text(made.events, options.quirks);
    } else {
      raw.headers[0].second = "application/json";
      raw.body = dump_json(made.whole);
    }
    return raw;
  }

  static void send_raw(const RawAnswer& raw, LoopbackServer::Reply& reply) {
    if (raw.piece_bytes == 0 && raw.end == RawAnswer::End::kComplete) {
      reply.send(raw.status, raw.headers, raw.body);
      return;
    }
    reply.begin_chunked(raw.status, raw.headers);
    const std::size_t size = raw.piece_bytes == 0 ? raw.body.size() : raw.piece_bytes;
    for (std::size_t at = 0; at < raw.body.size(); at += size) {
      reply.chunk(std::string_view(raw.body).substr(at, size));
    }
    switch (raw.end) {
      case RawAnswer::End::kComplete: reply.end(); return;
      case RawAnswer::End::kClose: reply.close(); return;
      case RawAnswer::End::kReset: reply.reset(); return;
      case RawAnswer::End::kHold: reply.wait_for_close(anthropic::kHoldLimit); return;
    }
  }

  Model model;
  FakeAnthropicOptions options;
  mutable std::mutex mutex;
  std::deque<RawAnswer> queue;
  std::vector<std::string> broken;
  std::vector<Json> seen;
  anthropic::Memory memory;
  std::string refused;  ///< the last request, when it was refused for good
  std::string failed;   ///< the last request, when it failed
  int failed_status = 0;
  int attempts = 0;
  const std::size_t first_number = anthropic::next_first_number();
  LoopbackServer server;  // last: its threads use all of the above
};

FakeAnthropic::FakeAnthropic(Model model, FakeAnthropicOptions options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(options))) {}

FakeAnthropic::~FakeAnthropic() = default;

std::string FakeAnthropic::base_url() const {
  return impl_->server.url() +
         (impl_->options.vertex ? anthropic::kVertexPath : impl_->options.base_path);
}

const std::string& FakeAnthropic::key() const { return impl_->options.key; }

void FakeAnthropic::play(RawAnswer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->queue.push_back(std::move(answer));
}

void FakeAnthropic::issue(const Json& content, const std::string& model) {
  const std::lock_guard lock(impl_->mutex);
  impl_->memory.issue(content, model);
}

std::vector<std::string> FakeAnthropic::violations() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->broken;
}

std::vector<LoopbackServer::Request> FakeAnthropic::requests() const {
  return impl_->server.requests();
}

std::vector<Json> FakeAnthropic::bodies() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->seen;
}

}  // namespace cartpilot::fakes
