// Figure 4: how fast an answer is decoded and put together, through the shipped plugins.
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "cartpilot/json.h"
#include "chat/stream_assembler.h"
#include "figure.h"
#include "replay.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

constexpr int kEvents = 20'000;

GenerateRequest small_request() {
  GenerateRequest request;
  request.model = "";
  request.messages = {Message::user("hello")};
  return request;
}

/// Seconds to decode `answer`; the whole text must have come out.
double decode_seconds(ReplayProvider& replay, const std::string& answer, std::size_t text_bytes) {
  replay.transport.answer = answer;
  GenerateRequest request = small_request();
  request.model = "gpt-4o";
  NullSink sink;
  chat::StreamAssembler assembler(sink);
  const auto begin = Clock::now();
  replay.provider->generate(request, assembler, CallContext());
  const double seconds = milliseconds(Clock::now() - begin) / 1000;
  if (!assembler.complete() || assembler.text_so_far(text_bytes + 1).size() != text_bytes) {
    throw std::runtime_error("a replayed answer came out wrong");
  }
  return seconds;
}

/// The unavoidable: find the line ends, parse the JSON of each event.
double scan_and_parse_seconds(const std::string& answer) {
  const auto begin = Clock::now();
  std::size_t found = 0;
  const char* at = answer.data();
  const char* const end = at + answer.size();
  while (at < end) {
    const auto* line =
        static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (line == nullptr) break;
    if (line - at > 8 && at[6] == '{') {
      found += Json::parse(at + 6, line).size();
    }
    at = line + 1;
  }
  if (found == 0) throw std::runtime_error("nothing to parse");
  return milliseconds(Clock::now() - begin) / 1000;
}

void measure_vendor(const Setup& setup, const std::string& name, const std::string& event,
                    const std::string& end, Figures& figures) {
  std::string answer;
  for (int i = 0; i < kEvents; ++i) answer += event;
  answer += end;
  ReplayProvider replay(setup.plugins, name);
  std::vector<double> limits;
  std::vector<double> rates;
  for (int i = 0; i <= std::min(setup.runs, 10); ++i) {
    const double limit = kEvents / scan_and_parse_seconds(answer);
    const double rate = kEvents / decode_seconds(replay, answer, 6 * kEvents);
    if (i == 0) continue;
    limits.push_back(limit);
    rates.push_back(rate);
  }
  figures.push_back({4, name + " stream decoded and assembled", "1/s", "memchr + JSON parse",
                     median(limits), median(rates), 50'000, 0, true});
}

std::string argument_answer(std::size_t bytes) {
  std::string answer = openai_call_begin("create_intent");
  answer += openai_call_delta(R"({\"query\":\")");
  const std::string delta(64, 'x');
  for (std::size_t at = 0; at < bytes; at += delta.size()) answer += openai_call_delta(delta);
  return answer + openai_call_delta(R"(\"})") + openai_end("tool_calls");
}

double argument_milliseconds(ReplayProvider& replay, const std::string& answer) {
  replay.transport.answer = answer;
  GenerateRequest request = small_request();
  request.model = "gpt-4o";
  NullSink sink;
  chat::StreamAssembler assembler(sink);
  const auto begin = Clock::now();
  replay.provider->generate(request, assembler, CallContext());
  return milliseconds(Clock::now() - begin);
}

}  // namespace

void measure_decode(const Setup& setup, Figures& figures) {
  measure_vendor(setup, "gemini", gemini_text("Hello "), gemini_end(), figures);
  measure_vendor(setup, "openai", openai_text("Hello "), openai_end("stop"), figures);

  ReplayProvider replay(setup.plugins, "openai");
  const std::string quarter = argument_answer(250'000);
  const std::string whole = argument_answer(1'000'000);
  std::vector<double> quarters;
  std::vector<double> wholes;
  for (int i = 0; i <= std::min(setup.runs, 10); ++i) {
    const double part = argument_milliseconds(replay, quarter);
    const double all = argument_milliseconds(replay, whole);
    if (i == 0) continue;
    quarters.push_back(part);
    wholes.push_back(all);
  }
  figures.push_back({4, "1 MB argument in 64-byte deltas, over 250 KB", "x",
                     "linear (4 times the bytes)", 4, median(wholes) / median(quarters), 5});
}

}  // namespace cartpilot::bench
