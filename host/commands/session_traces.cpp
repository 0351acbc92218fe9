#include "commands/session_traces.h"

#include "sandbox/store/store.h"
#include "store/session_lock.h"
#include "terminal/history_file.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

std::string without_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

void SessionTraces::remember(const std::string& id, const std::vector<Message>& messages) {
  ids_.push_back(id);
  for (const Message& message : messages) {
    if (message.role == Role::kUser) said_.insert(without_end(text::redact(text_of(message))));
  }
  std::error_code ignored;
  std::filesystem::remove(store::SessionLock::file_of(state_ / "locks", id), ignored);
}

RemovedTraces SessionTraces::remove() {
  RemovedTraces removed;
  if (ids_.empty()) return removed;
  removed.lines = remove_history_lines(
      state_ / "history", [this](const std::string& line) { return said_.count(line) > 0; });
  const std::filesystem::path shop = state_ / "sandbox.db";
  if (!std::filesystem::exists(shop)) return removed;
  sandbox::SandboxStore store(shop.string());
  for (const std::string& id : ids_) {
    removed.wishes += static_cast<std::size_t>(store.forget_intents(id));
  }
  return removed;
}

RemovedTraces SessionTraces::remove_all() {
  RemovedTraces removed;
  removed.lines = remove_history_lines(state_ / "history", [](const std::string&) { return true; });
  const std::filesystem::path shop = state_ / "sandbox.db";
  if (std::filesystem::exists(shop)) {
    removed.wishes =
        static_cast<std::size_t>(sandbox::SandboxStore(shop.string()).forget_intents(""));
  }
  return removed;
}

}  // namespace cartpilot::host
