#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "fakes/gemini.h"

// What FakeGemini says: the model's steps in chunks, the list of models, and given answers.

namespace cartpilot::fakes {

using gemini_rules::holds_response;

namespace {

/// Longest time a stalled answer waits for its client; tests end it long before.
constexpr std::chrono::seconds kStallLimit{30};

/// Base64 text that no other part ever gets, with every special character of the alphabet.
std::string make_signature(std::size_t number) {
  std::string text = fmt::format("EpwICpkI+/{:06}", number);
  while (text.size() % 4 != 3) text += 'x';
  return text + "=";
}

Json with_doubles(const Json& value) {
  if (value.is_number_integer()) return value.get<double>();
  if (!value.is_structured()) return value;
  Json result = value;
  for (Json& child : result) child = with_doubles(child);
  return result;
}

ModelView view_of(const Json& contents) {
  ModelView view;
  for (const Json& content : contents) {
    if (string_or(content, "role", "user") != "user") continue;
    std::string text;
    for (const Json& part : content["parts"]) {
      if (part.contains("functionResponse")) {
        const Json& response = part["functionResponse"];
        view.results.emplace_back(string_or(response, "name"), response["response"]);
      }
      text += string_or(part, "text");
    }
    view.last_is_result = holds_response(content);
    if (!view.last_is_result) view.user_texts.push_back(text);
  }
  return view;
}

Json gemini_chunk(Json parts, const std::string& model) {
  return Json{
      {"candidates", Json::array({{{"content", {{"parts", std::move(parts)}, {"role", "model"}}},
                                   {"index", 0}}})},
      {"usageMetadata", {{"promptTokenCount", 70}, {"totalTokenCount", 74}}},
      {"modelVersion", model},
      {"responseId", "r1"}};
}

/// Half of `text` that does not end inside a UTF-8 sequence.
std::size_t half_of(const std::string& text) {
  std::size_t half = text.size() / 2;
  while (half > 0 && (static_cast<unsigned char>(text[half]) & 0xC0) == 0x80) --half;
  return half;
}

/// The whole answer a one-shot request gets: all parts in one candidate, counts of the last chunk.
Json merged(const std::vector<Json>& chunks, const Json& parts) {
  Json whole = chunks.back();
  whole["candidates"][0]["content"]["parts"] = parts;
  return whole;
}

}  // namespace

/// The chunks of one answer; what a client must return of it is remembered.
std::vector<Json> FakeGemini::chunks_for(const ModelStep& step, const std::string& model,
                                         bool thoughts) {
  const std::lock_guard lock(mutex_);
  std::vector<Json> chunks;
  Json parts = Json::array();
  if (thoughts) {
    const Json part{{"text", "Thinking about it."}, {"thought", true}};
    chunks.push_back(gemini_chunk(Json::array({part}), model));
    parts.push_back(part);
  }
  if (!step.text.empty()) {
    const std::size_t half = half_of(step.text);
    for (const std::string& piece : {step.text.substr(0, half), step.text.substr(half)}) {
      if (!piece.empty()) chunks.push_back(gemini_chunk(Json::array({{{"text", piece}}}), model));
    }
    parts.push_back(Json{{"text", step.text}});
  }
  Json calls = Json::array();
  for (const auto& [name, arguments] : step.calls) {
    Json call = Json::object();
    if (options_.call_ids) call["id"] = fmt::format("fc{:06}", next_id_);
    call["name"] = name;
    if (!arguments.empty()) {
      call["args"] = options_.whole_numbers_as_doubles ? with_doubles(arguments) : arguments;
    }
    Json part{{"functionCall", std::move(call)}};
    if (calls.empty()) part["thoughtSignature"] = make_signature(next_id_);
    ++next_id_;
    parts.push_back(part);
    calls.push_back(part);
    if (!options_.calls_in_one_chunk) chunks.push_back(gemini_chunk(Json::array({part}), model));
  }
  if (options_.calls_in_one_chunk && !calls.empty()) chunks.push_back(gemini_chunk(calls, model));

  Json closing{{"text", ""}};
  if (calls.empty()) {
    closing["thoughtSignature"] = make_signature(next_id_++);
    parts.push_back(closing);
  }
  Json last = gemini_chunk(Json::array({closing}), model);
  last["candidates"][0]["finishReason"] = "STOP";
  if (!calls.empty()) {
    last["candidates"][0]["finishMessage"] = "Model generated function call(s).";
  }
  last["usageMetadata"] = Json{{"promptTokenCount", 71},
                               {"candidatesTokenCount", 31},
                               {"totalTokenCount", 240},
                               {"thoughtsTokenCount", 138}};
  chunks.push_back(std::move(last));
  remember(parts, model.substr(0, 8));
  return chunks;
}

void FakeGemini::answer(const std::string& model, const Json& body, bool stream, bool events,
                        LoopbackServer::Reply& reply) {
  const Json config = body.value("generationConfig", Json::object());
  const Json thinking = config.value("thinkingConfig", Json::object());
  const std::vector<Json> chunks = chunks_for(model_(view_of(body["contents"])), model,
                                              thinking.value("includeThoughts", false));
  if (stream && events) {
    send_events(chunks, reply);
    return;
  }
  if (stream) {
    reply.send(200, gemini_rules::kJsonHeaders, dump_json(Json(chunks)));
    return;
  }
  Json parts;
  {
    const std::lock_guard lock(mutex_);
    parts = issued_.back().parts;
  }
  reply.send(200, gemini_rules::kJsonHeaders, dump_json(merged(chunks, parts)));
}

void FakeGemini::send_events(const std::vector<Json>& chunks, LoopbackServer::Reply& reply) const {
  reply.begin_chunked(200, gemini_rules::kEventHeaders);
  std::string bytes;
  for (const Json& chunk : chunks) {
    const std::string event = "data: " + dump_json(chunk) + "\r\n\r\n";
    if (options_.chunk_bytes == 0) {
      reply.chunk(event);
    } else {
      bytes += event;
    }
  }
  for (std::size_t at = 0; at < bytes.size(); at += options_.chunk_bytes) {
    reply.chunk(std::string_view(bytes).substr(at, options_.chunk_bytes));
  }
  reply.end();
}

void FakeGemini::send_given(const GivenAnswer& given, LoopbackServer::Reply& reply) {
  if (given.chunks.size() == 1 && given.end == GivenAnswer::End::kComplete) {
    reply.send(given.status, given.headers, given.chunks[0]);
    return;
  }
  reply.begin_chunked(given.status, given.headers);
  for (const std::string& piece : given.chunks) reply.chunk(piece);
  switch (given.end) {
    case GivenAnswer::End::kComplete: reply.end(); break;
    case GivenAnswer::End::kClose: reply.close(); break;
    case GivenAnswer::End::kReset: reply.reset(); break;
    case GivenAnswer::End::kStall: {
      const bool closed = reply.wait_for_close(kStallLimit);
      const std::lock_guard lock(mutex_);
      if (closed) ++closed_by_client_;
      break;
    }
  }
}

/// Two models a page, so that clients have to turn pages; one entry that cannot generate text.
void FakeGemini::list_models(const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
  constexpr std::size_t kPageSize = 2;
  std::size_t first = 0;
  const std::string marker = "pageToken=p%2B";
  if (const std::size_t at = request.target.find(marker); at != std::string::npos) {
    first = static_cast<std::size_t>(std::stoul(request.target.substr(at + marker.size())));
  }
  Json page{{"models", Json::array()}};
  if (first == 0) {
    page["models"].push_back({{"name", "models/gemini-embedding-001"},
                              {"supportedGenerationMethods", {"embedContent"}}});
  }
  for (std::size_t i = first; i < options_.models.size() && i < first + kPageSize; ++i) {
    page["models"].push_back({{"name", "models/" + options_.models[i]},
                              {"displayName", "Display " + options_.models[i]},
                              {"supportedGenerationMethods", {"generateContent", "countTokens"}}});
  }
  if (first + kPageSize < options_.models.size()) {
    page["nextPageToken"] = fmt::format("p+{}", first + kPageSize);
  }
  reply.send(200, gemini_rules::kJsonHeaders, dump_json(page));
}

}  // namespace cartpilot::fakes
