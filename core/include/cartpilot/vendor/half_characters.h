// Characters that a server cut in two and sent in different events.
//
// Tokens end inside characters, so servers send half of a surrogate pair ("\ud83c") or some bytes
// of a UTF-8 sequence in one event and the rest in the next. Neither is JSON that parse_json()
// takes. mark_halves() puts one code point at the end of Unicode's private planes in the place of
// each such byte; joined_halves() makes characters of them once the fragments are joined.
// WholeCharacters does both for a decoder. Texts without halves pass untouched. One answer, one
// thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/stream_event.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Length of the UTF-8 sequence at the beginning of `text`: 0 = none, negative = its first bytes,
/// with that many missing.
inline int utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  const int length = byte(0) >= 0xC2 && byte(0) <= 0xDF   ? 2
                     : (byte(0) & 0xF0U) == 0xE0          ? 3
                     : byte(0) >= 0xF0 && byte(0) <= 0xF4 ? 4
                                                          : 0;
  for (int i = 1; i < length; ++i) {
    if (static_cast<std::size_t>(i) == text.size()) return i - length;
    const unsigned least = i > 1             ? 0x80U
                           : byte(0) == 0xE0 ? 0xA0U
                           : byte(0) == 0xF0 ? 0x90U
                                             : 0x80U;
    const unsigned most = i > 1 ? 0xBFU : byte(0) == 0xED ? 0x9FU : byte(0) == 0xF4 ? 0x8FU : 0xBFU;
    if (byte(static_cast<std::size_t>(i)) < least || byte(static_cast<std::size_t>(i)) > most) {
      return 0;
    }
  }
  return length;
}

/// The mark of a byte from 0x80 to 0xFF: U+10FF80 to U+10FFFF.
inline std::string byte_mark(unsigned char byte) {
  return {'\xF4', '\x8F', byte < 0xC0 ? '\xBE' : '\xBF', static_cast<char>(0x80U | (byte & 0x3FU))};
}

/// The byte that the mark at the beginning of `text` stands for.
inline std::optional<char> marked_byte(std::string_view text) {
  if (text.size() < 4 || text[0] != '\xF4' || text[1] != '\x8F') return std::nullopt;
  if (text[2] != '\xBE' && text[2] != '\xBF') return std::nullopt;
  const unsigned high = text[2] == '\xBE' ? 0x80U : 0xC0U;
  return static_cast<char>(high | (static_cast<unsigned char>(text[3]) & 0x3FU));
}

/// The number of an escape "\uXXXX" at the beginning of `json`.
inline std::optional<unsigned> escaped_unit(std::string_view json) {
  if (json.size() < 6 || json[0] != '\\' || json[1] != 'u') return std::nullopt;
  unsigned unit = 0;
  for (const char c : json.substr(2, 4)) {
    const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!letter && !is_digit(c)) return std::nullopt;
    unit = unit * 16 + static_cast<unsigned>(letter ? (c | 0x20) - 'a' + 10 : c - '0');
  }
  return unit;
}

/// `json` with marks for the bytes of incomplete characters; nullopt when it has none.
inline std::optional<std::string> mark_halves(std::string_view json) {
  const auto between = [](std::optional<unsigned> unit, unsigned least, unsigned most) {
    return unit && *unit >= least && *unit <= most;
  };
  std::string marked;
  bool found = false;
  for (std::size_t at = 0; at < json.size();) {
    const std::string_view rest = json.substr(at);
    std::size_t length = 1;
    if (rest[0] == '\\') {
      const auto unit = escaped_unit(rest);
      const bool half = between(unit, 0xD800, 0xDFFF);
      length = unit ? 6 : std::min<std::size_t>(2, rest.size());
      if (half && *unit < 0xDC00 && between(escaped_unit(rest.substr(6)), 0xDC00, 0xDFFF)) {
        length = 12;
      } else if (half) {
        marked += byte_mark(0xED);
        marked += byte_mark(static_cast<unsigned char>(0x80U | ((*unit >> 6U) & 0x3FU)));
        marked += byte_mark(static_cast<unsigned char>(0x80U | (*unit & 0x3FU)));
        found = true;
        at += length;
        continue;
      }
    } else if (static_cast<unsigned char>(rest[0]) >= 0x80) {
      const int whole = utf8_length(rest);
      if (whole <= 0) {
        marked += byte_mark(static_cast<unsigned char>(rest[0]));
        found = true;
        ++at;
        continue;
      }
      length = static_cast<std::size_t>(whole);
    }
    marked.append(rest.substr(0, length));
    at += length;
  }
  if (!found) return std::nullopt;
  return marked;
}

