// The HTTP client of a program that is recorded or replayed.
//
// Owned by whoever asked for it; the tape that was set is borrowed. Any thread.
#pragma once

#include <memory>

#include "cartpilot/http.h"
#include "net/http_client.h"

namespace cartpilot::record {

/// The client itself when there is no tape, one that writes down every exchange when there is a
/// recorder, and one that has no network at all when there is a player.
std::unique_ptr<HttpTransport> make_transport(net::HttpClientOptions options);

}  // namespace cartpilot::record
