#include "mcp/request_state.h"

#include <utility>

#include "base/clock.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/random.h"
#include "mcp/canonical.h"
#include "mcp/http_headers.h"
#include "mcp/message.h"

namespace cartpilot::mcp {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 16;

std::string digest_of(const Json& arguments) { return base::sha256_hex(canonical_text(arguments)); }

[[noreturn]] void refuse_state(const char* why) {
  throw ProtocolError(kInvalidParams, std::string("requestState ") + why);
}

}  // namespace

RequestStates::RequestStates(std::string principal, UnixClock now_unix_ms)
    : principal_(std::move(principal)),
      now_(now_unix_ms ? std::move(now_unix_ms) : UnixClock(base::unix_ms_now)),
      key_(base::random_hex(kKeyBytes)) {}

std::string RequestStates::make(const std::string& tool, const Json& arguments,
                                const Json& answers) {
  const std::string body = base::base64(dump_json(Json{{"tool", tool},
                                                       {"arguments", digest_of(arguments)},
                                                       {"answers", answers},
                                                       {"until", now_() + kStateLifetimeMs},
                                                       {"nonce", base::random_hex(kNonceBytes)}}));
  return body + "." + code_of(body);
}

std::string RequestStates::code_of(const std::string& body) const {
  return base::hmac_sha256_hex(key_, principal_ + "\n" + body);
}

Json RequestStates::take(std::string_view state, const std::string& tool, const Json& arguments) {
  const std::size_t dot = state.find('.');
  const std::string body(state.substr(0, dot));
  if (dot == state.npos || !same_token(state.substr(dot + 1), code_of(body))) {
    refuse_state("was not made here");
  }
  const Json content = parse_json(base::from_base64(body).value_or(""), "requestState");
  if (string_or(content, "tool") != tool ||
      string_or(content, "arguments") != digest_of(arguments)) {
    refuse_state("belongs to another call");
  }
  const std::int64_t now = now_();
  const std::int64_t until = integer_or(content, "until");
  if (now >= until) refuse_state("is over; call again without it");
  const std::lock_guard lock(mutex_);
  std::erase_if(taken_, [&](const auto& entry) { return entry.second <= now; });
  if (!taken_.emplace(string_or(content, "nonce"), until).second) {
    refuse_state("was used before; call again without it");
  }
  return content.at("answers");
}

}  // namespace cartpilot::mcp
