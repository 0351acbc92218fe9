#include "base/random.h"

#include <Poco/UUID.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <array>

#include "base/outside.h"
#include "cartpilot/error.h"

namespace cartpilot::base {
namespace {

void fill(void* target, std::size_t size) {
  if (::getentropy(target, size) != 0) {
    throw Error(ErrorCode::kInternal, "the system gives no random numbers");
  }
  if (Outside* const outside = outside_here()) outside->random(target, size);
}

}  // namespace

std::uint64_t random_64() {
  std::uint64_t number = 0;
  fill(&number, sizeof number);
  return number;
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill(raw.data(), raw.size());
  std::string hex;
  for (const char c : raw) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::string random_uuid() {
  std::array<char, 16> bytes{};
  fill(bytes.data(), bytes.size());
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // the variant of RFC 4122
  Poco::UUID uuid;
  uuid.copyFrom(bytes.data());
  return uuid.toString();
}

double random_fraction() {
  constexpr double kStep = 0x1p-53;  // what a double resolves below 1
  return static_cast<double>(random_64() >> 11U) * kStep;
}

}  // namespace cartpilot::base
