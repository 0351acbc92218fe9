#include "base/digest.h"

#include <Poco/HMACEngine.h>
#include <Poco/SHA2Engine.h>

namespace cartpilot::base {
namespace {

/// SHA-256 in the shape Poco's HMACEngine wants: default-constructible, with its block size.
class Sha256 : public Poco::SHA2Engine {
 public:
  enum { BLOCK_SIZE = 64, DIGEST_SIZE = 32 };  // NOLINT: the names Poco asks for
  Sha256() : Poco::SHA2Engine(Poco::SHA2Engine::SHA_256) {}
};

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 engine;
  engine.update(bytes.data(), bytes.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  Poco::HMACEngine<Sha256> engine(key.data(), key.size());
  engine.update(bytes.data(), bytes.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

}  // namespace cartpilot::base
