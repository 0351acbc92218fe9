// Where a conversation shops: which CartPilot answers, and whether it is the conversation's own.
//
// Plain functions over values; any thread.
#pragma once

#include <string>

#include "commerce/client.h"
#include "commerce/identity.h"

namespace cartpilot::app {

/// The options, with the id of the sandbox that answers at an address of this machine, if one does.
/// Asked once, for two seconds at most; what cannot be asked counts as real. Throws
/// Error{kInvalidArgument} for an address that is none.
commerce::ClientOptions with_sandbox_id(commerce::ClientOptions options, HttpTransport& http);

/// Throws Error{kInvalidArgument, reason "another_cartpilot"} with what to do when the conversation
/// belongs to a CartPilot, `home`, and another one is about to be used, `here`.
void require_home(const std::string& session, const commerce::CartPilotIdentity& home,
                  const commerce::CartPilotIdentity& here);

}  // namespace cartpilot::app
