// The turn that all programs of the load measurement carry: one request, and an answer of 20 events
// spread over a second.
//
// Pure functions; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace cartpilot::load {

constexpr int kAnswerEvents = 20;
/// Before each event of the answer, the first one included.
constexpr std::chrono::milliseconds kEventPause{50};
/// Stands once in the text of each event, and nowhere else.
constexpr char kEventMark = ';';

/// A request of Chat Completions, as long as what `cartpilot` sends with its functions.
std::string chat_request(std::string_view text);
/// One event of the answer, 0 to kAnswerEvents - 1, as Chat Completions writes it.
std::string chat_event(int number);
/// The finish reason and the end.
std::string chat_end();

std::string chunk_of(std::string_view bytes);
/// The end of a body in chunks.
constexpr std::string_view kLastChunk = "0\r\n\r\n";
/// The head of an answer that is an event stream in chunks.
std::string event_stream_head();
std::string json_answer_of(int status, std::string_view body);

}  // namespace cartpilot::load
