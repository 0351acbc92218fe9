// The process that carries out a confirm, seen from the one that starts it.
#include "purchase/confirm_process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>

#include "base/clock.h"
#include "gate_world.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using Kind = ConfirmRunner::Result::Kind;
using testing::HasSubstr;

/// An attempt that is recorded as sent, and programs in the place of cartpilot.
struct ProcessWorld : Approved {
  ProcessWorld() : handovers(db, journal) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    attempt = journal.begin_send(journal.list().front().id);
  }
  ConfirmRunner::Result run(std::vector<std::string> command, std::function<bool()> leave = {}) {
    ConfirmProcess process(db, journal, std::move(command), {{"word", "given"}}, std::move(leave));
    return process.run(attempt);
  }
  ConfirmRunner::Result shell(const std::string& script, std::function<bool()> leave = {}) {
    return run({"/bin/sh", "-c", script}, std::move(leave));
  }
  ConfirmHandovers handovers;
  Attempt attempt;
};

/// What the process got on its standard input.
Json input_of(ProcessWorld& world) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "input").string();
  world.shell("cat > " + file);
  std::ifstream in(file);
  return parse_json(std::string(std::istreambuf_iterator<char>(in), {}), "the input");
}

TEST(ConfirmProcess, gets_what_it_needs_on_its_input_and_on_no_command_line) {
  ProcessWorld world;
  const Json input = input_of(world);
  EXPECT_EQ(string_or(input, "word"), "given");
  EXPECT_EQ(string_or(input, "attempt"), world.attempt.id);
  EXPECT_EQ(string_or(input, "token").size(), 32U);
}

TEST(ConfirmProcess, is_heard_to_its_end) {
  ProcessWorld world;
  const auto result = world.shell("cat >/dev/null; printf one; sleep 0.1; printf two");
  EXPECT_EQ(result.kind, Kind::kEnded);
  EXPECT_EQ(result.report, "onetwo");
}

TEST(ConfirmProcess, has_a_session_of_its_own) {
  ProcessWorld world;
  const auto result =
      world.shell("cat >/dev/null; read -r p n s pp g sid rest </proc/$$/stat; echo $sid $$");
  std::istringstream words(result.report);
  long session = 0;
  long process = -1;
  words >> session >> process;
  EXPECT_EQ(session, process);
}

TEST(ConfirmProcess, has_none_of_the_files_and_sockets_of_the_program) {
  ProcessWorld world;
  const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(listening, 3);
  const auto result = world.shell(fmt::format(
      "cat >/dev/null; for d in 0 1 2 {}; do [ -e /proc/$$/fd/$d ] && echo $d; done", listening));
  EXPECT_EQ(result.report, "0\n1\n2\n");
  ::close(listening);
}

TEST(ConfirmProcess, one_that_cannot_be_started_has_sent_nothing) {
  ProcessWorld world;
  const auto result = world.run({"/nowhere/cartpilot"});
  EXPECT_EQ(result.kind, Kind::kNotSent);
  EXPECT_THAT(result.why, HasSubstr("No such file"));
}

TEST(ConfirmProcess, one_that_ends_without_taking_the_handover_has_sent_nothing) {
  ProcessWorld world;
  for (const char* script : {"cat >/dev/null", "exit 3", "kill -9 $$"}) {
    EXPECT_EQ(world.shell(script).kind, Kind::kNotSent) << script;
  }
}

TEST(ConfirmProcess, one_that_took_the_handover_and_says_nothing_may_have_sent) {
  ProcessWorld world;
  // Taken by this test, in the process's place.
  const auto take = [&] {
    world.handovers.revoke(world.attempt.id);
    return false;
  };
  EXPECT_EQ(world.shell("cat >/dev/null; sleep 0.2", take).kind, Kind::kEnded);
}

TEST(ConfirmProcess, is_left_when_the_program_has_to_end) {
  ProcessWorld world;
  const auto begin = base::steady_now();
  EXPECT_EQ(world.shell("cat >/dev/null; sleep 5", [] { return true; }).kind, Kind::kLeft);
  EXPECT_LT(base::steady_now() - begin, std::chrono::seconds(3));
}

}  // namespace
}  // namespace cartpilot::purchase
