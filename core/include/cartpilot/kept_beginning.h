// KeptBeginning: what an encoder made of the beginning of a conversation, so that the next request
// only has to encode what is new.
//
// A vendor's request holds the whole conversation every time, and nearly all of it is the same text
// as in the request before. A provider that encodes messages in order into one array keeps one of
// these, and does the same work for settled turns once:
//
//   const std::size_t begin = kept_.settle(request, key, encode);   // encode(begin, end) -> array
//   Json body = ...;  body["contents"] = encode(begin, messages.size());
//   http.body = kept_.dump(body, "contents");
//
// The bytes are those of encoding everything at once, provided that encode(a, b) joined with
// encode(b, c) is encode(a, c) wherever settled_messages() may cut. One thread, like the provider
// that owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cartpilot/json.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/visibility.h"

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
  /// another key, or for another conversation, all begins anew.
  template <class Encode>
  std::size_t settle(const GenerateRequest& request, const std::string& key, Encode&& encode) {
    const bool usable = request.conversation != 0 && request.conversation == conversation_ &&
                        key == key_ && messages_ <= request.unchanged_messages;
    if (!usable) forget();
    if (request.conversation == 0) return 0;
    conversation_ = request.conversation;
    key_ = key;
    const std::size_t settled = settled_messages(request.messages);
    if (settled > messages_) {
      const Json encoded = encode(messages_, settled);
      for (const Json& element : encoded) {
        if (!text_.empty()) text_ += ',';
        text_ += dump_json(element);
      }
      messages_ = settled;
    }
    return messages_;
  }

  void forget() {
    conversation_ = 0;
    messages_ = 0;
    text_.clear();
  }

  /// True when nothing was kept, so that the rest is the whole.
  bool empty() const { return text_.empty(); }

  /// What was kept, as an array; for rare looks at a whole request.
  Json array() const { return parse_json("[" + text_ + "]", "kept messages"); }

  /// The text of `body`, with what was kept in front of the elements of its array `member`.
  std::string dump(const Json& body, const char* member) const {
    if (text_.empty()) return dump_json(body);
    std::string text = "{";
    text.reserve(text_.size() + text_.size() / 8 + 4096);
    for (const auto& item : body.items()) {
      if (text.size() > 1) text += ',';
      text += dump_json(item.key());
      text += ':';
      const std::string value = dump_json(item.value());
      if (item.key() == member) {
        text += '[';
        text += text_;
        if (value.size() > 2) text += ',';
        text.append(value, 1, std::string::npos);
      } else {
        text += value;
      }
    }
    return text += '}';
  }

 private:
  std::uint64_t conversation_ = 0;
  std::size_t messages_ = 0;
  std::string key_;
  std::string text_;  ///< elements, joined by commas
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
