#include "openai/repeated_chunk.h"

#include <algorithm>
#include <utility>

namespace cartpilot::openai {
namespace {

constexpr std::string_view kPaddingKey = "\"obfuscation\":\"";

/// Members beside `choices` that say nothing about the answer, whatever they hold.
bool idle_member(const std::string& key, const Json& value) {
  if (key == "usage") return value.is_null();
  return key == "id" || key == "object" || key == "created" || key == "model" ||
         key == "service_tier" || key == "system_fingerprint" || key == "obfuscation";
}

bool null_or_absent(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null();
}

std::optional<Fragment> fragment_of_call(const Json& calls) {
  if (!calls.is_array() || calls.size() != 1 || !calls[0].is_object()) return std::nullopt;
  const Json& call = calls[0];
  const auto function = call.find("function");
  const auto index = call.find("index");
  if (call.size() != 2 || function == call.end() || index == call.end()) return std::nullopt;
  if (!function->is_object() || function->size() != 1) return std::nullopt;
  const auto arguments = function->find("arguments");
  if (!index->is_number_integer() || arguments == function->end() || !arguments->is_string()) {
    return std::nullopt;
  }
  return Fragment{true, index->get<std::int64_t>(), arguments->get<std::string>()};
}

/// The value of an escaped string without bytes beyond ASCII and without \\u; false for others.
bool unescape(std::string_view text, std::string& value) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  value.clear();
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) return false;
    if (c == '\\') {
      const std::size_t escape = kEscapes.find(text[++at]);
      if (escape == std::string_view::npos) return false;
      c = kMeanings[escape];
    }
    value += c;
  }
  return true;
}

/// Where the string ends that begins at `at`, npos when it does not end. `plain` tells whether its
/// bytes are its value.
std::size_t end_of_string(std::string_view text, std::size_t at, bool& plain) {
  plain = true;
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"') return at;
    if (byte < ' ') return std::string_view::npos;
    if (byte >= 0x80) plain = false;
    if (byte == '\\') {
      plain = false;
      ++at;
    }
  }
  return std::string_view::npos;
}

bool same_at(std::string_view text, std::size_t at, std::string_view part) {
  return text.size() - at >= part.size() && text.compare(at, part.size(), part) == 0;
}

}  // namespace

std::optional<Fragment> only_fragment(const Json& chunk) {
  if (!chunk.is_object()) return std::nullopt;
  const Json* choices = nullptr;
  for (const auto& [key, value] : chunk.items()) {
    if (key == "choices") {
      choices = &value;
    } else if (!idle_member(key, value)) {
      return std::nullopt;
    }
  }
  if (choices == nullptr || !choices->is_array() || choices->size() != 1) return std::nullopt;
  const Json& choice = (*choices)[0];
  if (!choice.is_object() || integer_or(choice, "index") != 0 || choice.contains("message") ||
      !null_or_absent(choice, "finish_reason") || !null_or_absent(choice, "native_finish_reason")) {
    return std::nullopt;
  }
  const auto delta = choice.find("delta");
  if (delta == choice.end() || !delta->is_object() || delta->size() != 1) return std::nullopt;
  const auto content = delta->find("content");
  if (content != delta->end() && content->is_string()) {
    return Fragment{false, 0, content->get<std::string>()};
  }
  const auto calls = delta->find("tool_calls");
  if (calls == delta->end()) return std::nullopt;
  return fragment_of_call(*calls);
}

std::optional<RepeatedChunks::Shape> RepeatedChunks::shape_of(std::string_view text,
                                                              const Fragment& fragment,
                                                              bool padded) {
  const std::string_view key = fragment.of_call ? "\"arguments\":\"" : "\"content\":\"";
  const std::size_t found = text.find(key);
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t begin = found + key.size();
  bool plain = false;
  const std::size_t end = end_of_string(text, begin, plain);
  if (end == std::string_view::npos) return std::nullopt;
  Shape shape;
  shape.head = text.substr(0, begin);
  shape.fragment = fragment;
  const std::string_view rest = text.substr(end);
  const std::size_t padding = padded ? rest.find(kPaddingKey) : std::string_view::npos;
  if (padding == std::string_view::npos) {
    shape.between = rest;
    return padded ? std::nullopt : std::optional<Shape>(std::move(shape));
  }
  const std::size_t padding_end = end_of_string(rest, padding + kPaddingKey.size(), plain);
  if (padding_end == std::string_view::npos) return std::nullopt;
  shape.padded = true;
  shape.between = rest.substr(0, padding + kPaddingKey.size());
  shape.tail = rest.substr(padding_end);
  return shape;
}

/// Puts other strings into the gaps and reads the whole: the proof that these are the gaps.
bool RepeatedChunks::holds(const Shape& shape) {
  const std::string sentinel = "\x01 fragment";
  const std::string padding = "another padding";
  std::string text = shape.head + "\\u0001 fragment" + shape.between;
  if (shape.padded) text += padding + shape.tail;
  try {
    const Json chunk = parse_json(text);
    const std::optional<Fragment> read = only_fragment(chunk);
    if (!read || read->of_call != shape.fragment.of_call || read->index != shape.fragment.index ||
        read->text != sentinel) {
      return false;
    }
    return !shape.padded || string_or(chunk, "obfuscation") == padding;
  } catch (const Error&) {
    return false;
  }
}

void RepeatedChunks::learn(std::string_view text, const Fragment& fragment) {
  if (lessons_ >= kMaxLessons) return;
  ++lessons_;
  for (const bool padded : {true, false}) {
    std::optional<Shape> shape = shape_of(text, fragment, padded);
    if (!shape || !holds(*shape)) continue;
    shapes_[next_] = std::move(*shape);
    last_ = next_;
    next_ = (next_ + 1) % kMaxShapes;
    known_ = std::max(known_, next_ == 0 ? kMaxShapes : next_);
    return;
  }
}

bool RepeatedChunks::matches(Shape& shape, std::string_view text) {
  if (!same_at(text, 0, shape.head)) return false;
  const std::size_t begin = shape.head.size();
  bool plain = false;
  const std::size_t end = end_of_string(text, begin, plain);
  if (end == std::string_view::npos || !same_at(text, end, shape.between)) return false;
  std::size_t done = end + shape.between.size();
  if (shape.padded) {
    bool plain_padding = false;
    done = end_of_string(text, done, plain_padding);
    if (done == std::string_view::npos || !plain_padding) return false;
    if (!same_at(text, done, shape.tail)) return false;
    done += shape.tail.size();
  }
  if (done != text.size()) return false;
  if (plain) {
    shape.fragment.text = text.substr(begin, end - begin);
    return true;
  }
  if (unescape(text.substr(begin, end - begin), shape.fragment.text)) return true;
  try {
    shape.fragment.text =
        parse_json(text.substr(begin - 1, end - begin + 2)).get_ref<const std::string&>();
    return true;
  } catch (const Error&) {
    return false;
  }
}

const Fragment* RepeatedChunks::read(std::string_view text) {
  if (known_ == 0) return nullptr;
  if (matches(shapes_[last_], text)) return &shapes_[last_].fragment;
  for (std::size_t i = 0; i < known_; ++i) {
    if (i == last_ || !matches(shapes_[i], text)) continue;
    last_ = i;
    return &shapes_[i].fragment;
  }
  return nullptr;
}

}  // namespace cartpilot::openai
