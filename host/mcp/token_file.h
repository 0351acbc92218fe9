// The bearer token of the MCP server over HTTP: a file that only its owner can read.
//
// Free functions; one thread.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::host {

/// The token in `file`, which is made with a random one when it is missing. Throws
/// Error{kInvalidArgument} when others could read or write it, or when it holds no token.
std::string token_of(const std::filesystem::path& file);

}  // namespace cartpilot::host
