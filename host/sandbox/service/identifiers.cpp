#include "sandbox/service/identifiers.h"

#include <Poco/DigestEngine.h>
#include <Poco/MD5Engine.h>
#include <Poco/SHA2Engine.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <random>

namespace cartpilot::sandbox {
namespace {

// A sequence begun anywhere: asking the operating system for every word is slow.
std::mt19937 anywhere() {
  std::random_device source;
  std::seed_seq words{source(), source(), source(), source(),
                      source(), source(), source(), source()};
  return std::mt19937(words);
}

// One sequence for all threads: of one each, 2.5 kB of it, most would be out of the cache.
std::array<std::uint32_t, 4> random_words() {
  static std::mutex mutex;
  static std::mt19937 sequence = anywhere();
  const std::lock_guard lock(mutex);
  std::array<std::uint32_t, 4> words{};
  for (std::uint32_t& word : words) word = static_cast<std::uint32_t>(sequence());
  return words;
}

}  // namespace

std::string new_uuid() {
  const auto [a, b, c, d] = random_words();
  return fmt::format(FMT_COMPILE("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}"), a, b >> 16,
                     b & 0xFFFU, 0x8000U | ((c >> 16) & 0x3FFFU), c & 0xFFFFU, d);
}

std::string new_order_number(Micros now) {
  return fmt::format("ORD-{}-{:08X}", format_compact(now), random_words()[0]);
}

std::string new_tracking_number() { return fmt::format("SIM{:08X}", random_words()[0]); }

std::string md5_hex(std::string_view text) {
  Poco::MD5Engine engine;
  engine.update(text.data(), text.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

std::string sha256_hex(std::string_view text) {
  Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
  engine.update(text.data(), text.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

std::string short_hash(std::string_view text) { return sha256_hex(text).substr(0, 16); }

}  // namespace cartpilot::sandbox
