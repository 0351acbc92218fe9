// The program part cartpilot-formats.so: formats.h by Poco Foundation.
#include <Poco/Base64Encoder.h>
#include <Poco/DateTime.h>
#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/Exception.h>
#include <Poco/HMACEngine.h>
#include <Poco/RegularExpression.h>
#include <Poco/SHA2Engine.h>
#include <Poco/URI.h>
#include <Poco/UUID.h>
#include <Poco/UUIDGenerator.h>

#include <sstream>
#include <utility>

#include "formats/formats_backend.h"
#include "parts/program_part.h"

namespace cartpilot::formats {
namespace {

using Poco::DigestEngine;
using Poco::RegularExpression;

/// SHA-256 in the shape Poco's HMACEngine wants: default-constructible, with its block size.
class Sha256 : public Poco::SHA2Engine {
 public:
  enum { BLOCK_SIZE = 64, DIGEST_SIZE = 32 };  // NOLINT: the names Poco asks for
  Sha256() : Poco::SHA2Engine(Poco::SHA2Engine::SHA_256) {}
};

std::optional<std::int64_t> unix_ms(const std::string& format, const std::string& text) {
  Poco::DateTime date;
  int zone = 0;
  if (!Poco::DateTimeParser::tryParse(format, text, date, zone)) return std::nullopt;
  date.makeUTC(zone);
  const std::int64_t unix_ms = date.timestamp().epochMicroseconds() / 1'000;
  // The parser takes any words for a date of the year 0.
  return unix_ms < 0 ? std::nullopt : std::optional(unix_ms);
}

class PocoPattern final : public Pattern {
 public:
  explicit PocoPattern(const std::string& expression)
      : expression_(expression, RegularExpression::RE_UTF8 | RegularExpression::RE_DOLLAR_ENDONLY) {
  }

  std::optional<std::vector<std::string>> match(const std::string& text) const override {
    try {
      std::vector<std::string> groups;
      expression_.split(text, 0, groups);
      return groups;
    } catch (const Poco::Exception&) {
      return std::nullopt;
    }
  }

 private:
  RegularExpression expression_;
};

class PocoFormats final : public FormatsBackend {
 public:
  std::string sha256_hex(std::string_view bytes) override {
    Sha256 engine;
    engine.update(bytes.data(), bytes.size());
    return DigestEngine::digestToHex(engine.digest());
  }

  std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) override {
    Poco::HMACEngine<Sha256> engine(key.data(), key.size());
    engine.update(bytes.data(), bytes.size());
    return DigestEngine::digestToHex(engine.digest());
  }

  std::string random_uuid() override {
    return Poco::UUIDGenerator::defaultGenerator().createRandom().toString();
  }

  std::string base64(std::string_view bytes) override {
    std::ostringstream out;
    Poco::Base64Encoder encoder(out);
    encoder.rdbuf()->setLineLength(0);
    encoder << bytes;
    encoder.close();
    return out.str();
  }

  std::optional<std::string> percent_decoded(const std::string& text) override {
    try {
      std::string decoded;
      Poco::URI::decode(text, decoded);
      return decoded;
    } catch (const Poco::Exception&) {
      return std::nullopt;
    }
  }

  std::string percent_encoded(const std::string& text, const std::string& reserved) override {
    std::string encoded;
    Poco::URI::encode(text, reserved, encoded);
    return encoded;
  }

  std::optional<std::int64_t> unix_ms_of_http_date(const std::string& text) override {
    return unix_ms(Poco::DateTimeFormat::HTTP_FORMAT, text);
  }

  std::optional<std::int64_t> unix_ms_of_iso_date(const std::string& text) override {
    return unix_ms(Poco::DateTimeFormat::ISO8601_FRAC_FORMAT, text);
  }

  std::unique_ptr<Pattern> compile_pattern(const std::string& expression,
                                           std::string& problem) override {
    try {
      return std::make_unique<PocoPattern>(expression);
    } catch (const Poco::Exception& error) {
      problem = error.message();
      return nullptr;
    }
  }
};

}  // namespace
}  // namespace cartpilot::formats

CARTPILOT_PROGRAM_PART

extern "C" __attribute__((visibility("default"))) cartpilot::formats::FormatsBackend*
cartpilot_part_formats() {
  static auto* backend = new cartpilot::formats::PocoFormats;  // used until the process ends
  return backend;
}
