#include "commands/session_traces.h"

#include <fcntl.h>
#include <histedit.h>
#include <unistd.h>

#include "base/private_files.h"
#include "sandbox/store/store.h"
#include "store/session_lock.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr int kAllLines = 1'000'000;

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
  removed.lines = remove_lines(false);
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
  removed.lines = remove_lines(true);
  const std::filesystem::path shop = state_ / "sandbox.db";
  if (std::filesystem::exists(shop)) {
    removed.wishes =
        static_cast<std::size_t>(sandbox::SandboxStore(shop.string()).forget_intents(""));
  }
  return removed;
}

/// The file is read, and replaced by what is left of it, as the line editor does.
std::size_t SessionTraces::remove_lines(bool all) {
  const std::filesystem::path file = state_ / "history";
  if (!std::filesystem::exists(file)) return 0;
  const base::FolderLock lock(state_);
  History* const old = history_init();
  History* const left = history_init();
  HistEvent event;
  for (History* const list : {old, left}) history(list, &event, H_SETSIZE, kAllLines);
  history(old, &event, H_LOAD, file.c_str());
  std::size_t removed = 0;
  for (int more = history(old, &event, H_LAST); more >= 0; more = history(old, &event, H_PREV)) {
    if (all || said_.count(without_end(event.str)) > 0) {
      ++removed;
    } else {
      HistEvent entered;
      history(left, &entered, H_ENTER, event.str);
    }
  }
  std::filesystem::path fresh = file;
  fresh += ".new";
  const int made = base::open_private_file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
  if (removed > 0 && made >= 0 && history(left, &event, H_SAVE, fresh.c_str()) >= 0) {
    std::filesystem::rename(fresh, file);
  } else {
    std::filesystem::remove(fresh);
  }
  if (made >= 0) ::close(made);
  history_end(old);
  history_end(left);
  return removed;
}

}  // namespace cartpilot::host
