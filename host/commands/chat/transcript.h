// A conversation as text: Markdown for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::host {

/// Functions as sentences, or `with_calls` with their JSON.
std::string transcript_markdown(const std::string& session_id, const std::string& cartpilot,
                                const std::vector<Message>& messages, bool with_calls = false);
/// Writes it to a file of the person alone, which is not there yet. Throws
/// Error{kInvalidArgument}.
void write_transcript(const std::string& file, const std::string& text);
Json transcript_json(const std::string& session_id, const std::string& cartpilot,
                     const std::vector<Message>& messages);

}  // namespace cartpilot::host
