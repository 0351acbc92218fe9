// Text around a secret. The first bytes choose how the secret is spelled and where the text is cut;
// the rest is what stands before it, up to the first zero byte, and behind it.

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cartpilot/json.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace {

using namespace cartpilot;

const std::string kSecret = "Canary/KEY+7\"8=9~zebra";

void require(bool holds) {
  if (!holds) std::abort();
}

std::string quoted(const std::string& text) {
  const std::string whole = dump_json(Json(text));
  return whole.substr(1, whole.size() - 2);
}

/// Each character as it is or encoded, as the bits of `choice` say.
std::string encoded(const std::string& text, const char* form, std::uint32_t choice) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 && (choice & 1U) != 0;
    out +=
        plain ? std::string(1, c) : fmt::format(fmt::runtime(form), static_cast<unsigned char>(c));
    choice = (choice >> 1U) | (choice << 31U);
  }
  return out;
}

std::string with_between(const std::string& text, const std::string& unseen) {
  std::string out;
  for (const char c : text) out += (out.empty() ? "" : unseen) + c;
  return out;
}

std::string spelled(unsigned way, std::uint32_t choice) {
  switch (way % 9) {
    case 0: return kSecret;
    case 1: return encoded(kSecret, "%{:02x}", choice);
    case 2: return encoded(kSecret, "%{:02X}", choice);
    case 3: return quoted(kSecret);
    case 4: return encoded(kSecret, "\\u{:04x}", choice);
    case 5: return encoded(encoded(kSecret, "%{:02X}", choice), "%{:02x}", choice);
    case 6: return quoted(quoted(kSecret));
    case 7: return with_between(kSecret, "\xE2\x80\x8B");
    default: return with_between(kSecret, "\\u200b");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  text::add_secret(kSecret);
  const unsigned way = data[0];
  const std::uint32_t choice = data[1] * 0x01010101U ^ data[2];
  const std::string rest(reinterpret_cast<const char*>(data) + 5, size - 5);
  const std::string before = rest.substr(0, rest.find('\0'));
  const std::string after = before.size() < rest.size() ? rest.substr(before.size() + 1) : "";

  const std::string spelling = spelled(way, choice);
  const std::string whole = before + spelling + after;
  const std::string clean = text::redact(whole);
  require(clean.find(spelling) == std::string::npos);
  require(clean.find(text::kRedacted) != std::string::npos);
  require(text::secret_ranges(clean).empty());
  require(text::secret_ranges(text::safe_text(clean)).empty());

  const std::size_t cut = (data[3] * 256U + data[4]) % (whole.size() + 1);
  text::RedactionStream stream;
  std::string pieces = stream.feed(std::string_view(whole).substr(0, cut));
  pieces += stream.feed(std::string_view(whole).substr(cut));
  pieces += stream.finish();
  require(text::secret_ranges(pieces).empty());
  require(pieces.find(spelling) == std::string::npos);

  // In Base64, at any of its three places, at most the characters that neighbours share stay.
  const std::string coded = base::base64(before + kSecret + after);
  require(text::redact(coded).find(text::kRedacted) != std::string::npos);

  const std::string valid = text::to_utf8(whole);
  const Json tree = {{valid, Json::array({valid, 7, nullptr})}, {"text", dump_json(Json(valid))}};
  const Json left = text::redacted(tree);
  require(left.is_object() && left.size() == 2 && left.begin()->is_array());
  const std::string dumped = dump_json(left);
  require(parse_json(dumped) == left);
  require(text::secret_ranges(dumped).empty());
  return 0;
}
