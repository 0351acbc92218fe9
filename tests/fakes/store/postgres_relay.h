// PostgresRelay: stands between a program and the test server, and breaks the connection where a
// test wants it.
//
// It listens on a Unix socket in a folder of its own. Breaking happens around the next message of
// the program that holds a given text. Its threads end with it.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace cartpilot::store {

class PostgresRelay {
 public:
  enum class Break {
    kBefore,   ///< the server does not get the message
    kAfter,    ///< the server gets it, and its answer does not arrive
    kAtCommit  ///< like kAfter, but of the next COMMIT on that connection
  };

  /// `server_folder`: where the server's socket lies.
  explicit PostgresRelay(const std::string& server_folder);
  ~PostgresRelay();
  PostgresRelay(const PostgresRelay&) = delete;
  PostgresRelay& operator=(const PostgresRelay&) = delete;

  /// The URL of a database of the server, by way of the relay.
  std::string url(const std::string& server_url) const;

  /// Breaks the connection once, at the next message that holds `text`. `then_refuse`: and refuses
  /// new ones from then on.
  void break_at(const std::string& text, Break when, bool then_refuse = false);
  /// New connections are refused, or let through again.
  void refuse(bool refuse) { refuse_ = refuse; }
  /// How often it broke a connection.
  int broken() const { return broken_; }

 private:
  void listen();
  void serve(int program);
  bool is_wanted(const std::string& bytes, Break& when);

  const std::string server_;
  std::string folder_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<bool> refuse_{false};
  std::atomic<int> broken_{0};
  std::mutex mutex_;
  std::string text_;
  Break when_ = Break::kBefore;
  std::atomic<bool> then_refuse_{false};
  std::list<std::thread> serving_;  ///< the listening thread's, as long as it runs
  std::thread listening_;
};

}  // namespace cartpilot::store
