// PlainChunk: the everyday event of a stream, read without building a JSON tree.
//
// Nearly every event of a long answer is one candidate with one piece of unsigned text, running
// counts, and the same names as before. Building and freeing a tree for each of them is most of the
// cost of a stream. This reader knows that one shape; anything else, and anything it is not sure
// about, it leaves to the full reader, which has to come to the same result. Pure function; the
// views live as long as the event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::gemini {

/// The counts of usageMetadata that matter; absent = not in this event.
struct TokenCounts {
  std::optional<std::int64_t> prompt;
  std::optional<std::int64_t> tool_prompt;
  std::optional<std::int64_t> candidates;
  std::optional<std::int64_t> thoughts;
  std::optional<std::int64_t> cached;
};

struct PlainChunk {
  std::string text;
  bool thought = false;
  TokenCounts counts;
  std::string_view model_version;
  std::string_view response_id;
};

/// `event` when it is valid JSON of that shape, else nullopt.
std::optional<PlainChunk> read_plain_chunk(std::string_view event);

}  // namespace cartpilot::gemini
