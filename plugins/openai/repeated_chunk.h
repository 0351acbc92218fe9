// RepeatedChunks: the fast way through a stream whose chunks differ only in what they carry.
//
// Nearly every chunk of an answer is, byte for byte, an earlier one with another fragment of text
// (and other padding, where a server pads). Once a chunk was read in full and found to carry one
// fragment and nothing else that matters, the text around the fragment is remembered; a later chunk
// with the same text around a well-formed JSON string carries that string, because nothing inside a
// JSON string can change what the text around it means. What does not match takes the full way. One
// answer, one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/json.h"

namespace cartpilot::openai {

/// A chunk that carries one fragment and nothing else.
struct Fragment {
  bool of_call = false;    ///< arguments of a call, else text
  std::int64_t index = 0;  ///< of the call
  std::string text;
};

/// The fragment of `chunk`, or nullopt when anything else in it matters.
std::optional<Fragment> only_fragment(const Json& chunk);

class RepeatedChunks {
 public:
  /// The fragment of `text` when an earlier chunk was learned whose text it repeats; nullptr else.
  /// Valid until the next call.
  const Fragment* read(std::string_view text);

  /// Learns `text`, which was read in full and carries `fragment`.
  void learn(std::string_view text, const Fragment& fragment);

 private:
  struct Shape {
    std::string head;     ///< up to and with the quotation mark before the fragment
    std::string between;  ///< from the one after it to the padding, or to the end
    std::string tail;     ///< after the padding
    bool padded = false;
    Fragment fragment;
  };

  static std::optional<Shape> shape_of(std::string_view text, const Fragment& fragment,
                                       bool padded);
  static bool holds(const Shape& shape);
  bool matches(Shape& shape, std::string_view text);

  static constexpr std::size_t kMaxShapes = 4;
  /// Chunks that never repeat are not worth learning for ever.
  static constexpr int kMaxLessons = 64;
  std::array<Shape, kMaxShapes> shapes_;
  std::size_t known_ = 0;
  std::size_t next_ = 0;
  std::size_t last_ = 0;  ///< the shape that matched last is tried first
  int lessons_ = 0;
};

}  // namespace cartpilot::openai
