// A secret of one line in a file that only its owner can read: the bearer token of the MCP server
// over HTTP, what a proxy sends.
//
// Free functions; one thread.
#pragma once

#include <filesystem>
#include <string>

namespace cartpilot::host {

enum class MissingToken { kMade, kRefused };

/// The token in `file`; a missing one is made with a random token, or refused. Throws
/// Error{kInvalidArgument} when others could read or write it, or when it holds no token.
std::string token_of(const std::filesystem::path& file, MissingToken missing = MissingToken::kMade);

}  // namespace cartpilot::host
