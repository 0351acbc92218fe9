#include "base/encoding.h"

#include <Poco/Base64Decoder.h>
#include <Poco/Base64Encoder.h>
#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <iterator>
#include <sstream>

namespace cartpilot::base {

std::string base64(std::string_view bytes) {
  std::ostringstream out;
  Poco::Base64Encoder encoder(out);
  encoder.rdbuf()->setLineLength(0);
  encoder << bytes;
  encoder.close();
  return out.str();
}

std::optional<std::string> from_base64(const std::string& text) {
  try {
    std::istringstream in(text);
    Poco::Base64Decoder decoder(in);
    std::string bytes(std::istreambuf_iterator<char>(decoder), {});
    if (base64(bytes) != text) return std::nullopt;
    return bytes;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
}

std::optional<std::string> percent_decoded(const std::string& text) {
  try {
    std::string decoded;
    Poco::URI::decode(text, decoded);
    return decoded;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
}

std::string percent_encoded(const std::string& text, const std::string& reserved) {
  std::string encoded;
  Poco::URI::encode(text, reserved, encoded);
  return encoded;
}

}  // namespace cartpilot::base