/// Characters of a run of marked bytes. What is none becomes U+FFFD; with `rest`, bytes at the end
/// that more could complete are put there instead.
inline std::string characters_of(std::string_view bytes, std::string* rest = nullptr) {
  const auto half = [](std::string_view text, char least, char most) {
    return text.size() >= 3 && text[0] == '\xED' && text[1] >= least && text[1] <= most;
  };
  std::string text;
  while (!bytes.empty()) {
    const int length = utf8_length(bytes);
    if (length > 0) {
      text.append(bytes.substr(0, static_cast<std::size_t>(length)));
      bytes.remove_prefix(static_cast<std::size_t>(length));
      continue;
    }
    const bool high = half(bytes, '\xA0', '\xAF');
    if (high && half(bytes.substr(3), '\xB0', '\xBF')) {
      const auto bits = [bytes](std::size_t at) {
        return static_cast<unsigned char>(bytes[at]) & 0x3FU;
      };
      const unsigned first = ((bits(1) & 0x0FU) << 6U) | bits(2);
      const unsigned code = 0x10000U + (first << 10U) + (((bits(4) & 0x0FU) << 6U) | bits(5));
      text += static_cast<char>(0xF0U | (code >> 18U));
      text += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
      text += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
      text += static_cast<char>(0x80U | (code & 0x3FU));
      bytes.remove_prefix(6);
      continue;
    }
    const bool may_grow = length < 0 || (high && bytes.size() == 3);
    if (may_grow && rest != nullptr) {
      for (const char c : bytes) *rest += byte_mark(static_cast<unsigned char>(c));
      return text;
    }
    text += "\xEF\xBF\xBD";
    bytes.remove_prefix(high || half(bytes, '\xB0', '\xBF') ? 3 : 1);
  }
  return text;
}

/// `text` with characters in the place of its marks; `rest` as in characters_of().
inline std::string joined_halves(std::string_view text, std::string* rest = nullptr) {
  std::string joined;
  std::string bytes;
  while (!text.empty()) {
    const auto byte = marked_byte(text);
    if (byte) {
      bytes += *byte;
      text.remove_prefix(4);
      continue;
    }
    joined += characters_of(std::exchange(bytes, ""));
    const std::size_t next = std::min(text.find('\xF4', 1), text.size());
    joined.append(text.substr(0, next));
    text.remove_prefix(next);
  }
  return joined + characters_of(bytes, rest);
}

/// Reads the events of one answer, and stands between its decoder and the sink: what is shown, and
/// what is kept, has whole characters.
class WholeCharacters final : public EventSink {
 public:
  /// parse_json() that takes halves as well. Strings that are joined must be joined with their
  /// marks; see joined().
  Json parse(std::string_view text, std::string_view what, const JsonRules& rules = {}) {
    try {
      return parse_json(text, what, rules);
    } catch (const Error&) {
      const auto marked = mark_halves(text);
      if (!marked) throw;
      Json value = parse_json(*marked, what, rules);
      marks_ = true;
      return value;
    }
  }

  /// What `piece` adds to a text that grows: whole characters. Marks of one whose rest may still
  /// come wait in `tail`.
  std::string next(std::string& tail, const std::string& piece) const {
    return marks_ ? grown(tail, piece) : piece;
  }

  /// A text that is complete.
  std::string joined(std::string text) const { return marks_ ? joined_halves(text) : text; }

  /// The same for all strings of a value.
  void join(Json& value) const {
    if (!marks_) return;
    if (value.is_string()) value = joined_halves(value.get_ref<const std::string&>());
    if (value.is_structured()) {
      for (Json& child : value) join(child);
    }
  }

  /// Takes events for `target` until the next call.
  EventSink& before(EventSink& target) {
    target_ = &target;
    return *this;
  }

  void on_event(const StreamEvent& event) override {
    if (!marks_) return target_->on_event(event);
    if (const auto* text = std::get_if<TextDelta>(&event)) {
      emit(TextDelta{grown(text_, text->text)});
    } else if (const auto* reasoning = std::get_if<ReasoningDelta>(&event)) {
      emit(ReasoningDelta{grown(reasoning_, reasoning->text)});
    } else if (const auto* delta = std::get_if<ToolCallDelta>(&event)) {
      const std::string ready = grown(arguments_[delta->id], delta->arguments);
      if (!ready.empty()) target_->on_event(ToolCallDelta{joined(delta->id), ready});
    } else if (const auto* begin = std::get_if<ToolCallBegin>(&event)) {
      target_->on_event(ToolCallBegin{joined(begin->id), joined(begin->name)});
    } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      finish_text();
      ToolCall whole = call->call;
      whole.id = joined(whole.id);
      whole.name = joined(whole.name);
      join(whole.arguments);
      join(whole.provider_metadata);
      target_->on_event(ToolCallEvent{std::move(whole)});
    } else if (const auto* finish = std::get_if<Finish>(&event)) {
      finish_text();
      Finish whole = *finish;
      join(whole.provider_metadata);
      target_->on_event(whole);
    } else {
      target_->on_event(event);
    }
  }

 private:
  /// The next whole characters of a text whose last bytes wait in `tail`.
  static std::string grown(std::string& tail, const std::string& piece) {
    const std::string text = std::exchange(tail, "") + piece;
    return joined_halves(text, &tail);
  }

  template <class Delta>
  void emit(const Delta& delta) {
    if (!delta.text.empty()) target_->on_event(delta);
  }

  void finish_text() {
    emit(ReasoningDelta{joined_halves(std::exchange(reasoning_, ""))});
    emit(TextDelta{joined_halves(std::exchange(text_, ""))});
  }

  bool marks_ = false;  ///< some were read
  EventSink* target_ = nullptr;
  std::string text_;  ///< marks of a character whose rest may still come
  std::string reasoning_;
  std::map<std::string, std::string> arguments_;  ///< by the id of the call
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
