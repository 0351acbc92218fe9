// The way of an answer to its sink: as server-sent events when it is an event stream and the caller
// wants one, otherwise as one whole body.
#pragma once

#include "cartpilot/http.h"
#include "net/body_reader.h"
#include "net/call_limits.h"

namespace cartpilot::net {

/// Feeds the body to `sink` (on_head was called). Returns false when the sink wanted no more.
///
/// An event stream without a byte gives no event; every other empty body is one kBody "". A whole
/// body over the request's limit is Error{kProtocol, "too_large"}, but an error answer (status 300
/// and up) is cut there instead, so that its status and first words survive.
bool deliver(BodyReader& body, const HttpRequest& request, const HttpHead& head, HttpSink& sink,
             CallLimits& limits);

}  // namespace cartpilot::net
