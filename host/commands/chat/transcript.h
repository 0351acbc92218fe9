// A conversation as text: Markdown for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::host {

std::string transcript_markdown(const std::string& session_id, const std::string& cartpilot,
                                const std::vector<Message>& messages);
Json transcript_json(const std::string& session_id, const std::string& cartpilot,
                     const std::vector<Message>& messages);

}  // namespace cartpilot::host
