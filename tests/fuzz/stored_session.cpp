// Anything as a message of a stored conversation: what is read is shown, exported and gone on with.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cartpilot/detail/wire.h"
#include "cartpilot/error.h"
#include "chat/message_redaction.h"
#include "commands/chat/transcript.h"
#include "text/terminal_text.h"

namespace {

using namespace cartpilot;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Message message = message_from_json(parse_json(text, "a stored message", kMessageJson));
    const std::string kept = dump_json(message_to_json(message));
    require(dump_json(message_to_json(
                message_from_json(parse_json(kept, "a stored message", kMessageJson)))) == kept);
    require(dump_json(message_to_json(chat::redacted(message))) == kept);
    const Json transcript = host::transcript_json("s1", "sandbox", {message});
    require(text::safe_json(dump_json(transcript)).find('\n') == std::string::npos);
    host::transcript_markdown("s1", "sandbox", {message});
  } catch (const Error& error) {
    require(error.code == ErrorCode::kProtocol);
  }
  return 0;
}
