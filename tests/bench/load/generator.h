// Generator: many people with open conversations, who send a given number of messages a second.
//
// Messages are sent at their times, whether or not earlier ones were answered. Every answer is read
// whole: a turn that misses a text event, or is refused, is an error. One thread for all of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connection.h"
#include "http_reader.h"
#include "sse_lines.h"

namespace cartpilot::load {

/// How a program is asked for a turn.
enum class Interface {
  kConversations,  ///< of `cartpilot serve`: 202, and the answer on the conversation's event stream
  kCompletions,    ///< one chat completion, answered on the same connection
};

struct Plan {
  int conversations = 0;
  int people = 0;
  double rate = 0;     ///< turns a second
  double seconds = 0;  ///< in which turns begin
};

struct Measured {
  int turns = 0;  ///< begun
  std::vector<double>
      accepted{};               ///< ms from the sending of the message to the status of the reply
  std::vector<double> first{};  ///< ms from there to the first text event
  std::vector<double> first_later{};  ///< of these, without the first turn of each conversation
  std::vector<double> last{};         ///< ms from there to the end of the answer
  std::vector<double> late{};         ///< ms that the generator itself was late with the message
  std::map<std::string, int> errors{};
  int error_count() const;
};

class Generator {
 public:
  /// `headers` of every request, each with its line end.
  Generator(Loop& loop, Plan plan, Interface interface, int port, std::string headers);
  ~Generator();

  /// Opens the conversations and their event streams. Throws std::runtime_error when one cannot be
  /// opened, or after two minutes.
  void open();
  /// Ends 15 s after the last turn has begun, at the latest.
  Measured run();

 private:
  struct Call;
  struct Conversation;
  using OnReply = std::function<void(int status, const std::string& body)>;

  /// Asks for `count` things, some at once, and waits for the replies.
  void ask_all(std::size_t count, const std::function<std::string(std::size_t)>& request_of,
               const std::function<void(std::size_t, int, const std::string&)>& on_reply);
  void wait_for_opened(const std::function<bool()>& done);
  void open_stream(Conversation& conversation);
  std::string request(const std::string& method, const std::string& path, int person,
                      const std::string& body) const;
  std::shared_ptr<Call> call();
  void ask(const std::string& request, OnReply on_reply);
  void read(const std::shared_ptr<Call>& call, std::string_view bytes);
  void schedule(int turn);
  void begin_turn(Conversation& conversation);
  void read_event(Conversation& conversation, std::string_view data);
  void end_turn(Conversation& conversation, const std::string& error);
  void fail(const std::string& what);

  Loop& loop_;
  const Plan plan_;
  const Interface interface_;
  const int port_;
  const std::string headers_;
  std::vector<std::string> keys_;  ///< of people
  std::vector<std::unique_ptr<Conversation>> conversations_;
  std::set<std::shared_ptr<Call>> calls_;
  std::vector<std::shared_ptr<Call>> idle_;  ///< of these; connections are used again
  std::string failed_;
  Clock::time_point begun_;
  int running_ = 0;
  Measured measured_;
};

}  // namespace cartpilot::load
