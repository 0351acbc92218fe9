#include "gemini/plain_chunk.h"

#include <array>
#include <utility>

#include "cartpilot/json.h"

namespace cartpilot::gemini {
namespace {

/// Walks JSON text once. Every function returns false when what stands here is not what it reads;
/// the event is then none of ours.
class Reader {
 public:
  explicit Reader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool eat(char wanted) {
    skip_blanks();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  bool ended() {
    skip_blanks();
    return at_ == end_;
  }

  /// `read` is called with every key and reads its value.
  template <class Read>
  bool object(const Read& read) {
    if (!eat('{')) return false;
    if (eat('}')) return true;
    do {
      std::string_view key;
      if (!simple_string(key) || !eat(':') || !read(key)) return false;
    } while (eat(','));
    return eat('}');
  }

  /// A string of printable ASCII without escapes.
  bool simple_string(std::string_view& value) {
    bool simple = false;
    return any_string(value, simple) && simple;
  }

  /// Any string; `value` is its text between the quotes as it stands.
  bool any_string(std::string_view& value, bool& simple) {
    if (!eat('"')) return false;
    const char* const begin = at_;
    simple = true;
    for (; at_ != end_; ++at_) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte == '"') {
        value = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
        ++at_;
        return true;
      }
      if (byte < ' ') return false;
      if (byte >= 0x7F) simple = false;
      if (byte == '\\') {
        simple = false;
        if (++at_ == end_) return false;
      }
    }
    return false;
  }

  bool literal(std::string_view word) {
    skip_blanks();
    if (static_cast<std::size_t>(end_ - at_) < word.size() ||
        std::string_view(at_, word.size()) != word) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  /// A whole number that fits, without sign and leading zeros.
  bool count(std::optional<std::int64_t>& value) {
    skip_blanks();
    const char* const begin = at_;
    std::int64_t number = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) number = number * 10 + (*at_ - '0');
    const auto digits = at_ - begin;
    if (digits == 0 || digits > 15 || (digits > 1 && *begin == '0')) return false;
    if (at_ != end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E')) return false;
    value = number;
    return true;
  }

  /// Any value of simple strings and counts that is not needed.
  bool skip(int depth = 0) {
    constexpr int kDeepest = 8;
    skip_blanks();
    if (at_ == end_ || depth > kDeepest) return false;
    switch (*at_) {
      case '{': return object([&](std::string_view) { return skip(depth + 1); });
      case '[': return list([&] { return skip(depth + 1); });
      case '"': {
        std::string_view ignored;
        return simple_string(ignored);
      }
      case 't': return literal("true");
      case 'f': return literal("false");
      case 'n': return literal("null");
      default: {
        std::optional<std::int64_t> ignored;
        return count(ignored);
      }
    }
  }

 private:
  template <class Read>
  bool list(const Read& read) {
    if (!eat('[')) return false;
    if (eat(']')) return true;
    do {
      if (!read()) return false;
    } while (eat(','));
    return eat(']');
  }

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  const char* at_;
  const char* end_;
};

/// True the first time for each bit: the last of two equal keys would count, so there may be one.
bool once(unsigned& seen, unsigned bit) {
  const bool first = (seen & bit) == 0;
  seen |= bit;
  return first;
}

bool read_text(Reader& reader, std::string& text) {
  std::string_view raw;
  bool simple = false;
  if (!reader.any_string(raw, simple)) return false;
  if (simple) {
    text = raw;
    return true;
  }
  try {
    // Escapes and UTF-8 are checked by the one parser that decides about them everywhere.
    text = parse_json(std::string_view(raw.data() - 1, raw.size() + 2)).get<std::string>();
  } catch (const Error&) {
    return false;
  }
  return true;
}

/// {"text":"..."} or {"text":"...","thought":true}, in this order: parts go back as they came.
bool read_part(Reader& reader, PlainChunk& chunk) {
  unsigned seen = 0;
  const bool read = reader.object([&](std::string_view key) {
    if (key == "text" && seen == 0) return once(seen, 1) && read_text(reader, chunk.text);
    if (key != "thought" || seen != 1) return false;
    chunk.thought = true;
    return once(seen, 2) && reader.literal("true");
  });
  return read && seen != 0;
}

bool read_content(Reader& reader, PlainChunk& chunk) {
  unsigned seen = 0;
  const bool read = reader.object([&](std::string_view key) {
    if (key == "role") return reader.skip();
    return key == "parts" && once(seen, 1) && reader.eat('[') && read_part(reader, chunk) &&
           reader.eat(']');
  });
  return read && seen != 0;
}

bool read_candidate(Reader& reader, PlainChunk& chunk) {
  unsigned seen = 0;
  const bool read = reader.object([&](std::string_view key) {
    if (key == "content") return once(seen, 1) && read_content(reader, chunk);
    std::optional<std::int64_t> index;
    return key == "index" && once(seen, 2) && reader.count(index) && index == 0;
  });
  return read && (seen & 1) != 0;
}

bool read_counts(Reader& reader, TokenCounts& counts) {
  return reader.object([&](std::string_view key) {
    if (key == "promptTokenCount") return reader.count(counts.prompt);
    if (key == "candidatesTokenCount") return reader.count(counts.candidates);
    if (key == "thoughtsTokenCount") return reader.count(counts.thoughts);
    if (key == "cachedContentTokenCount") return reader.count(counts.cached);
    if (key == "toolUsePromptTokenCount") return reader.count(counts.tool_prompt);
    return reader.skip();
  });
}

}  // namespace

std::optional<PlainChunk> read_plain_chunk(std::string_view event) {
  PlainChunk chunk;
  Reader reader(event);
  unsigned seen = 0;
  const bool read = reader.object([&](std::string_view key) {
    if (key == "candidates") {
      return once(seen, 1) && reader.eat('[') && read_candidate(reader, chunk) && reader.eat(']');
    }
    if (key == "usageMetadata") return once(seen, 2) && read_counts(reader, chunk.counts);
    if (key == "modelVersion") return once(seen, 4) && reader.simple_string(chunk.model_version);
    if (key == "responseId") return once(seen, 8) && reader.simple_string(chunk.response_id);
    return false;
  });
  if (!read || (seen & 1) == 0 || !reader.ended()) return std::nullopt;
  return chunk;
}

}  // namespace cartpilot::gemini
