// Standard streams that fail: a reader that goes away, a full disk, streams that are closed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

/// A pipe whose reader is gone.
class DeadPipe {
 public:
  DeadPipe() {
    if (::pipe(ends_) != 0) throw std::runtime_error("pipe");
    ::close(ends_[0]);
  }
  ~DeadPipe() { ::close(ends_[1]); }
  DeadPipe(const DeadPipe&) = delete;
  DeadPipe& operator=(const DeadPipe&) = delete;
  std::string redirection() const { return ">&" + std::to_string(ends_[1]); }

 private:
  int ends_[2];
};

/// Every kind of command that prints, in a home where there is something to print.
class Printing : public testing::TestWithParam<Words> {
 protected:
  Printing() {
    if (run(home_, {"chat", "--demo", "--session", "s", "I need a desk lamp"}).exit_code != 0) {
      throw std::runtime_error("the conversation was not made");
    }
  }
  const Home home_;
};

TEST_P(Printing, says_that_the_disk_is_full) {
  const Result result = run(home_, GetParam(), "I need a desk lamp\n", {}, ">/dev/full");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("cartpilot: standard output cannot be written: No space left on device"));
}

TEST_P(Printing, ends_quietly_when_nobody_reads) {
  const DeadPipe nobody;
  const Result result = run(home_, GetParam(), "I need a desk lamp\n", {}, nobody.redirection());
  EXPECT_EQ(result.exit_code, 141) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("standard output")));
}

TEST_P(Printing, goes_on_without_standard_error) {
  const Words words = GetParam();
  const Result usual = run(home_, words, "I need a desk lamp\n");
  for (const char* redirection : {"2>&-", "2>/dev/full"}) {
    const Result result = run(home_, words, "I need a desk lamp\n", {}, redirection);
    EXPECT_EQ(result.exit_code, usual.exit_code) << redirection;
    EXPECT_EQ(result.out.empty(), usual.out.empty()) << redirection;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Output, Printing,
    testing::Values(
        Words{"chat", "--demo", "I need a desk lamp"}, Words{"chat", "--demo"},
        Words{"chat", "--demo", "--output", "jsonl", "I need a desk lamp"},
        Words{"models", "--provider", "offline"}, Words{"tools", "list"},
        Words{"tools", "declarations", "--provider", "openai"}, Words{"tools", "instructions"},
        Words{"tools", "call", "list_orders", "--sandbox"},
        Words{"tools", "handle", "--provider", "openai", "--sandbox"}, Words{"plugin", "list"},
        Words{"plugin", "path"}, Words{"plugin", "doctor"}, Words{"plugin", "info", "offline"},
        Words{"plugin", "check", "--list"}, Words{"approve", "--list", "--json"},
        Words{"purchases", "list", "--json"}, Words{"purchases", "verify"},
        Words{"sessions", "list"}, Words{"sessions", "show", "s"}, Words{"sessions", "export", "s"},
        Words{"config", "path"}, Words{"config", "path"}, Words{"config", "explain"},
        Words{"doctor"}, Words{"--help"}, Words{"chat", "--help"}, Words{"--version"}, Words{}),
    [](const auto& of) {
      std::string name = std::to_string(of.index);
      for (const std::string& word : of.param) {
        for (const char c : "_" + word) {
          if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') name += c;
        }
      }
      return name;
    });

TEST(Output, of_the_sandbox_is_needed_before_it_serves) {
  const Home home;
  const std::vector<std::string> words = {"sandbox", "--port", "0"};
  const Result full = run(home, words, "", {}, ">/dev/full");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));
  Program served(home, words, {}, false, "2>&-");
  served.wait_for("CartPilot sandbox on ");
  served.close_output();  // it serves on
  served.signal(SIGTERM);
  EXPECT_EQ(served.finish().exit_code, 0);
}

TEST(Output, a_wrong_command_line_keeps_its_exit_code_without_standard_error) {
  const Home home;
  for (const char* redirection : {"2>&-", "2>/dev/full"}) {
    EXPECT_EQ(run(home, {"chat", "--no-such-flag"}, "", {}, redirection).exit_code, 2);
    EXPECT_EQ(run(home, {"chat", "--provider-option", "x"}, "", {}, redirection).exit_code, 2);
    EXPECT_EQ(run(home, {"tools", "call", "nothing", "--sandbox"}, "", {}, redirection).exit_code,
              2);
  }
}

TEST(Output, onto_a_terminal_that_is_gone_is_a_failed_write) {
  int terminal = -1;
  int program_end = -1;
  ASSERT_EQ(::openpty(&terminal, &program_end, nullptr, nullptr, nullptr), 0);
  ::close(terminal);
  const Home home;
  const Result result = run(home, {"tools", "list"}, "", {}, ">&" + std::to_string(program_end));
  ::close(program_end);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("standard output cannot be written: Input/output error"));
}

TEST(Output, to_a_full_pipe_that_does_not_block_waits_for_its_reader) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  while (::write(ends[1], "x", 1) == 1) {
  }
  const Home home;
  const std::string usual = run(home, {"tools", "list"}).out;
  Program program(home, {"tools", "list"}, {}, false, ">&" + std::to_string(ends[1]));
  ::close(ends[1]);
  std::string got;
  for (pollfd waiting{ends[0], POLLIN, 0}; ::poll(&waiting, 1, 30'000) == 1;) {
    char block[65536];
    const ssize_t size = ::read(ends[0], block, sizeof block);
    if (size <= 0) break;
    got.append(block, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  EXPECT_EQ(program.finish().exit_code, 0);
  EXPECT_EQ(got.substr(got.find_first_not_of('x')), usual);
}

TEST(Output, a_file_that_may_not_grow_is_a_failed_write) {
  const Home home;
  const std::filesystem::path file = home.path() / "list";
  struct rlimit usual {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  struct rlimit small = usual;
  small.rlim_cur = 512;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result result = run(home, {"tools", "list"}, "", {}, ">" + file.string());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("standard output cannot be written: File too large"));
  EXPECT_EQ(std::filesystem::file_size(file), 512U);
}

TEST(Output, no_file_of_the_program_gets_the_number_of_a_closed_stream) {
  const Home home;
  for (const char* redirection : {"<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    const Result result =
        run(home, {"chat", "--demo", "--session", "s", "I need a desk lamp"}, "", {}, redirection);
    EXPECT_EQ(result.exit_code, 0) << redirection << result.err;
    const Result shown = run(home, {"sessions", "show", "s"});
    EXPECT_THAT(shown.out, HasSubstr("I need a desk lamp")) << redirection;
    EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0) << redirection;
    // Nothing that was printed is in a file of the program.
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      EXPECT_THAT(text.str(), Not(HasSubstr("-> create_intent"))) << entry.path();
    }
    EXPECT_EQ(run(home, {"sessions", "delete", "s"}).exit_code, 0);
  }
}

}  // namespace
}  // namespace cartpilot::e2e
