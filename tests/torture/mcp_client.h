// McpClient: an agent application with `cartpilot mcp` as its child, and the person who answers.
//
// Calls tools in either era over the pipes of the child, and dies at a moment that was set
// beforehand, in one of the manners of real applications; from then on every call comes to nothing.
// When the server says how to answer a question, a person runs `cartpilot approve` on a terminal of
// their own, and goes on when the client is dead. One thread. Runs by the real clock: nothing is
// preloaded into the child.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "torture/person.h"
#include "torture/program_run.h"

namespace cartpilot::torture {

/// What becomes of the child of a client that goes.
enum class Death {
  kPipesClose,      ///< the client was killed
  kKill,            ///< the child is killed
  kTerminate,       ///< SIGTERM, pipes stay open
  kTwoSignals,      ///< SIGINT, SIGTERM 0.1 s later, SIGKILL 0.5 s later
  kCloseAndSignal,  ///< the input is closed, and SIGTERM comes at once
  kCount
};

const char* name_of(Death death);

class McpClient {
 public:
  using Clock = std::chrono::steady_clock;

  McpClient(const Place& place, bool modern, Behaviour person);
  ~McpClient();
  McpClient(const McpClient&) = delete;
  McpClient& operator=(const McpClient&) = delete;

  void die_at(Clock::time_point moment, Death how);
  bool dead() const { return dead_; }

  /// Sends a tool call; its id.
  int start(const std::string& tool, const Json& arguments);
  /// The result of a call; none once the client is dead or the server has ended.
  std::optional<Json> wait(int id);
  /// The object that the answer says; none for a refusal, too.
  std::optional<Json> get(const std::string& tool, const Json& arguments);

  /// Closes the input when it is still open; waits for the server and for the person.
  void finish();

  bool stuck() const { return stuck_; }
  const std::vector<Question>& questions() const { return person_.questions(); }
  const std::string& screen() const { return person_.screen(); }
  const std::string& errors() const { return errors_; }
  /// Everything the server sent.
  const std::string& received() const { return received_; }

 private:
  void send(const Json& message);
  void pump(Clock::time_point until);
  void take_lines();
  void look_for_question();
  void die();
  void signal(int number) const;
  bool server_ends_within(std::chrono::milliseconds time);

  const Place place_;
  const bool modern_;
  Person person_;
  pid_t server_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  pid_t approval_ = -1;
  int terminal_ = -1;
  std::optional<Clock::time_point> death_;
  Death manner_ = Death::kPipesClose;
  bool dead_ = false;
  bool stuck_ = false;
  int next_id_ = 0;
  std::string received_;
  std::size_t parsed_ = 0;
  std::string errors_;
  std::size_t looked_at_ = 0;  ///< of the errors
  std::map<int, Json> answers_;
};

}  // namespace cartpilot::torture
