#include "app/home.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/deadline_context.h"
#include "cartpilot/error.h"
#include "net/url_policy.h"

namespace cartpilot::app {

namespace {

constexpr std::chrono::milliseconds kHealthTime{2000};

std::string whose(const commerce::CartPilotIdentity& home,
                  const commerce::CartPilotIdentity& here) {
  if (home.is_sandbox() && here.is_sandbox()) {
    return "belongs to another sandbox than the one that answers; go on with that sandbox";
  }
  if (!home.is_sandbox() && home.url() == here.url()) {
    return fmt::format("was made at {} with another API key; go on with that key", home.shown());
  }
  const std::string other = here.is_sandbox() ? "a sandbox" : here.shown();
  if (home.is_sandbox()) {
    return fmt::format("belongs to a sandbox, and this is {}; go on with the sandbox", other);
  }
  return fmt::format("belongs to {}, and this is {}; go on at {}", home.shown(), other,
                     home.shown());
}

}  // namespace

commerce::ClientOptions with_sandbox_id(commerce::ClientOptions options, HttpTransport& http) {
  if (!options.sandbox_id.empty()) return options;
  commerce::ClientOptions once = options;
  once.read_retries.max_attempts = 1;
  const commerce::CartPilotClient client(std::move(once), http);
  if (!net::parse_target(client.options().base_url).loopback) return options;
  const CallContext nobody;
  try {
    options.sandbox_id = client.health(base::DeadlineContext(nobody, kHealthTime)).sandbox_id;
  } catch (const commerce::CartPilotError&) {  // NOLINT: see the header
  }
  return options;
}

void require_home(const std::string& session, const commerce::CartPilotIdentity& home,
                  const commerce::CartPilotIdentity& here) {
  if (!home.known() || home == here) return;
  Error error(ErrorCode::kInvalidArgument,
              fmt::format("the conversation {} {}, or begin another conversation", session,
                          whose(home, here)));
  error.reason = "another_cartpilot";
  throw error;
}

}  // namespace cartpilot::app
