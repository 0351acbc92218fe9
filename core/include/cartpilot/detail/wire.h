// The JSON texts that cross the plugin boundary and go to disk: one encoder and one decoder per
// type.
//
// Both sides of the boundary compile these functions for themselves. Decoders ignore unknown
// members and throw Error{kProtocol} naming what is missing or of the wrong type. Members a reader
// always needs are always written; the others are left out when they have their default value.
// `provider_metadata` is any JSON value and is kept as it is, order of members included. Encoders
// make values: text comes from dump_json(), values from parse_json() (json.h), which also bound
// depth and survive bytes that are no UTF-8.
//
//   wire_message.h  Message, Part, ToolSpec, ToolCall, ToolResult, ToolOutcome
//   wire_event.h    StreamEvent, Usage, Error
//   wire_request.h  GenerateRequest, ProviderInfo, ModelInfo, ProviderConfig, HttpRequest, HttpHead
#pragma once

#include "cartpilot/detail/wire_event.h"
#include "cartpilot/detail/wire_message.h"
#include "cartpilot/detail/wire_request.h"
