// Ways in which a key can be written down, and its traces in a text. Pure functions.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "base/encoding.h"

namespace cartpilot::record {

/// `all`: letters and digits as well.
inline std::string percent(const std::string& text, bool all, bool upper) {
  std::string coded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!all && std::isalnum(byte) != 0) {
      coded += c;
    } else {
      coded += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
  }
  return coded;
}

/// `all`: characters that need no escape as well.
inline std::string json_escaped(const std::string& text, bool all) {
  std::string escaped;
  for (const char c : text) {
    if (all) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else if (c == '"' || c == '/') {
      escaped += std::string("\\") + c;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

inline std::string hexadecimal(const std::string& text, bool upper) {
  std::string digits;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    digits += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  return digits;
}

inline std::string base64_for_urls(std::string coded) {
  std::replace(coded.begin(), coded.end(), '+', '-');
  std::replace(coded.begin(), coded.end(), '/', '_');
  return coded;
}

/// Spellings that consist of nothing but the secret.
inline std::vector<std::string> spellings_of(const std::string& secret) {
  std::string twice;
  for (const char c : json_escaped(secret, false)) {
    twice += c == '\\' || c == '"' ? std::string("\\") + c : std::string(1, c);
  }
  return {secret,
          percent(secret, false, true),
          percent(secret, false, false),
          percent(secret, true, true),
          percent(percent(secret, false, true), false, true),
          json_escaped(secret, false),
          json_escaped(secret, true),
          twice,
          json_escaped(percent(secret, false, false), true),
          hexadecimal(secret, false),
          hexadecimal(secret, true)};
}

/// Base64 of the secret and neighbours of every alignment, whose characters they share.
inline std::vector<std::string> base64_spellings_of(const std::string& secret) {
  std::vector<std::string> all;
  for (const char* before : {"", "u", "us", "user:", "Basic x"}) {
    for (const char* after : {"", "\n", "!!"}) {
      const std::string coded = base::base64(before + secret + after);
      for (const std::string& text : {coded, base64_for_urls(coded)}) {
        all.push_back(text);
        all.push_back(percent(text, false, true));
        all.push_back(json_escaped(text, false));
      }
    }
  }
  return all;
}

/// Parts of the secret that `text` holds in any spelling.
inline std::vector<std::string> traces_of(const std::string& secret, const std::string& text) {
  constexpr std::size_t kPart = 6;
  std::vector<std::string> wanted;
  for (std::size_t at = 0; at + kPart <= secret.size(); ++at) {
    const std::string part = secret.substr(at, kPart);
    for (const bool upper : {false, true}) {
      wanted.push_back(percent(part, true, upper));
      wanted.push_back(hexadecimal(part, upper));
    }
    wanted.push_back(part);
    wanted.push_back(json_escaped(part, true));
  }
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string coded = base::base64(std::string(before, 'x') + secret);
    for (std::size_t at = 4; at + 4 + kPart <= coded.size(); ++at) {
      const std::string part = coded.substr(at, kPart);
      for (const std::string& spelling : {part, base64_for_urls(part)}) {
        wanted.push_back(spelling);
        wanted.push_back(percent(spelling, false, true));
      }
    }
  }
  std::vector<std::string> found;
  for (const std::string& part : wanted) {
    if (text.find(part) != std::string::npos) found.push_back(part);
  }
  return found;
}

}  // namespace cartpilot::record
