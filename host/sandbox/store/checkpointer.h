// Checkpointer: moves what SQLite's log has gathered into the database file, away from requests.
//
// A checkpoint waits for the disk, which SQLite otherwise does inside some unlucky commit. Owns a
// thread and a connection of its own. Copies most pages while requests go on; only the last few
// need the guard, because the log starts afresh only when nothing is left in it. What is not moved
// yet is as safe as before. note() is called under the guard, everything else on any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace cartpilot::sandbox {

class Checkpointer {
 public:
  /// `guard` is the lock that all users of the database at `path` hold.
  Checkpointer(std::string path, std::mutex& guard);
  /// Finishes what was asked for.
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Tells how many pages the log holds after a commit.
  void note(int pages);

 private:
  void run();
  void move_pages();

  const std::string path_;
  std::mutex& guard_;
  int last_noted_ = 0;  // under the guard, as the next one
  int asked_at_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cartpilot::sandbox
