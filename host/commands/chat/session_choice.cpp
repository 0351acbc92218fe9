#include "commands/chat/session_choice.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cartpilot/error.h"
#include "terminal/one_key.h"
#include "terminal/output.h"

namespace cartpilot::host {

std::string chosen_session(CommandServices& services) {
  constexpr std::size_t kShown = 9;  // one key each
  if (!is_terminal(STDIN_FILENO) || !is_terminal(STDERR_FILENO)) {
    throw Error(ErrorCode::kInvalidArgument,
                "--resume needs an id where there is no terminal; see 'cartpilot sessions list'");
  }
  const std::vector<store::SessionSummary> all = services.sessions().list();
  if (all.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "there is no conversation to go on with yet");
  }
  const std::size_t count = std::min(all.size(), kShown);
  const auto key = one_key([&] {
    for (std::size_t i = 0; i < count; ++i) {
      err_line(fmt::format("{}  {:%Y-%m-%d %H:%M}Z  {}", i + 1,
                           fmt::gmtime(static_cast<std::time_t>(all[i].updated_unix_ms / 1000)),
                           all[i].title));
    }
    err_line("Which one? Type its number; any other key leaves.");
  });
  const int number = key ? *key - '1' : -1;
  if (number < 0 || number >= static_cast<int>(count)) {
    throw Error(ErrorCode::kCancelled, "no conversation was chosen");
  }
  return all[static_cast<std::size_t>(number)].id;
}

}  // namespace cartpilot::host
