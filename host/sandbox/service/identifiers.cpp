#include "sandbox/service/identifiers.h"

#include <Poco/DigestEngine.h>
#include <Poco/MD5Engine.h>
#include <fmt/format.h>

#include <cstdint>

#include "base/digest.h"
#include "base/random.h"

namespace cartpilot::sandbox {
namespace {

std::string eight_digits() {
  return fmt::format("{:08X}", static_cast<std::uint32_t>(base::random_64()));
}

}  // namespace

std::string new_order_number(Micros now) {
  return fmt::format("ORD-{}-{}", format_compact(now), eight_digits());
}

std::string new_tracking_number() { return "SIM" + eight_digits(); }

std::string md5_hex(std::string_view text) {
  Poco::MD5Engine engine;
  engine.update(text.data(), text.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

std::string short_hash(std::string_view text) { return base::sha256_hex(text).substr(0, 16); }

}  // namespace cartpilot::sandbox
