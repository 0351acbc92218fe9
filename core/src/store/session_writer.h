// SessionWriter: keeps one conversation in the state database without making it wait for the disk.
//
// Owns a thread with a database connection of its own; what is given to it is written in order.
// After a failure nothing more is written until flush() has told of it; what failed and what came
// after it is kept, and the next call tries again from there, so what is stored never has a hole.
// Records of purchases do not go this way: they must be on disk before a request leaves. Used by
// one thread, as is every conversation.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cartpilot/error.h"
#include "cartpilot/message.h"

namespace cartpilot::store {

class SessionStore;

class SessionWriter {
 public:
  SessionWriter(std::filesystem::path database, std::string session);
  /// Waits until everything is written; after a failure it is tried once more.
  ~SessionWriter();
  SessionWriter(const SessionWriter&) = delete;
  SessionWriter& operator=(const SessionWriter&) = delete;

  /// See SessionStore::open() and append().
  void open(const std::string& provider, const std::string& model);
  void append(const Message& message);

  /// Waits until all of the above is written. Throws the Error that stopped it, once a try.
  void flush();

 private:
  using Step = std::function<void(SessionStore&)>;

  void put(Step step);
  void go_on();
  void work();
  void write_steps();

  const std::filesystem::path database_;
  const std::string session_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> steps_;  ///< the first one is being written
  bool ended_ = false;
  bool stopped_ = false;          ///< by a failure, until the next call after flush() told of it
  std::optional<Error> failure_;  ///< not told yet
  std::thread thread_;
};

}  // namespace cartpilot::store
