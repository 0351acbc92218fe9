// KeptBeginning: what an encoder made of the beginning of a conversation, so that the next request
// only has to encode what is new.
//
// A vendor's request holds the whole conversation every time, and nearly all of it is the same text
// as in the request before. A provider that encodes messages in order into one array keeps one of
// these, and does the same work for settled turns once:
//
//   const std::size_t begin = kept_.settle(request, key, encode);   // encode(begin, end) -> array
//   Json body = ...;  body["contents"] = encode(begin, messages.size());
//   http.lent_body = kept_.dump(body, "contents");
//
// With kept_messages() returning kept_.messages(), nobody holds settled turns as messages any more.
// The bytes are those of encoding everything at once, provided that encode(a, b) joined with
// encode(b, c) is encode(a, c) wherever settled_messages() may cut. One thread, like the provider
// that owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/llm_provider.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// True when the message holds a part of that kind.
template <class PartType>
bool holds_part(const Message& message) {
  for (const Part& part : message.parts) {
    if (std::holds_alternative<PartType>(part)) return true;
  }
  return false;
}

/// How many leading messages make complete turns: the last cut between an answer in words only and
/// the person's next message with words in it. Nothing behind such a cut changes how what is before
/// it is said.
inline std::size_t settled_messages(const std::vector<Message>& messages) {
  for (std::size_t cut = messages.size(); cut-- > 1;) {
    const Message& answer = messages[cut - 1];
    if (messages[cut].role != Role::kUser || answer.role != Role::kAssistant) continue;
    if (holds_part<ToolCall>(answer)) continue;
    if (!text_of(messages[cut]).empty() && !text_of(answer).empty()) return cut;
  }
  return 0;
}

class KeptBeginning {
 public:
  /// Encodes the turns that are settled now and were not before, and returns how many messages need
  /// not be encoded any more. `key` stands for everything else that the encoding depends on: under
  /// another key, or for another conversation, all begins anew. Throws history_needed() when that
  /// takes messages of which only outlines are there.
  template <class Encode>
  std::size_t settle(const GenerateRequest& request, const std::string& key, Encode&& encode) {
    const bool usable = request.conversation != 0 && request.conversation == conversation_ &&
                        key == key_ && messages_ <= request.unchanged_messages;
    if (!usable) forget();
    if (request.outlined_messages > messages_) throw history_needed();
    if (request.conversation == 0) return 0;
    conversation_ = request.conversation;
    key_ = key;
    const std::size_t settled = settled_messages(request.messages);
    if (settled > messages_) {
      text_.resize(end_);
      const Json encoded = encode(messages_, settled);
      for (const Json& element : encoded) {
        if (text_.size() > begin_) append(",");
        append(dump_json(element));
      }
      end_ = text_.size();
      messages_ = settled;
    }
    return messages_;
  }

  void forget() { *this = KeptBeginning(); }

  /// How many messages were settled; for LLMProvider::kept_messages().
  std::size_t messages() const { return messages_; }

  /// True when nothing was kept, so that the rest is the whole.
  bool empty() const { return begin_ == end_; }

  /// What was kept, as an array; for rare looks at a whole request.
  Json array() const {
    return parse_json("[" + text_.substr(begin_, end_ - begin_) + "]", "kept messages");
  }

  /// The text of `body`, with what was kept in front of the elements of its array `member`. It is
  /// written around what was kept, so that the conversation is in memory once; valid until the next
  /// call of a function that is not const.
  std::string_view dump(const Json& body, const char* member) {
    std::string head = "{";
    std::string tail;
    bool found = false;
    for (const auto& item : body.items()) {
      std::string& text = found ? tail : head;
      if (found || head.size() > 1) text += ',';
      text += dump_json(item.key());
      text += ':';
      std::string value = dump_json(item.value());
      if (item.key() == member) {
        found = true;
        head += '[';
        if (!empty() && value.size() > 2) tail = ",";
        tail.append(value, 1, std::string::npos);
      } else {
        text += value;
      }
    }
    text_.resize(end_);
    if (text_.compare(0, begin_, head) != 0) {
      reserve(head.size());
      text_.replace(0, begin_, head);
      end_ = end_ - begin_ + head.size();
      begin_ = head.size();
    }
    append(tail);
    append("}");
    return text_;
  }

 private:
  void append(std::string_view text) {
    reserve(text.size());
    text_.append(text);
  }

  /// Room is taken in large steps: memory nobody wrote to costs nothing, while a step copies all.
  void reserve(std::size_t more) {
    if (text_.size() + more > text_.capacity()) text_.reserve(4 * (text_.size() + more));
  }

  std::uint64_t conversation_ = 0;
  std::size_t messages_ = 0;
  std::string key_;
  std::string text_;       ///< the last request; its beginning is what is kept
  std::size_t begin_ = 0;  ///< of the kept elements, joined by commas, in text_
  std::size_t end_ = 0;
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
