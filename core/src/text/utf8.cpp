#include "text/utf8.h"

#include <Poco/UTF8Encoding.h>

#include <array>

namespace cartpilot::text {

Utf8Step read_utf8(std::string_view bytes) {
  const auto byte = [&bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {Utf8Step::Kind::kPoint, lead, 1};

  std::size_t length = 0;
  char32_t point = 0;
  // The second byte alone decides about over-long forms, surrogates and the upper end.
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    point = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    point = lead & 0x0FU;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    point = lead & 0x07U;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {Utf8Step::Kind::kMalformed, 0, 1};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {Utf8Step::Kind::kIncomplete, 0, i};
    if (byte(i) < low || byte(i) > high) return {Utf8Step::Kind::kMalformed, 0, i};
    point = (point << 6U) | (byte(i) & 0x3FU);
    low = 0x80;
    high = 0xBF;
  }
  return {Utf8Step::Kind::kPoint, point, length};
}

void append_utf8(std::string& target, char32_t point) {
  std::array<unsigned char, 4> bytes{};
  const int size = Poco::UTF8Encoding().convert(static_cast<int>(point), bytes.data(), 4);
  target.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

}  // namespace cartpilot::text
