#include "terminal/history_file.h"

#include <fcntl.h>
#include <histedit.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "base/private_files.h"

namespace cartpilot::host {
namespace {

class HistoryList {
 public:
  HistoryList() : list_(history_init(), &history_end) {
    history(list_.get(), &event_, H_SETSIZE, kHistoryLines);
    history(list_.get(), &event_, H_SETUNIQUE, 1);
  }

  void load(const std::filesystem::path& file) {
    history(list_.get(), &event_, H_LOAD, file.c_str());
  }
  void add(const std::string& line) { history(list_.get(), &event_, H_ENTER, line.c_str()); }

  /// Oldest first, without the line ends that the file adds.
  std::vector<std::string> lines() {
    std::vector<std::string> all;
    for (int more = history(list_.get(), &event_, H_LAST); more >= 0;
         more = history(list_.get(), &event_, H_PREV)) {
      std::string line = event_.str;
      while (!line.empty() && line.back() == '\n') line.pop_back();
      all.push_back(std::move(line));
    }
    return all;
  }

  void replace(const std::filesystem::path& file) {
    std::filesystem::path fresh = file;
    fresh += ".new";
    const int made = base::open_private_file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (made < 0) return;
    ::close(made);
    if (history(list_.get(), &event_, H_SAVE, fresh.c_str()) >= 0) {
      std::rename(fresh.c_str(), file.c_str());
    }
  }

 private:
  std::unique_ptr<History, decltype(&history_end)> list_;
  HistEvent event_{};
};

}  // namespace

void add_history_line(const std::filesystem::path& file, const std::string& line) {
  const base::FolderLock lock(file.parent_path());
  HistoryList all;
  all.load(file);
  all.add(line);
  all.replace(file);
}

std::size_t remove_history_lines(const std::filesystem::path& file,
                                 const std::function<bool(const std::string&)>& goes) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return 0;
  const base::FolderLock lock(file.parent_path());
  HistoryList all;
  all.load(file);
  HistoryList left;
  std::size_t removed = 0;
  for (const std::string& line : all.lines()) {
    if (goes(line)) {
      ++removed;
    } else {
      left.add(line);
    }
  }
  if (removed > 0) left.replace(file);
  return removed;
}

}  // namespace cartpilot::host
